import { randomUUID } from 'node:crypto';
import type { Tx } from '../store/connections/db.ts';
import type { Status } from '../store/directory/nodes.ts';
import {
  type AttributePatch,
  listPseudonymsAmong,
  listUsersLike,
  type NewUser,
  type WritableUser,
} from '../store/directory/users.ts';
import { listErasedAmong } from '../store/privacy/erasures.ts';
import { fold } from '../store/values/fold.ts';
import { hasSameMembers } from '../store/values/same-members.ts';
import type { Segment, Tree } from './tree.ts';
import { type Claims, orRefused, type Stored } from './upsert.ts';
import { ItemConflictError, ItemRefusedError, optionalKey, quote } from './values.ts';

/** An item of a user, checked on its own. Undefined: not given. Null: empties the member. */
export interface Draft {
  origin: string | undefined;
  userId: string | undefined;
  userName: string | undefined;
  email: string | null | undefined;
  firstName: string | null | undefined;
  lastName: string | null | undefined;
  onboarded: boolean | undefined;
  status: Status | undefined;
  location: Segment | null | undefined;
}

/** The members of a user that only an identity provider sets. A new user gets the attributes. */
export interface Identity {
  externalId: string | null;
  displayName: string | null;
  attributes: AttributePatch | undefined;
}

/** The users whom a batch of items can name or collide with, and their state after the items so far. */
export class UserIndex {
  readonly #byId = new Map<string, WritableUser>();
  readonly #byUserName = new Map<string, WritableUser>();
  readonly #byEmail = new Map<string, WritableUser>();
  #pseudonyms: ReadonlySet<string> = new Set();
  #erased: ReadonlySet<string> = new Set();

