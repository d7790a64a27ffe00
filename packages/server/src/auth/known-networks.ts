import { networkOf } from '../http/network.ts';
import type { ApiKeyRow } from '../store/auth/api-keys.ts';
import { type KeyNetwork, keyNetworksInsert, MOST_NETWORKS } from '../store/auth/key-networks.ts';
import type { Database } from '../store/connections/db.ts';
import { runForTenants } from '../store/connections/tenant-batches.ts';
import { DAY_MS } from '../store/values/days.ts';
import { addTo } from '../store/values/group-by.ts';
import type { CredentialLookUps } from './credential-look-ups.ts';

/** A key knows a network for this long after a login from there. */
export const KNOWN_MS = 30 * DAY_MS;
const FLUSH_MS = 5_000;
/** Further logins from an address that was noted are not noted for this long. */
const NOTED_MS = 3_600_000;
/** A longer text is no address. A client can send any text if a proxy is trusted that does not check it. */
const LONGEST_NETWORK = 45;

type Key = Pick<ApiKeyRow, 'tenantId' | 'apiKeyFolded'>;

/** Logins of a key that are not stored yet, by network. */
interface Waiting {
  tenantId: string;
  loggedInAtMs: Map<string, number>;
}

interface Deps {
  database: Database;
  lookUps: CredentialLookUps;
  /** Milliseconds since the epoch. */
  clock: () => number;
}

/**
 * The networks from which keys have logged in. A login stores nothing by itself: new networks are stored every few
 * seconds, and known ones again after an hour.
 */
export class KnownNetworks {
  readonly #deps: Deps;
  readonly #timer: NodeJS.Timeout;
  /** When a login of the key from an address was last noted. The latest addresses only. */
  readonly #notedAtMs = new WeakMap<Key, Map<string, number>>();
  /** By folded id of the key. */
  #waiting = new Map<string, Waiting>();
  /** What is being stored now. */
  #storing: ReadonlyMap<string, Waiting> = new Map();
  #flushUnderWay: Promise<void> = Promise.resolve();

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#timer = setInterval(() => void this.#flush(), FLUSH_MS);
    this.#timer.unref();
  }

  /** Notes that the key has logged in from an address now. */
  note(key: Key, address: string): void {
    const nowMs = this.#deps.clock();
    let noted = this.#notedAtMs.get(key);
    if (!noted) {
      noted = new Map();
      this.#notedAtMs.set(key, noted);
    }
    const earlierMs = noted.get(address);
    if (earlierMs !== undefined && Math.abs(nowMs - earlierMs) < NOTED_MS) return;
    noted.delete(address);
    keepRoom(noted);
    noted.set(address, nowMs);
    const network = networkOf(address);
    if (network.length <= LONGEST_NETWORK) this.#wait(key, network, nowMs);
  }

  /** Whether a key with this folded id has logged in from the network recently. Throws `StoreUnavailableError`. */
  async isKnown(apiKeyFolded: string, network: string): Promise<boolean> {
    const isNoted = [this.#waiting, this.#storing].some((waiting) =>
      waiting.get(apiKeyFolded)?.loggedInAtMs.has(network),
    );
    const since = new Date(this.#deps.clock() - KNOWN_MS);
    return isNoted || this.#deps.lookUps.keyNetwork(apiKeyFolded, network, since);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#flush();
  }

  #wait({ tenantId, apiKeyFolded }: Key, network: string, atMs: number): void {
    const ofKey = this.#waiting.get(apiKeyFolded) ?? { tenantId, loggedInAtMs: new Map() };
    this.#waiting.set(apiKeyFolded, ofKey);
    ofKey.loggedInAtMs.delete(network);
    keepRoom(ofKey.loggedInAtMs);
    ofKey.loggedInAtMs.set(network, atMs);
  }

  /** One at a time, so that `#storing` has all that is being stored. */
  #flush(): Promise<void> {
    this.#flushUnderWay = this.#flushUnderWay.then(() => this.#store());
    return this.#flushUnderWay;
  }

  /** Stores what waits. That of an organisation that cannot be stored waits for the next time. */
  async #store(): Promise<void> {
    if (this.#waiting.size === 0) return;
    const storing = this.#waiting;
    this.#storing = storing;
    this.#waiting = new Map();
    const byTenant = new Map<string, KeyNetwork[]>();
    for (const [apiKeyFolded, { tenantId, loggedInAtMs }] of storing) {
      for (const [network, atMs] of loggedInAtMs)
        addTo(byTenant, tenantId, { apiKeyFolded, network, loggedInAtMs: atMs });
    }
    const failures = await runForTenants(this.#deps.database, [...byTenant.keys()], (tenantId) =>
      keyNetworksInsert(tenantId, byTenant.get(tenantId) ?? []),
    );
    this.#storing = new Map();
    for (const tenantId of failures.keys()) {
      for (const { apiKeyFolded, network, loggedInAtMs } of byTenant.get(tenantId) ?? []) {
        // A later login has been noted meanwhile.
        if (this.#waiting.get(apiKeyFolded)?.loggedInAtMs.has(network)) continue;
        this.#wait({ tenantId, apiKeyFolded }, network, loggedInAtMs);
      }
    }
  }
}

/** Forgets the oldest entry of a map that is full. */
function keepRoom(map: Map<string, number>): void {
  if (map.size < MOST_NETWORKS) return;
  for (const [oldest] of map) {
    map.delete(oldest);
    return;
  }
}
