import { randomUUID } from 'node:crypto';
import type { Tx } from '../store/db.ts';
import { lockDirectory } from '../store/directory-lock.ts';
import { fold } from '../store/fold.ts';
import type { Status } from '../store/nodes.ts';
import {
  insertUsers,
  listActiveUsersByEmail,
  listUsersById,
  listUsersByUserName,
  lockUsers,
  type UserRow,
  updateUsers,
} from '../store/users.ts';
import { type DayAuthor, releaseUsers } from '../workday/plan.ts';
import { isSilent, type Segment, Tree } from './tree.ts';
import { Claims, orRefused, type Stored, type UpsertItem, type UpsertResult } from './upsert.ts';
import {
  ConflictRefusal,
  clearable,
  optionalGuid,
  optionalKey,
  optionalStatus,
  optionalText,
  quote,
  Refusal,
} from './values.ts';

/**
 * Members left out, or empty, stay as they are on an update; on a create they take their default. Null empties.
 * Somebody new needs a userName.
 */
export interface UserItem extends UpsertItem {
  userId?: string;
  /** Unique without regard to case. */
  userName?: string;
  /** Kept exactly as given; unique among active users. */
  email?: string | null;
  firstName?: string | null;
  lastName?: string | null;
  /** Default false. */
  onboarded?: boolean;
  /** `active` (the default) or `inactive`. */
  status?: string;
  /** The location must exist; id and name, when both are given, must agree. */
  primaryLocationId?: string | null;
  primaryLocationName?: string | null;
}

/** An item, judged on its own. */
interface Draft {
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

/**
 * Creates and updates users, matched by id or else by userName without regard to case. Results are in the
 * order of `items`; one that is refused stops no other. Takes the directory lock. Throws a write conflict
 * (`isWriteConflict`) where a writer without that lock came first, or where users of one call trade names or
 * addresses among themselves; nothing is written then, and the same items can be tried again in a new
 * transaction, after `claims.discard()`, at last one by one.
 *
 * People who become inactive give up what they have booked from `author.at` on.
 */
export async function upsertUsers(
  tx: Tx,
  tenantId: string,
  items: UserItem[],
  author: DayAuthor,
  claims = new Claims(),
): Promise<UpsertResult[]> {
  const drafts = items.map((item) => orRefused(() => judge(item)));
  const good = drafts.flatMap((draft) => ('refused' in draft ? [] : [draft]));
  await lockDirectory(tx, tenantId);
  const tree = await Tree.load(
    tx,
    tenantId,
    good.flatMap((draft) => (draft.location ? [[draft.location]] : [])),
  );
  const writer = new UserWriter(await People.load(tx, tenantId, good), tree, claims);
  const results = drafts.map((draft) => ('refused' in draft ? draft : orRefused(() => writer.apply(draft))));
  // In the order of their ids, as the writers of days do: an update alone takes them in any.
  await lockUsers(
    tx,
    tenantId,
    writer.updates.map((user) => user.userId),
  );
  // First, so that a name or an address that one user gives up is free for a new one.
  await updateUsers(tx, tenantId, writer.updates, author.at);
  await insertUsers(tx, tenantId, writer.inserts, author.at);
  await releaseUsers(tx, tenantId, writer.deactivated, author);
  return results;
}

function judge(item: UserItem): Draft {
  const userId = optionalGuid('userId', item.userId);
  const userName = optionalKey('userName', item.userName, fold);
  if (userId === undefined && userName === undefined) throw new Refusal('userName is empty');
  return {
    origin: item.origin,
    userId,
    userName,
    email: clearable(item.email, (email) => optionalKey('email', email, fold)),
    firstName: clearable(item.firstName, (name) => optionalText('firstName', name)),
    lastName: clearable(item.lastName, (name) => optionalText('lastName', name)),
    onboarded: item.onboarded,
    status: optionalStatus('status', item.status),
    location: judgeLocation(item),
  };
}

/** The location that an item names; null where it says that there shall be none. */
function judgeLocation({ primaryLocationId, primaryLocationName }: UserItem): Segment | null | undefined {
  const segment: Segment = {
    kind: 'location',
    idMember: 'primaryLocationId',
    nameMember: 'primaryLocationName',
    id: optionalGuid('primaryLocationId', primaryLocationId ?? undefined),
    name: optionalKey('primaryLocationName', primaryLocationName ?? undefined),
  };
  const none = primaryLocationId === null || primaryLocationName === null;
  if (isSilent(segment)) return none ? null : undefined;
  if (!none) return segment;
  throw new Refusal('primaryLocationId and primaryLocationName do not agree: one of them is null');
}

/** The users that a batch of items can mean or collide with, with what the batch makes of them. */
class People {
  readonly #byId = new Map<string, UserRow>();
  readonly #byUserName = new Map<string, UserRow>();
  readonly #byEmail = new Map<string, UserRow>();