  /** With `known`, the caller has looked up what the drafts themselves name. */
  static async load(
    tx: Tx,
    tenantId: string,
    drafts: Draft[],
    known?: readonly WritableUser[],
  ): Promise<UserIndex> {
    const people = new UserIndex();
    const userIds = new Set(drafts.flatMap((draft) => draft.userId ?? []));
    const names = new Set(drafts.flatMap(({ userName }) => (userName === undefined ? [] : fold(userName))));
    const emails = new Set(drafts.flatMap(({ email }) => email ?? []));
    const keys = { userIds: [...userIds], namesFolded: [...names], emails: [...emails] };
    for (const user of known ?? (await listUsersLike(tx, tenantId, keys))) people.put(user);

    const unknownIds = [...userIds].filter((userId) => !people.#byId.has(userId));
    people.#pseudonyms = await listPseudonymsAmong(tx, tenantId, unknownIds);
    // The request of an erasure makes a user deprovisioned, so most writers ask for nobody.
    const deleted = [...people.#byId.values()].filter(({ deprovisioned }) => deprovisioned);
    const mayBeErased = [...unknownIds, ...deleted.map(({ userId }) => userId)];
    people.#erased = await listErasedAmong(tx, tenantId, mayBeErased);

    // Also the holders of the addresses of the users found: one of these users may become active again.
    const others = new Set([...people.#byId.values()].flatMap(({ email }) => email ?? []));
    const unknown = [...others].filter((email) => !emails.has(email) && !people.activeWithEmail(email));
    for (const user of await listUsersLike(tx, tenantId, { emails: unknown })) people.put(user);
    return people;
  }

  get(userId: string): WritableUser | undefined {
    return this.#byId.get(userId);
  }

  isPseudonym(userId: string): boolean {
    return this.#pseudonyms.has(userId);
  }

  /** Whether the user is being erased, or an id that no user has is that of somebody who was erased. */
  isErased(userId: string): boolean {
    return this.#erased.has(userId);
  }

  withUserName(folded: string): WritableUser | undefined {
    return this.#byUserName.get(folded);
  }

  activeWithEmail(email: string): WritableUser | undefined {
    return this.#byEmail.get(email);
  }

  /** Adds `user`, or replaces the user with the same id. */
  put(user: WritableUser): void {
    const before = this.#byId.get(user.userId);
    if (before) {
      this.#byUserName.delete(before.userNameFolded);
      if (before.email !== null && before.status === 'active') this.#byEmail.delete(before.email);
    }
    this.#byId.set(user.userId, user);
    this.#byUserName.set(user.userNameFolded, user);
    if (user.email !== null && user.status === 'active') this.#byEmail.set(user.email, user);
  }
}

/** Applies drafts to the loaded users, in order, and collects the rows to write. */
export class UserWriter {
  readonly inserts: NewUser[] = [];
  readonly updates: WritableUser[] = [];
  /** Ids of those among `updates` who were active, and are inactive now. */
  readonly deactivated: string[] = [];
  /** Deleted users whose userName went to another user. The caller writes them before `updates`. */
  readonly renamed: WritableUser[] = [];
  /** Ids of those among `updates` who were deleted, and are active now. */
  readonly restored: string[] = [];
  readonly #people: UserIndex;
  readonly #tree: Tree;
  readonly #claims: Claims;
  readonly #identities: ReadonlyMap<string, Identity>;

  /** `identities` are by user id. */
  constructor(
    people: UserIndex,
    { tree, claims, identities }: { tree: Tree; claims: Claims; identities: ReadonlyMap<string, Identity> },
  ) {
    this.#people = people;
    this.#tree = tree;
    this.#claims = claims;
    this.#identities = identities;
  }

  apply(draft: Draft): Stored {
    const current = this.#find(draft);
    const erased = current?.userId ?? draft.userId;
    if (erased !== undefined && this.#people.isErased(erased)) {
      throw new ItemConflictError(`user ${quote(erased)} ${current ? 'is being erased' : 'was erased'}`);
    }
    const next = this.#next(current, draft);
    const changes = current === undefined || !hasSameMembers(current, next);
    this.#refuseSpelling(current, draft);
    if (changes) this.#refuseEmail(next);
    const subject = { id: next.userId, idGiven: draft.userId !== undefined, name: next.userName };
    this.#claims.claim(
      { ...subject, idMember: 'userId', nameMember: 'userName' },
      { origin: draft.origin, changes },
    );
    if (!changes) return { id: next.userId, result: 'unchanged' };
    this.#takeName(next);
    this.#people.put(next);
    if (current) this.updates.push(next);
    else this.inserts.push({ ...next, attributes: this.#identities.get(next.userId)?.attributes });
    if (current?.status === 'active' && next.status === 'inactive') this.deactivated.push(next.userId);
    if (current?.deprovisioned && !next.deprovisioned) this.restored.push(next.userId);
    return { id: next.userId, result: current ? 'updated' : 'created' };
  }

  #find({ userId, userName }: Draft): WritableUser | undefined {
    const byId = userId === undefined ? undefined : this.#people.get(userId);
    if (userId !== undefined && this.#people.isPseudonym(userId)) {
      throw new ItemRefusedError(`userId ${quote(userId)} is a pseudonym, under which statistics keep rows`);
    }
    if (userName === undefined) {
      if (byId) return byId;
      throw new ItemRefusedError(`userId ${quote(userId ?? '')} is not known`);
    }
    const byName = this.#people.withUserName(fold(userName));
    if (userId === undefined || byName === undefined || byName.userId === userId) return byId ?? byName;
    if (this.#isFree(byName)) return byId;
    const taken = `userName ${quote(userName)} already belongs to ${this.#owner(byName)}`;
    throw new ItemConflictError(byId ? taken : `userId ${quote(userId)} is not known, and ${taken}`);
  }

  #next(current: WritableUser | undefined, draft: Draft): WritableUser {
    const userName = draft.userName ?? current?.userName ?? '';
    const email = either(draft.email, current?.email);
    const status = draft.status ?? current?.status ?? 'active';
    const userId = current?.userId ?? draft.userId ?? randomUUID();
    const identity = this.#identities.get(userId) ?? current;
    return {
      userId,
      userName,
      userNameFolded: fold(userName),
      email,
      emailFolded: email === null ? null : fold(email),
      firstName: either(draft.firstName, current?.firstName),
      lastName: either(draft.lastName, current?.lastName),
      onboarded: draft.onboarded ?? current?.onboarded ?? false,
      status,
      primaryLocationId: either(
        draft.location && this.#tree.getLocation(draft.location).nodeId,
        current?.primaryLocationId,
      ),
      deprovisioned: current?.deprovisioned === true && status === 'inactive',
      externalId: identity?.externalId ?? null,
      displayName: identity?.displayName ?? null,
    };
  }

  /**
   * Whether the holder's userName is free: a deleted user keeps it only until the erasure is finished, or if an item of this call is
   * for that user.
   */
  #isFree(holder: WritableUser): boolean {
    if (this.#people.isErased(holder.userId)) return false;
    return holder.deprovisioned && this.#claims.get(holder.userId) === undefined;
  }

  /** Renames the deleted user who has the userName of `user`, if there is one. */
  #takeName({ userId, userNameFolded }: WritableUser): void {
    const holder = this.#people.withUserName(userNameFolded);
    if (holder === undefined || holder.userId === userId) return;
    const userName = nameOfDeleted(holder.userName, holder.userId);
    const renamed = { ...holder, userName, userNameFolded: fold(userName) };
    this.#people.put(renamed);
    this.renamed.push(renamed);
  }

  /** The author of a file with two spellings of one userName means two people. */
  #refuseSpelling(current: WritableUser | undefined, { userName }: Draft): void {
    if (!current || userName === undefined || current.userName === userName) return;
    if (current.userNameFolded !== fold(userName)) return;
    const earlier = this.#claims.get(current.userId);
    if (!earlier) return;
    throw new ItemRefusedError(
      `userName ${quote(userName)} differs only by case from ${quote(current.userName)} in ${earlier.origin}`,
    );
  }

  #refuseEmail({ userId, email, status }: WritableUser): void {
    if (email === null || status !== 'active') return;
    const other = this.#people.activeWithEmail(email);
    if (!other || other.userId === userId) return;
    throw new ItemConflictError(`email ${quote(email)} already belongs to ${this.#owner(other)}`);
  }

  #owner(user: WritableUser): string {
    return this.#claims.get(user.userId)?.origin ?? `user ${user.userId}`;
  }
}

/**
 * The new userName of a deleted user whose userName went to another user. It contains the old one and the user's id,
 * so it is unique.
 */
export function nameOfDeleted(userName: string, userId: string): string {
  const suffix = `(deleted ${userId})`;
  const whole = orRefused(() => optionalKey('userName', `${userName} ${suffix}`, fold));
  return typeof whole === 'string' ? whole : suffix;
}

/** The value that the item gives, else the stored value. */
function either(said: string | null | undefined, stored: string | null | undefined): string | null {
  return said === undefined ? (stored ?? null) : said;
}
