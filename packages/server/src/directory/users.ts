import type { Tx } from '../store/connections/db.ts';
import { lockDirectory } from '../store/connections/directory-lock.ts';
import { restoreUsers } from '../store/directory/deleted-users.ts';
import { insertUsers, lockUsers, updateUsers } from '../store/directory/users.ts';
import { fold } from '../store/values/fold.ts';
import { type DayAuthor, freeFutureBookings } from '../workday/plan.ts';
import { isSilent, type Segment, Tree } from './tree.ts';
import { Claims, orRefused, type UpsertItem, type UpsertResult } from './upsert.ts';
import { type Draft, UserIndex, UserWriter } from './user-writer.ts';
import {
  clearable,
  ItemRefusedError,
  optionalGuid,
  optionalKey,
  optionalStatus,
  optionalText,
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

/**
 * Creates and updates users, matched by id or else by userName without regard to case. Results are in the
 * order of `items`; one that is refused stops no other. Takes the directory lock. Throws a write conflict
 * (`isWriteConflict`) where a writer without that lock came first, or where users of one call trade names or
 * addresses among themselves; nothing is written then, and the same items can be tried again in a new
 * transaction, after `claims.discard()`, at last one by one.
 *
 * People who become inactive give up what they have booked from `author.at` on. A person whom the identity provider deleted has no
 * userName for anybody else: whoever asks for it gets it, and the deleted person is renamed. Made active, the person is back
 * (`restoreUsers`).
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
  const writer = new UserWriter(await UserIndex.load(tx, tenantId, good), tree, claims);
  const results = drafts.map((draft) => ('refused' in draft ? draft : orRefused(() => writer.apply(draft))));
  // In the order of their ids, as the writers of days do: an update alone takes them in any.
  await lockUsers(
    tx,
    tenantId,
    [...writer.renamed, ...writer.updates].map((user) => user.userId),
  );
  await updateUsers(tx, tenantId, writer.renamed, author.at);
  await restoreUsers(tx, tenantId, writer.restored, author.at);
  // First, so that a name or an address that one user gives up is free for a new one.
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
  throw new ItemRefusedError('primaryLocationId and primaryLocationName do not agree: one of them is null');
}
