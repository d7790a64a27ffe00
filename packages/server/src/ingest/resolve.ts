import { parseGuid } from '../http/guid.ts';
import type { Tx } from '../store/db.ts';
import { findActiveNodes, type NodeInOffice } from '../store/nodes.ts';
import { findActiveUsers, type UserIdentity } from '../store/users.ts';

/** The identifiers that the events of a batch name. Texts must be ones that PostgreSQL can hold. */
export interface Mentioned {
  userIds: string[];
  /** E-mails or userNames. */
  names: string[];
  nodeIds: string[];
}

/** The active users and nodes that a batch mentions. */
export class Resolved {
  readonly #usersById = new Map<string, UserIdentity>();
  readonly #usersByEmail = new Map<string, UserIdentity>();
  readonly #usersByUserName = new Map<string, UserIdentity>();
  readonly #nodes = new Map<string, NodeInOffice>();

  constructor(users: UserIdentity[], nodes: NodeInOffice[]) {
    for (const user of users) {
      this.#usersById.set(user.userId, user);
      this.#usersByUserName.set(user.userName, user);
      if (user.email !== null) this.#usersByEmail.set(user.email, user);
    }
    for (const node of nodes) this.#nodes.set(node.nodeId, node);
  }

  /** The active user with this id, a GUID in any case. */
  userById(userId: string): UserIdentity | undefined {
    return this.#usersById.get(parseGuid(userId) ?? '');
  }

  /** The active user with exactly this e-mail, else with exactly this userName. */
  userByName(name: string): UserIdentity | undefined {
    return this.#usersByEmail.get(name) ?? this.#usersByUserName.get(name);
  }

  /** The active node with this id, a GUID in any case. */
  node(nodeId: string): NodeInOffice | undefined {
    return this.#nodes.get(parseGuid(nodeId) ?? '');
  }
}

/** Looks up everything that a batch mentions, in one query for all people and one for all places. */
export async function resolve(tx: Tx, tenantId: string, mentioned: Mentioned): Promise<Resolved> {
  const users = await findActiveUsers(tx, tenantId, guids(mentioned.userIds), [...new Set(mentioned.names)]);
  const nodes = await findActiveNodes(tx, tenantId, guids(mentioned.nodeIds));
  return new Resolved(users, nodes);
}

function guids(texts: string[]): string[] {
  return [...new Set(texts.map(parseGuid).filter((guid) => guid !== undefined))];
}
