import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { isDecoy } from '../store/auth/api-keys.ts';
import type { CredentialChanges } from '../store/auth/credential-changes.ts';
import type { Database } from '../store/connections/db.ts';
import { type ApiKey, openApiKey, sealDecoy } from './api-key.ts';
import type { CredentialLookUps } from './credential-look-ups.ts';
import { foldApiKey } from './credentials.ts';
import { GuessLimit, type LoginAttempt } from './guess-limit.ts';
import { KeyUses } from './key-uses.ts';
import { KnownNetworks } from './known-networks.ts';
import { isAllowedFrom } from './network-check.ts';
import { equalSecrets, generateSecret, type Sealer } from './secrets.ts';

/** A key, and the version of the secret that its caller proved. */
export interface ProvenKey {
  key: ApiKey;
  secretVersion: number;
}

/** A caller's proof that it has a key's secret. */
export interface Presented {
  /** The secret, or a value derived from it. Equal texts get the same result. */
  text: string;
  /** Whether `text` proves that its sender has this secret. `key` is undefined if no such key exists. */
  proves(secret: string, key: ApiKey | undefined): boolean;
}

/** A secret that a caller sends as it is. */
export function presentedSecret(text: string): Presented {
  return { text, proves: (secret) => equalSecrets(secret, text) };
}

const REMEMBERED_KEYS = 10_000;
const LONGEST_ID = 128;
const SHARED_LOOK_UP_MS = 500;
/** A repeat of a failed attempt uses the look-up of that attempt for this long. */
const FAILURE_REMEMBERED_MS = 1_000;
const REMEMBERED_FAILURES = 10_000;

interface FailedAttempt {
  atMs: number;
  /** The SHA-256 of the presented text. */
  textHash: string;
  key: ApiKey | undefined;
}

interface Deps {
  database: Database;
  lookUps: CredentialLookUps;
  changes: CredentialChanges;
  masterKey: Sealer;
  /** The live processes. They divide the limit of failed logins. */
  processes: { readonly count: number };
  clock: () => number;
}

