import { textArray, uuidArray } from '../connections/binary-arrays.ts';
import type { Tx } from '../connections/db.ts';
import { type PipelineResults, type PreparedStatement, runStatement } from '../connections/pipeline.ts';
import { cardTextDigest } from '../values/digest.ts';
import { fold } from '../values/fold.ts';
import { groupBy } from '../values/group-by.ts';
import { parseGuid } from '../values/guid.ts';
import type { CardHolder } from './access-credentials.ts';
import type { NodeInOffice } from './nodes.ts';
import { UserMatcher } from './user-matcher.ts';
import type { FoldedIdentity, UserIdentity } from './users.ts';

/** Texts that identify users and nodes, as callers send them. PostgreSQL must be able to store them. */
export interface Identifiers {
  /** GUIDs in any case. Any other text is the id of no user. */
  userIds: string[];
  /** E-mail addresses or userNames. The match is exact. */
  names: string[];
  /** E-mail addresses or userNames. The match is exact, otherwise it ignores case. */
  namesInAnyCase: string[];
  /** Scan data or card numbers of access credentials. */
  cards: string[];
  /** GUIDs in any case. Any other text is the id of no node. */
  nodeIds: string[];
}

/** The users and nodes of identifiers. They are active, unless the function that returns them says otherwise. */
export interface Resolved {
  /** The user with this id, a GUID in any case. */
  userById(userId: string): UserIdentity | undefined;
  /** The user with exactly this e-mail address, otherwise the user with exactly this userName. */
  userByName(name: string): UserIdentity | undefined;
  /** As `userByName`; otherwise the only user whose e-mail address or userName differs from this by case alone. */
  userByNameInAnyCase(name: string): UserIdentity | undefined;
  /** The users with an active card with this scan data, otherwise with this number. Each user occurs once. */
  cardHolders(card: string): UserIdentity[];
  /** The node with this id, a GUID in any case. */
  node(nodeId: string): NodeInOffice | undefined;
}

/** The rows of the look-up, in no order. */
interface LookupRows {
  /** The users who have one of the ids, one of the names, or one of the cards. */
  users: UserIdentity[];
  /** The users who have one of the folded names. */
  folded: FoldedIdentity[];
  /** The holders of active cards with one of the texts, as scan data or as number. A holder may be inactive. */
  holders: CardHolder[];
  nodes: NodeInOffice[];
}

/**
 * The statement that looks up the active users and nodes of identifiers. The transaction must have entered the
 * organisation. `readResolved` reads the result. A node is active if all nodes above it are active, too.
 */
export function directoryLookUp(
  tenantId: string,
  { userIds = [], names = [], namesInAnyCase = [], cards = [], nodeIds = [] }: Partial<Identifiers>,
): PreparedStatement {
  return {
    name: 'look up directory',
    text: 'SELECT look_up_directory($1, $2, $3, $4, $5, $6)::text',
    values: [
      tenantId,
      uuidArray(guidsOf(userIds)),
      textArray(distinct(names)),
      textArray(distinct(namesInAnyCase.map(fold))),
      uuidArray(distinct(cards.map(cardTextDigest))),
      uuidArray(guidsOf(nodeIds)),
    ],
  };
}

/**
 * Reads the result of `directoryLookUp`. Throws if the result is missing, because that does not mean that nothing was
 * found.
 */
export function readResolved(result: PipelineResults[number]): Resolved {
  return new ResolvedIdentifiers(readRows(result));
}

/** Runs `directoryLookUp` in a transaction and reads the result. */
export async function resolve(
  tx: Tx,
  tenantId: string,
  identifiers: Partial<Identifiers>,
): Promise<Resolved> {
  return readResolved(await runStatement(tx, directoryLookUp(tenantId, identifiers)));
}

/** Looks up all active users that `names` can identify. */
export async function loadUserMatcher(tx: Tx, tenantId: string, names: string[]): Promise<UserMatcher> {
  const result = await runStatement(tx, directoryLookUp(tenantId, { namesInAnyCase: names }));
  return new UserMatcher(readRows(result).folded);
}

/**
 * Resolves identifiers to these users and nodes. If users share a name, the last one has it. Cards identify no user.
 */
export function resolvedFrom({ users, nodes }: Pick<LookupRows, 'users' | 'nodes'>): Resolved {
  return new ResolvedIdentifiers({ users, folded: [], holders: [], nodes });
}

function readRows(result: PipelineResults[number]): LookupRows {
  if (result === undefined) throw new Error('A look-up of the directory was not answered.');
  const found = JSON.parse(result) as { [Part in keyof LookupRows]?: LookupRows[Part] | null };
  const { users, folded, holders, nodes } = found;
  return { users: users ?? [], folded: folded ?? [], holders: holders ?? [], nodes: nodes ?? [] };
}

class ResolvedIdentifiers implements Resolved {
  readonly #usersById = new Map<string, UserIdentity>();
  readonly #usersByEmail = new Map<string, UserIdentity>();
  readonly #usersByUserName = new Map<string, UserIdentity>();
  readonly #matcher: UserMatcher;
  readonly #holders: Map<string, CardHolder[]>;
  readonly #nodes = new Map<string, NodeInOffice>();

  constructor({ users, folded, holders, nodes }: LookupRows) {
    this.#matcher = new UserMatcher(folded);
    for (const user of users) {
      this.#usersById.set(user.userId, user);
      this.#usersByUserName.set(user.userName, user);
      if (user.email !== null) this.#usersByEmail.set(user.email, user);
    }
    this.#holders = groupBy(holders, ({ digest }) => digest);
    for (const node of nodes) this.#nodes.set(node.nodeId, node);
  }

  userById(userId: string): UserIdentity | undefined {
    return this.#usersById.get(parseGuid(userId) ?? '');
  }

  userByName(name: string): UserIdentity | undefined {
    return this.#usersByEmail.get(name) ?? this.#usersByUserName.get(name);
  }

  userByNameInAnyCase(name: string): UserIdentity | undefined {
    const match = this.#matcher.match(name);
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

function guidsOf(texts: string[]): string[] {
  return distinct(texts.flatMap((text) => parseGuid(text) ?? []));
}

function distinct(texts: string[]): string[] {
  return [...new Set(texts)];
}
