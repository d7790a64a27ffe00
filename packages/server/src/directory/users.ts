import type { Tx } from '../store/connections/db.ts';
import { lockDirectory } from '../store/connections/directory-lock.ts';
import { restoreUsers } from '../store/directory/deleted-users.ts';
import { insertUsers, lockUsers, updateUsers, type WritableUser } from '../store/directory/users.ts';
import { fold } from '../store/values/fold.ts';
import { type DayAuthor, freeFutureBookings } from '../workday/plan.ts';
import { isSilent, type Segment, Tree } from './tree.ts';
import { Claims, orRefused, type UpsertItem, type UpsertResult } from './upsert.ts';
import { type Draft, type Identity, UserIndex, UserWriter } from './user-writer.ts';
import {
  clearable,
  ItemRefusedError,
  optionalGuid,
  optionalKey,
  optionalStatus,
  optionalText,
} from './values.ts';

/**
 * On an update, members that are left out or empty stay as they are. On a create they take their default. Null
 * empties a member. A new user needs a userName.
 */
export interface UserItem extends UpsertItem {
  userId?: string;
  /** Unique without regard to case. */
  userName?: string;
  /** Stored exactly as given; unique among active users. */
  email?: string | null;
  firstName?: string | null;
  lastName?: string | null;
  /** Default false. */
  onboarded?: boolean;
  /** `active` (the default) or `inactive`. */
  status?: string;
  /** The location must exist. If both id and name are given, they must agree. */
  primaryLocationId?: string | null;
  primaryLocationName?: string | null;
}

/**
 * Creates and updates users, matched by id or else by userName without regard to case. Results are in the
 * order of `items`; a refused item stops no other. Takes the directory lock. Throws a write conflict
 * (`isWriteConflict`) if a writer without that lock came first, or if users of one call exchange names or
 * addresses. Nothing is written then. The caller may try the same items again in a new transaction, after
 * `claims.discard()`, and finally one by one.
 *
 * - The future bookings of users who become inactive are freed, from `author.at` on.
 * - A user whom the identity provider deleted does not keep the userName: another user can take it, and the deleted
 *   user is then renamed.
 * - A deleted user whom an item makes active is restored (`restoreUsers`).
 */
export async function upsertUsers(
  tx: Tx,
  tenantId: string,
  items: UserItem[],
  author: DayAuthor,
  claims = new Claims(),
): Promise<UpsertResult[]> {
  await lockDirectory(tx, tenantId);
  return writeUsers(tx, tenantId, items, { author, claims, identities: new Map() });
}

export interface UserWriting {
  author: DayAuthor;
  claims: Claims;
  /** What an identity provider says of users, by user id. */
  identities: ReadonlyMap<string, Identity>;
  /** All users with an id, a userName or an active e-mail address of the items, if the caller has looked them up. */
  known?: readonly WritableUser[] | undefined;
}

/** As `upsertUsers`. Needs the directory lock. */
export async function writeUsers(
  tx: Tx,
  tenantId: string,
  items: UserItem[],
  { author, claims, identities, known }: UserWriting,
): Promise<UpsertResult[]> {
  const drafts = items.map((item) => orRefused(() => judge(item)));
  const good = drafts.flatMap((draft) => ('refused' in draft ? [] : [draft]));
  const tree = await Tree.load(
    tx,
    tenantId,
    good.flatMap((draft) => (draft.location ? [[draft.location]] : [])),
  );
  const people = await UserIndex.load(tx, tenantId, good, known);
  const writer = new UserWriter(people, { tree, claims, identities });
  const results = drafts.map((draft) => ('refused' in draft ? draft : orRefused(() => writer.apply(draft))));
  // Locks in the order of their ids, as the writers of days do: an update alone would lock in any order.
  await lockUsers(
    tx,
    tenantId,
    [...writer.renamed, ...writer.updates].map((user) => user.userId),
  );
  await updateUsers(tx, tenantId, writer.renamed, author.at);
  await restoreUsers(tx, tenantId, writer.restored, author.at);
  // Before the inserts: a name or an address that one user gives up is then free for a new user.
  await updateUsers(tx, tenantId, writer.updates, author.at);
  await insertUsers(tx, tenantId, writer.inserts, author.at);
  await freeFutureBookings(tx, tenantId, writer.deactivated, author);
  return results;
}

function judge(item: UserItem): Draft {
  const userId = optionalGuid('userId', item.userId);
  const userName = optionalKey('userName', item.userName, fold);
  if (userId === undefined && userName === undefined) throw new ItemRefusedError('userName is empty');
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

/** The location that an item names; null if the item empties it. */
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
  throw new ItemRefusedError('primaryLocationId and primaryLocationName do not agree: one of them is null');
}
