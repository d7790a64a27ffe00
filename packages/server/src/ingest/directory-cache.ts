import type { Database } from '../store/connections/db.ts';
import type { NodeInOffice } from '../store/directory/nodes.ts';
import type { UserIdentity } from '../store/directory/users.ts';
import { DirectoryReader } from './directory-reader.ts';
import type { Identifiers, Resolved } from './resolve.ts';

/** Identifiers remembered of all organisations together, some 300 bytes each: of a hundred thousand people, and their desks and cards. */
const REMEMBERED = 200_000;

/**
 * Whom and what events mean, as it was looked up before. Only what was found is remembered, of the version that the
 * organisation's directory had; whoever is not found is looked up each time. What is remembered may be out of date: the
 * transaction that stores the events says whether it is (`enterTenantIfVersion`), and only then are they stored.
 */
export class DirectoryCache {
  readonly #reader: DirectoryReader;
  /** The organisation that was asked for last is the last one. */
  readonly #memories = new Map<string, OrganisationCache>();

  constructor(database: Database) {
    this.#reader = new DirectoryReader(database);
  }

  /**
   * What a batch of events mentions, and the version of the directory that it is of. Throws
   * `StoreUnavailableError`.
   */
  async lookUp(tenantId: string, mentioned: Identifiers): Promise<{ resolved: Resolved; version: string }> {
    const memory = this.#memories.get(tenantId);
    const missing = memory?.missing(mentioned) ?? mentioned;
    if (memory && isNothing(missing)) {
      this.#keep(tenantId, memory);
      return { resolved: memory, version: memory.version };
    }
    // All of it, where what is remembered of some turns out to be of another version.
    for (let wanted = missing; ; wanted = mentioned) {
      const { found, version } = await this.#reader.read(tenantId, wanted);
      const target = this.#ofVersion(tenantId, version, memory);
      target.learn(wanted, found);
      this.#makeRoom();
      if (target === memory || wanted === mentioned) return { resolved: target, version };
    }
  }

  /** Forgets what is of `version`, which has turned out to be an old one. */
  invalidate(tenantId: string, version: string): void {
    if (this.#memories.get(tenantId)?.version === version) this.#memories.delete(tenantId);
  }

  /** What is remembered of that version; `memory`, where it is that, or what others have made of it meanwhile. */
  #ofVersion(tenantId: string, version: string, memory: OrganisationCache | undefined): OrganisationCache {
    const known = [memory, this.#memories.get(tenantId)].find((each) => each?.version === version);
    const target = known ?? new OrganisationCache(version);
    this.#keep(tenantId, target);
    return target;
  }

  #keep(tenantId: string, memory: OrganisationCache): void {
    this.#memories.delete(tenantId);
    this.#memories.set(tenantId, memory);
  }

  #makeRoom(): void {
    let size = 0;
    for (const memory of this.#memories.values()) size += memory.size;
    for (const [oldest, memory] of this.#memories) {
      if (size <= REMEMBERED) return;
      this.#memories.delete(oldest);
      size -= memory.size;
    }
  }
}

/** What was found of one organisation, by the texts that were asked for. */
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

  /** Those of the texts that nothing is remembered of. */
  missing({ userIds, names, namesInAnyCase, cards, nodeIds }: Identifiers): Identifiers {
    return {
      userIds: userIds.filter((text) => !this.#usersById.has(text)),
      names: names.filter((text) => !this.#usersByName.has(text)),
      namesInAnyCase: namesInAnyCase.filter((text) => !this.#usersByNameInAnyCase.has(text)),
      cards: cards.filter((text) => !this.#holders.has(text)),
      nodeIds: nodeIds.filter((text) => !this.#nodes.has(text)),
    };
  }

  /** Remembers what was found of these texts. */
  learn({ userIds, names, namesInAnyCase, cards, nodeIds }: Identifiers, found: Resolved): void {
    remember(this.#usersById, userIds, (text) => found.userById(text));
    remember(this.#usersByName, names, (text) => found.userByName(text));
    remember(this.#usersByNameInAnyCase, namesInAnyCase, (text) => found.userByNameInAnyCase(text));
    remember(this.#nodes, nodeIds, (text) => found.node(text));
    remember(this.#holders, cards, (text) => {
      const holders = found.cardHolders(text);
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

function isNothing(mentioned: Identifiers): boolean {
  return Object.values(mentioned).every((texts: string[]) => texts.length === 0);
}
