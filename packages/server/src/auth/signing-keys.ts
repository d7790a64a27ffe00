import { createPrivateKey, type KeyObject, randomUUID } from 'node:crypto';
import { type CryptoKey, exportJWK, exportPKCS8, generateKeyPair, importJWK, type JWK } from 'jose';
import type { CredentialChanges } from '../store/auth/credential-changes.ts';
import {
  insertFirstSigningKey,
  listSigningKeys,
  type SigningKeyRow,
  type StoredSigningKey,
} from '../store/auth/signing-keys.ts';
import type { Database } from '../store/connections/db.ts';
import type { Sealer } from './secrets.ts';

export const SIGNING_ALGORITHM = 'ES256';

/** The context under which the private key of a signing key is sealed. */
export const signingKeyContext = (kid: string): string => `signing-key:${kid}`;

/** A new key pair. The private key is sealed. */
export async function generateSigningKey(masterKey: Sealer): Promise<SigningKeyRow> {
  const { publicKey, privateKey } = await generateKeyPair(SIGNING_ALGORITHM, { extractable: true });
  const kid = randomUUID();
  return {
    kid,
    algorithm: SIGNING_ALGORITHM,
    publicJwk: { ...(await exportJWK(publicKey)), kid, alg: SIGNING_ALGORITHM, use: 'sig' },
    privateKeySealed: masterKey.seal(await exportPKCS8(privateKey), signingKeyContext(kid)),
  };
}

/** Creates the key that signs tokens if there is none yet. Replicas share it through the database. Owner only. */
export async function ensureSigningKey(owner: Database, masterKey: Sealer, now: Date): Promise<void> {
  const existing = await owner.inSystem(listSigningKeys);
  if (existing.length > 0) return;
  const key = await generateSigningKey(masterKey);
  await owner.inSystem((tx) => insertFirstSigningKey(tx, key, now));
}

/** The key that signs. It is the same object until the key or the instance changes. */
export interface Signer {
  kid: string;
  key: KeyObject;
  /** The instance that its tokens are for. */
  instanceId: string;
}

/** A key that verifies. It is the same object until the key or the instance changes. */
export interface Verifier {
  key: CryptoKey;
  instanceId: string;
}

interface Loaded {
  signer: Signer;
  keys: Map<string, { jwk: JWK; verifier: Verifier; goodUntilMs: number }>;
}

interface Deps {
  database: Database;
  changes: CredentialChanges;
  masterKey: Sealer;
  clock: () => number;
  /** The longest life of a token. A key that no longer signs still verifies for this long. */
  longestTokenS: number;
}

/** A replica may sign with the former key for this long, because it does not know the new one yet. */
const LATE_MS = 60_000;
const SHARED_READ_MS = 500;
const UNKNOWN_KID_READ_MS = 1_000;

/** The signing keys. The server remembers them while it receives changes; otherwise it reads them every half second. */
export class SigningKeys {
  readonly #deps: Deps;
  #reading: Promise<Loaded> | undefined;
  #readAtMs = Number.NEGATIVE_INFINITY;
  #latest: Loaded | undefined;

  constructor(deps: Deps) {
    this.#deps = deps;
    deps.changes.onChange((change) => {
      if (change === 'missed' || 'signingKeys' in change) this.#reading = undefined;
    });
  }

  /** The key that signs. Throws `StoreUnavailableError`. */
  async signer(): Promise<Signer> {
    return (await this.#current()).signer;
  }

  /** The key with this id, if it may still verify. Throws `StoreUnavailableError`. */
  async verifier(kid: string): Promise<Verifier | undefined> {
    const known = (await this.#current()).keys.get(kid);
    // Another replica may have received the new signing key earlier.
    const found = known ?? (await this.#current(UNKNOWN_KID_READ_MS)).keys.get(kid);
    return found && this.#deps.clock() < found.goodUntilMs ? found.verifier : undefined;
  }

  /** RFC 7517 key set, public parts only. Throws `StoreUnavailableError`. */
  async jwks(): Promise<{ keys: JWK[] }> {
    const keys = [...(await this.#current()).keys.values()];
    return { keys: keys.filter(({ goodUntilMs }) => this.#deps.clock() < goodUntilMs).map(({ jwk }) => jwk) };
  }

  /** The keys of the last read if they are current or were read within `sharedMs`; otherwise reads them now. */
  async #current(sharedMs?: number): Promise<Loaded> {
    const { changes } = this.#deps;
    const isCurrent = sharedMs === undefined && (changes.isCurrent() || (await changes.waitUntilCurrent()));
    const isOld = performance.now() - this.#readAtMs >= (sharedMs ?? SHARED_READ_MS);
    if (!isCurrent && isOld) this.#reading = undefined;
    this.#reading ??= this.#read();
    return this.#reading;
  }

  #read(): Promise<Loaded> {
    this.#readAtMs = performance.now();
    const reading = this.#load();
    reading.catch(() => {
      if (this.#reading === reading) this.#reading = undefined;
    });
    return reading;
  }

  async #load(): Promise<Loaded> {
    const { database, masterKey } = this.#deps;
    const rows = await database.inSystem(listSigningKeys);
    const [newest] = rows;
    if (!newest) throw new Error('The database has no signing key.');
    const { kid, instanceId } = newest;
    const former = this.#latest?.signer.instanceId === instanceId ? this.#latest : undefined;
    const signer =
      former?.signer.kid === kid
        ? former.signer
        : {
            kid,
            instanceId,
            key: createPrivateKey(masterKey.open(newest.privateKeySealed, signingKeyContext(kid))),
          };
    const keys = await Promise.all(
      rows.map(async (row, index) => {
        const verifier = former?.keys.get(row.kid)?.verifier ?? { key: await importPublic(row), instanceId };
        const goodUntilMs = this.#goodUntilMs(rows[index - 1]);
        return [row.kid, { jwk: row.publicJwk as JWK, verifier, goodUntilMs }] as const;
      }),
    );
    this.#latest = { signer, keys: new Map(keys) };
    return this.#latest;
  }

  /** After `next` has replaced a key, the key still verifies for the life of the tokens that it signed. */
  #goodUntilMs(next: StoredSigningKey | undefined): number {
    if (!next) return Number.POSITIVE_INFINITY;
    return next.createdAt.getTime() + this.#deps.longestTokenS * 1_000 + LATE_MS;
  }
}

async function importPublic(row: SigningKeyRow): Promise<CryptoKey> {
  return (await importJWK(row.publicJwk as JWK, row.algorithm)) as CryptoKey;
}
