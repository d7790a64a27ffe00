import type { Monitor } from '../http/monitoring/monitor.ts';
import type { Database } from '../store/connections/db.ts';
import type { Identifiers, Resolved } from '../store/directory/directory-look-up.ts';
import type { NodeInOffice } from '../store/directory/nodes.ts';
import type { UserIdentity } from '../store/directory/users.ts';
import { DirectoryReader } from './directory-reader.ts';

/**
 * The limit for the entries of all organisations together. An entry takes some 300 bytes. The limit suffices for a
 * hundred thousand people with their desks and cards.
 */
const MOST_ENTRIES = 200_000;

type LookUpMonitor = Pick<Monitor, 'noteLookUp' | 'noteMerge'>;

/**
 * The users and nodes that earlier events named, by identifier. The cache keeps only entries that the database found,
 * with the directory version of the look-up. It looks up all other identifiers each time. An entry may be stale. The
 * transaction that stores the events compares the versions (`enterTenantIfVersion`), and stores nothing if they
 * differ.
 */
export class DirectoryCache {
  readonly #reader: DirectoryReader;
  readonly #monitor: LookUpMonitor | undefined;
  /** In the order of use: the last entry is the organisation that was looked up last. */
  readonly #caches = new Map<string, OrganisationCache>();

  constructor(database: Database, monitor?: LookUpMonitor) {
    this.#reader = new DirectoryReader(database, monitor);
    this.#monitor = monitor;
  }

  /**
   * Resolves the identifiers of a batch. Returns the users and nodes with their directory version. Throws
   * `StoreUnavailableError`.
   */
  async lookUp(tenantId: string, identifiers: Identifiers): Promise<{ resolved: Resolved; version: string }> {
    const cache = this.#caches.get(tenantId);
    const missing = cache?.missing(identifiers) ?? identifiers;
    if (cache && isNothing(missing)) {
      this.#keep(tenantId, cache);
      this.#monitor?.noteLookUp('memory');
      return { resolved: cache, version: cache.version };
    }
    this.#monitor?.noteLookUp('database');
    // If the cached entries turn out to be of another version, the second round looks up all identifiers.
    for (let wanted = missing; ; wanted = identifiers) {
      const { resolved, version } = await this.#reader.read(tenantId, wanted);
      const target = this.#ofVersion(tenantId, version, cache);
      target.learn(wanted, resolved);
      this.#makeRoom();
      if (target === cache || wanted === identifiers) return { resolved: target, version };
    }
  }

  /** Removes the organisation's entries if they are of `version`, which has turned out to be stale. */
  invalidate(tenantId: string, version: string): void {
    if (this.#caches.get(tenantId)?.version === version) this.#caches.delete(tenantId);
  }

  /** The cache of that version: `cache`, or the one that other requests have filled meanwhile, or a new one. */
  #ofVersion(tenantId: string, version: string, cache: OrganisationCache | undefined): OrganisationCache {
    const known = [cache, this.#caches.get(tenantId)].find((each) => each?.version === version);
    const target = known ?? new OrganisationCache(version);
    this.#keep(tenantId, target);
    return target;
  }

  #keep(tenantId: string, cache: OrganisationCache): void {
    this.#caches.delete(tenantId);
    this.#caches.set(tenantId, cache);
  }

  #makeRoom(): void {
    let size = 0;
    for (const cache of this.#caches.values()) size += cache.size;
    for (const [oldest, cache] of this.#caches) {
      if (size <= MOST_ENTRIES) return;
      this.#caches.delete(oldest);
      size -= cache.size;
    }
  }
}

/** The found users and nodes of one organisation at one version, by the identifiers that were looked up. */
class OrganisationCache implements Resolved {
  readonly version: string;
  readonly #usersById = new Map<string, UserIdentity>();
  readonly #usersByName = new Map<string, UserIdentity>();
  readonly #usersByNameInAnyCase = new Map<string, UserIdentity>();
  readonly #holders = new Map<string, UserIdentity[]>();
  readonly #nodes = new Map<string, NodeInOffice>();

  constructor(version: string) {
    this.version = version;
  }

  get size(): number {
    const maps = [this.#usersById, this.#usersByName, this.#usersByNameInAnyCase, this.#holders, this.#nodes];
    return maps.reduce((sum, { size }) => sum + size, 0);
  }

  userById(userId: string): UserIdentity | undefined {
    return this.#usersById.get(userId);
  }

  userByName(name: string): UserIdentity | undefined {
    return this.#usersByName.get(name);
  }

  userByNameInAnyCase(name: string): UserIdentity | undefined {
    return this.#usersByNameInAnyCase.get(name);
  }

  cardHolders(card: string): UserIdentity[] {
    return this.#holders.get(card) ?? [];
  }

  node(nodeId: string): NodeInOffice | undefined {
    return this.#nodes.get(nodeId);
  }

  /** The identifiers that have no entry. */
  missing({ userIds, names, namesInAnyCase, cards, nodeIds }: Identifiers): Identifiers {
    return {
      userIds: userIds.filter((text) => !this.#usersById.has(text)),
      names: names.filter((text) => !this.#usersByName.has(text)),
      namesInAnyCase: namesInAnyCase.filter((text) => !this.#usersByNameInAnyCase.has(text)),
      cards: cards.filter((text) => !this.#holders.has(text)),
      nodeIds: nodeIds.filter((text) => !this.#nodes.has(text)),
    };
  }

  /** Adds entries for those of the identifiers that were found. */
  learn({ userIds, names, namesInAnyCase, cards, nodeIds }: Identifiers, resolved: Resolved): void {
    remember(this.#usersById, userIds, (text) => resolved.userById(text));
    remember(this.#usersByName, names, (text) => resolved.userByName(text));
    remember(this.#usersByNameInAnyCase, namesInAnyCase, (text) => resolved.userByNameInAnyCase(text));
    remember(this.#nodes, nodeIds, (text) => resolved.node(text));
    remember(this.#holders, cards, (text) => {
      const holders = resolved.cardHolders(text);
      return holders.length > 0 ? holders : undefined;
    });
  }
}

function remember<T>(known: Map<string, T>, texts: string[], find: (text: string) => T | undefined): void {
  for (const text of texts) {
    const found = find(text);
    if (found !== undefined) known.set(text, found);
  }
}

function isNothing(identifiers: Identifiers): boolean {
  return Object.values(identifiers).every((texts: string[]) => texts.length === 0);
}