/** The keys that callers present. The server remembers them while it receives changes; otherwise it looks them up. */
export class ApiKeys {
  readonly #deps: Deps;
  readonly #remembered = new LRUCache<string, ApiKey>({ max: REMEMBERED_KEYS });
  readonly #uses: KeyUses;
  readonly #knownNetworks: KnownNetworks;
  readonly #guessLimit: GuessLimit;
  /** The server compares this secret if the key does not exist. */
  readonly #decoySecret = generateSecret();
  /** The latest failed attempt of each folded id, with the result of its look-up. */
  readonly #failed = new LRUCache<string, FailedAttempt>({ max: REMEMBERED_FAILURES });
  /** Running look-ups, by folded id. */
  readonly #underWay = new Map<string, { sinceMs: number; found: Promise<ApiKey | undefined> }>();
  /** Counts changes. The server does not remember a look-up if a change arrives meanwhile. */
  #generation = 0;

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#uses = new KeyUses(deps);
    this.#knownNetworks = new KnownNetworks(deps);
    this.#guessLimit = new GuessLimit({
      knownNetworks: this.#knownNetworks,
      processes: deps.processes,
      clock: deps.clock,
    });
    deps.changes.onChange((change) => {
      this.#generation++;
      if (change === 'missed') {
        this.#remembered.clear();
        this.#failed.clear();
        return;
      }
      if (!('apiKey' in change)) return;
      this.#remembered.delete(change.apiKey);
      this.#failed.delete(change.apiKey);
    });
  }

  /** The key with this id, in any state. Throws `StoreUnavailableError`. */
  async find(apiKey: string): Promise<ApiKey | undefined> {
    return (await this.#recall(apiKey)) ?? this.#lookUpTogether(apiKey);
  }

  /** As `find`, but asks the database. */
  async lookUp(apiKey: string): Promise<ApiKey | undefined> {
    const folded = foldApiKey(apiKey);
    const generation = this.#generation;
    if (!isPossibleId(folded)) return undefined;
    // Sealed for each look-up, because the master key may have changed since the last one.
    const decoySealed = sealDecoy(this.#decoySecret, this.#deps.masterKey);
    const row = await this.#deps.lookUps.apiKey(folded, decoySealed);
    const key = openApiKey(row, this.#deps.masterKey, decoySealed);
    if (isDecoy(row)) return undefined;
    if (generation === this.#generation) this.#remembered.set(key.apiKeyFolded, key);
    return key;
  }

  /**
   * As `lookUp`, but joins a look-up of the last `SHARED_LOOK_UP_MS`. Its result is as current as a remembered key may
   * be.
   */
  #lookUpTogether(apiKey: string): Promise<ApiKey | undefined> {
    const folded = foldApiKey(apiKey);
    const nowMs = performance.now();
    const current = this.#underWay.get(folded);
    if (current && nowMs - current.sinceMs < SHARED_LOOK_UP_MS) return current.found;
    const found = this.lookUp(apiKey).finally(() => {
      if (this.#underWay.get(folded)?.found === found) this.#underWay.delete(folded);
    });
    this.#underWay.set(folded, { sinceMs: nowMs, found });
    return found;
  }

  /** Whether the key may be used at this moment. */
  isUsable(key: ApiKey): boolean {
    return !key.revoked && this.#deps.clock() < key.expiresAtMs;
  }

  /**
   * The key of a token that was issued to this version of its secret. Undefined if the token is no longer valid: the
   * key may not be used, or the secret was replaced and its grace period is over. Throws `StoreUnavailableError`.
   */
  async findForToken(apiKey: string, secretVersion: number): Promise<ApiKey | undefined> {
    const found = await this.find(apiKey);
    // Another replica issued the token for a secret that this replica does not know yet.
    const key = found && found.secretVersion < secretVersion ? await this.lookUp(apiKey) : found;
    return key && this.isUsable(key) && this.#isGood(key, secretVersion) ? key : undefined;
  }

  /** Whether the key's secret of this version works at this moment. */
  #isGood(key: ApiKey, secretVersion: number): boolean {
    if (secretVersion === key.secretVersion) return true;
    const isPrevious = secretVersion === key.secretVersion - 1 && key.previousSecret !== undefined;
    return isPrevious && this.#deps.clock() < key.previousSecretExpiresAtMs;
  }

  /**
   * Finds the usable key whose secret, or whose former secret within its grace period, `presented` proves. Before it
   * refuses, it looks the key up, because this replica may remember an older version. A repeat of the last attempt for
   * an id uses the same look-up for a moment, so that a client in a loop costs the database little. Any other attempt
   * gets a look-up of its own, so that a new secret works at once. An unknown id and a wrong secret take the same steps
   * and as many comparisons, so that the time shows neither whether the id exists nor which part was wrong. The
   * caller checks the networks of the key, so that only who has the secret learns of them. Throws
   * `TooManyFailuresProblem`, without a comparison, after too many failures.
   */
  async prove(attempt: LoginAttempt, presented: Presented): Promise<ProvenKey | undefined> {
    const { apiKey, address } = attempt;
    const folded = foldApiKey(apiKey);
    const remembered =
      (await this.#recall(apiKey)) ??
      // The look-up below serves failed attempts. A server that receives changes late must not look up each key twice.
      (this.#deps.changes.isCurrent() ? undefined : await this.#lookUpTogether(apiKey));
    const limit = this.#guessLimit;
    if (limit.isReached(folded, address)) await limit.requireKnownNetwork(folded, attempt);
    // From here to the count, nothing waits: otherwise guesses at the same time would all be compared before the first counts.
    const proven = this.#proven(remembered, presented);
    if (proven) {
      this.#noteNetwork(proven.key, address);
      return proven;
    }
    if (remembered) limit.count(folded, address);
    const found = await this.#lookUpForFailure(apiKey, folded, presented);
    if (!remembered && limit.isReached(folded, address)) await limit.requireKnownNetwork(folded, attempt);
    const fresh = this.#proven(found, presented);
    if (fresh) {
      if (remembered) limit.takeBack(folded, address);
      this.#failed.delete(folded);
      this.#noteNetwork(fresh.key, address);
    } else if (!remembered) {
      limit.count(folded, address);
    }
    return fresh;
  }

  #noteNetwork(key: ApiKey, address: string): void {
    if (isAllowedFrom(key, address)) this.#knownNetworks.note(key, address);
  }

  /** Takes back a failed attempt. The caller has proved a key by another reading of the same credentials. */
  takeBackFailure({ apiKey, address }: LoginAttempt): void {
    this.#guessLimit.takeBack(foldApiKey(apiKey), address);
  }

  async #lookUpForFailure(apiKey: string, folded: string, { text }: Presented): Promise<ApiKey | undefined> {
    const earlier = this.#failed.get(folded);
    const nowMs = performance.now();
    const textHash = hash('sha256', text, 'base64');
    const isRepeated = earlier?.textHash === textHash && nowMs - earlier.atMs < FAILURE_REMEMBERED_MS;
    if (isRepeated && this.#deps.changes.isCurrent()) return earlier.key;
    const generation = this.#generation;
    const key = await this.lookUp(apiKey);
    if (generation === this.#generation && isPossibleId(folded)) {
      this.#failed.set(folded, { atMs: nowMs, textHash, key });
    }
    return key;
  }

  async #recall(apiKey: string): Promise<ApiKey | undefined> {
    const { changes } = this.#deps;
    const folded = foldApiKey(apiKey);
    const remembered = this.#remembered.get(folded);
    if (!remembered || changes.isCurrent()) return remembered;
    // Read again, because a change may have come during the wait.
    return (await changes.waitUntilCurrent()) ? this.#remembered.get(folded) : undefined;
  }

  /** A success returns at once. Only the time of a failure must show nothing. */
  #proven(key: ApiKey | undefined, presented: Presented): ProvenKey | undefined {
    const usable = key !== undefined && this.isUsable(key);
    const byCurrent = presented.proves(key?.secret ?? this.#decoySecret, key);
    if (byCurrent && usable) return { key, secretVersion: key.secretVersion };
    const byPrevious = presented.proves(key?.previousSecret ?? this.#decoySecret, key);
    if (!usable || !byPrevious) return undefined;
    const secretVersion = key.secretVersion - 1;
    return this.#isGood(key, secretVersion) ? { key, secretVersion } : undefined;
  }

  /** Notes that the key was used now. `keys list` shows it some seconds later. */
  noteUse(key: ApiKey): void {
    this.#uses.note(key);
  }

  async close(): Promise<void> {
    await this.#uses.close();
    await this.#knownNetworks.close();
  }
}

/** Whether a key may have this folded id. PostgreSQL's text cannot hold NUL. */
function isPossibleId(folded: string): boolean {
  return folded.length <= LONGEST_ID && !folded.includes('\0');
}
