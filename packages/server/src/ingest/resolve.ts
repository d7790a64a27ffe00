import { parseGuid } from '../http/guid.ts';
import type { Tx } from '../store/connections/db.ts';
import type { CardHolder } from '../store/directory/access-credentials.ts';
import { type LookupKeys, type LookupRows, lookUpDirectory } from '../store/directory/directory-look-up.ts';
import type { NodeInOffice } from '../store/directory/nodes.ts';
import { UserMatcher } from '../store/directory/user-matcher.ts';
import type { UserIdentity } from '../store/directory/users.ts';
import { fold } from '../store/values/fold.ts';
import { cardTextDigest } from './digest.ts';

/** The identifiers that the events of a batch name. Texts must be ones that PostgreSQL can hold. */
export interface Identifiers {
  userIds: string[];
  /** E-mails or userNames, to be matched exactly. */
  names: string[];
  /** E-mails or userNames, to be matched exactly or else without regard to case. */
  namesInAnyCase: string[];
  /** Scan data or card numbers of access credentials. */
  cards: string[];
  nodeIds: string[];
}

/** The active users and nodes that the texts of a batch mean. */
export interface Resolved {
  /** The active user with this id, a GUID in any case. */
  userById(userId: string): UserIdentity | undefined;
  /** The active user with exactly this e-mail, else with exactly this userName. */
  userByName(name: string): UserIdentity | undefined;
  /** As `userByName`, else the one active user whose e-mail or userName differs from this by case only. */
  userByNameInAnyCase(name: string): UserIdentity | undefined;
  /** The active users who have an active card with this scan data, else with this number: each once. */
  cardHolders(card: string): UserIdentity[];
  /** The active node with this id, a GUID in any case. */
  node(nodeId: string): NodeInOffice | undefined;
}

/** What was found, as it is looked up by texts. */
export class ResolvedIdentifiers implements Resolved {
  readonly #usersById = new Map<string, UserIdentity>();
  readonly #usersByEmail = new Map<string, UserIdentity>();
  readonly #usersByUserName = new Map<string, UserIdentity>();
  readonly #people: UserMatcher;
  readonly #holders = new Map<string, CardHolder[]>();
  readonly #nodes = new Map<string, NodeInOffice>();

  constructor({ users, folded, holders, nodes }: LookupRows) {
    this.#people = new UserMatcher(folded);
    for (const user of users) {
      this.#usersById.set(user.userId, user);
      this.#usersByUserName.set(user.userName, user);
      if (user.email !== null) this.#usersByEmail.set(user.email, user);
    }
    for (const holder of holders) {
      const others = this.#holders.get(holder.digest);
      if (others) others.push(holder);
      else this.#holders.set(holder.digest, [holder]);
    }
    for (const node of nodes) this.#nodes.set(node.nodeId, node);
  }

  userById(userId: string): UserIdentity | undefined {
    return this.#usersById.get(parseGuid(userId) ?? '');
  }

  userByName(name: string): UserIdentity | undefined {
    return this.#usersByEmail.get(name) ?? this.#usersByUserName.get(name);
  }

  userByNameInAnyCase(name: string): UserIdentity | undefined {
    const match = this.#people.match(name);
    return 'userId' in match ? match : undefined;
  }

  cardHolders(card: string): UserIdentity[] {
    const holders = this.#holders.get(cardTextDigest(card)) ?? [];
    const usersFound = (byScan: boolean) =>
      holders.flatMap((holder) =>
        holder.byScan === byScan ? (this.#usersById.get(holder.userId) ?? []) : [],
      );
    const byScan = usersFound(true);
    return byScan.length > 0 ? byScan : usersFound(false);
  }

  node(nodeId: string): NodeInOffice | undefined {
    return this.#nodes.get(parseGuid(nodeId) ?? '');
  }
}

/** What to look up of the directory for all that a batch mentions. */
export function lookupKeysOf({
  userIds = [],
  names = [],
  namesInAnyCase = [],
  cards = [],
  nodeIds = [],
}: Partial<Identifiers>): LookupKeys {
  return {
    userIds: guids(userIds),
    names: distinct(names),
    foldedNames: distinct(namesInAnyCase.map(fold)),
    cardDigests: distinct(cards.map(cardTextDigest)),
    nodeIds: guids(nodeIds),
  };
}

/** Looks up all that a batch mentions. */
export async function resolve(tx: Tx, tenantId: string, mentioned: Partial<Identifiers>): Promise<Resolved> {
  return new ResolvedIdentifiers(await lookUpDirectory(tx, tenantId, lookupKeysOf(mentioned)));
}

function guids(texts: string[]): string[] {
  return distinct(texts.map(parseGuid).filter((guid) => guid !== undefined));
}

function distinct(texts: string[]): string[] {
  return [...new Set(texts)];
}