  static async load(tx: Tx, tenantId: string, drafts: Draft[]): Promise<People> {
    const people = new People();
    const ids = new Set(drafts.flatMap((draft) => draft.userId ?? []));
    for (const user of await listUsersById(tx, tenantId, [...ids])) people.put(user);

    // Names and addresses are unique: where one is known to be somebody's, nobody else can have it.
    const names = new Set(drafts.flatMap(({ userName }) => (userName === undefined ? [] : fold(userName))));
    const newNames = [...names].filter((name) => !people.withUserName(name));
    for (const user of await listUsersByUserName(tx, tenantId, newNames)) people.put(user);

    // The addresses of those found, too: one of them may become active again.
    const emails = new Set([...drafts, ...people.#byId.values()].flatMap(({ email }) => email ?? []));
    const newEmails = [...emails].filter((email) => !people.activeWithEmail(email));
    for (const user of await listActiveUsersByEmail(tx, tenantId, newEmails)) people.put(user);
    return people;
  }

  get(userId: string): UserRow | undefined {
    return this.#byId.get(userId);
  }

  withUserName(folded: string): UserRow | undefined {
    return this.#byUserName.get(folded);
  }

  activeWithEmail(email: string): UserRow | undefined {
    return this.#byEmail.get(email);
  }

  /** Puts `user` in, in place of what was there with the same id. */
  put(user: UserRow): void {
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

/** Applies drafts to the people loaded, in order, and collects what is then to be written. */
class UserWriter {
  readonly inserts: UserRow[] = [];
  readonly updates: UserRow[] = [];
  /** Ids of those among `updates` who were active. */
  readonly deactivated: string[] = [];
  readonly #people: People;
  readonly #tree: Tree;
  readonly #claims: Claims;

  constructor(people: People, tree: Tree, claims: Claims) {
    this.#people = people;
    this.#tree = tree;
    this.#claims = claims;
  }

  apply(draft: Draft): Stored {
    const current = this.#find(draft);
    const next = this.#next(current, draft);
    const changes = current === undefined || !sameUser(current, next);
    this.#refuseSpelling(current, draft);
    if (changes) this.#refuseEmail(next);
    const subject = { id: next.userId, idGiven: draft.userId !== undefined, name: next.userName };
    this.#claims.claim(
      { ...subject, idMember: 'userId', nameMember: 'userName' },
      { origin: draft.origin, changes },
    );
    if (!changes) return { id: next.userId, result: 'unchanged' };
    this.#people.put(next);
    (current ? this.updates : this.inserts).push(next);
    if (current?.status === 'active' && next.status === 'inactive') this.deactivated.push(next.userId);
    return { id: next.userId, result: current ? 'updated' : 'created' };
  }

  #find({ userId, userName }: Draft): UserRow | undefined {
    const byId = userId === undefined ? undefined : this.#people.get(userId);
    if (userName === undefined) {
      if (byId) return byId;
      throw new Refusal(`userId ${quote(userId ?? '')} is not known`);
    }
    const byName = this.#people.withUserName(fold(userName));
    if (userId === undefined || byName === undefined || byName.userId === userId) return byId ?? byName;
    const taken = `userName ${quote(userName)} is already that of ${this.#owner(byName)}`;
    throw new ConflictRefusal(byId ? taken : `userId ${quote(userId)} is not known, and ${taken}`);
  }

  #next(current: UserRow | undefined, draft: Draft): UserRow {
    const userName = draft.userName ?? current?.userName ?? '';
    const email = either(draft.email, current?.email);
    return {
      userId: current?.userId ?? draft.userId ?? randomUUID(),
      userName,
      userNameFolded: fold(userName),
      email,
      emailFolded: email === null ? null : fold(email),
      firstName: either(draft.firstName, current?.firstName),
      lastName: either(draft.lastName, current?.lastName),
      onboarded: draft.onboarded ?? current?.onboarded ?? false,
      status: draft.status ?? current?.status ?? 'active',
      primaryLocationId: either(
        draft.location && this.#tree.getLocation(draft.location).nodeId,
        current?.primaryLocationId,
      ),
    };
  }

  /** Two spellings of one userName in a file are two people to whoever wrote it. */
  #refuseSpelling(current: UserRow | undefined, { userName }: Draft): void {
    if (!current || userName === undefined || current.userName === userName) return;
    if (current.userNameFolded !== fold(userName)) return;
    const earlier = this.#claims.get(current.userId);
    if (!earlier) return;
    throw new Refusal(
      `userName ${quote(userName)} differs only by case from ${quote(current.userName)} in ${earlier.origin}`,
    );
  }

  #refuseEmail({ userId, email, status }: UserRow): void {
    if (email === null || status !== 'active') return;
    const other = this.#people.activeWithEmail(email);
    if (!other || other.userId === userId) return;
    throw new ConflictRefusal(`email ${quote(email)} is already that of ${this.#owner(other)}`);
  }

  #owner(user: UserRow): string {
    return this.#claims.get(user.userId)?.origin ?? `user ${user.userId}`;
  }
}

/** What the item says, else what is there. */
function either(said: string | null | undefined, stored: string | null | undefined): string | null {
  return said === undefined ? (stored ?? null) : said;
}

function sameUser(a: UserRow, b: UserRow): boolean {
  return (Object.keys(a) as (keyof UserRow)[]).every((member) => a[member] === b[member]);
}
