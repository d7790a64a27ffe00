import { type Static, Type } from 'typebox';
import { Maybe } from '../../http/schema.ts';
import type { Tx } from '../../store/connections/db.ts';
import { lockTree } from '../../store/connections/directory-lock.ts';
import { listOwners, writeOwners } from '../../store/directory/desk-assignments.ts';
import { loadUserMatcher } from '../../store/directory/directory-look-up.ts';
import type { UserMatcher } from '../../store/directory/user-matcher.ts';
import { lockUsers } from '../../store/directory/users.ts';
import { parseGuid } from '../../store/values/guid.ts';
import { listOfficeNodes, lockDesks } from '../../store/workday/offices.ts';
import { orRefused, type UpsertResult } from '../upsert.ts';
import { ItemConflictError, ItemRefusedError, optionalGuid, optionalText, quote } from '../values.ts';

/** The owner that a desk gets. */
export const Owner = Type.Object({
  userId: Maybe(Type.String({ description: 'an active user; null, without a userName, unassigns the desk' })),
  userName: Maybe(
    Type.String({
      description: 'instead of the id: exact e-mail or userName, else a unique match without regard to case',
    }),
  ),
});

export const AssignmentItem = Type.Object({ deskId: Type.String(), ...Owner.properties });
export type AssignmentItem = Static<typeof AssignmentItem>;

interface Draft {
  deskId: string;
  /** Null: the desk is not assigned. */
  owner: { userId?: string; userName?: string } | null;
}

/**
 * Assigns desks to users, or unassigns them, item by item. A refused item stops no other. Results are in the order
 * of `items`; the id of a result is the id of the desk. Only active desks are assigned, and only to active users.
 * Bookings stay as they are.
 *
 * Takes locks in the same order as the writers of days. Throws a write conflict (`isWriteConflict`) if another
 * writer came first nevertheless. The caller may then call again in a new transaction.
 */
export async function assignDesks(
  tx: Tx,
  tenantId: string,
  items: AssignmentItem[],
): Promise<UpsertResult[]> {
  return (await assignAndTell(tx, tenantId, items)).results;
}

/** As `assignDesks`, for one desk. Returns the owner before, too. */
export async function assignDesk(
  tx: Tx,
  tenantId: string,
  item: AssignmentItem,
): Promise<{ results: UpsertResult[]; ownerBefore: string | null }> {
  const { results, before } = await assignAndTell(tx, tenantId, [item]);
  return { results, ownerBefore: [...before.values()][0] ?? null };
}

async function assignAndTell(
  tx: Tx,
  tenantId: string,
  items: AssignmentItem[],
): Promise<{ results: UpsertResult[]; before: ReadonlyMap<string, string> }> {
  const drafts = items.map((item) => orRefused(() => judge(item)));
  const good = drafts.filter((draft): draft is Draft => !('refused' in draft));
  const deskIds = [...new Set(good.map(({ deskId }) => deskId))];

  await lockTree(tx, tenantId, 'shared');
  const matcher = await loadUserMatcher(
    tx,
    tenantId,
    good.flatMap(({ owner }) => owner?.userName ?? []),
  );
  const named = good.flatMap(({ owner }) => {
    const match = owner?.userName === undefined ? undefined : matcher.match(owner.userName);
    return [owner?.userId ?? [], match && 'userId' in match ? match.userId : []].flat();
  });
  const statuses = await lockUsers(tx, tenantId, [...new Set(named)]);
  await lockDesks(tx, tenantId, deskIds);
  const desks = new Map((await listOfficeNodes(tx, tenantId, deskIds)).map((node) => [node.nodeId, node]));
  const before = await listOwners(tx, tenantId, deskIds);
  const now = new Map<string, string | null>(before);

  const apply = ({ deskId, owner }: Draft): UpsertResult => {
    const desk = desks.get(deskId);
    if (desk?.kind !== 'place') throw new ItemRefusedError(`deskId ${quote(deskId)} is not known`);
    const userId = owner && findOwner(owner, matcher);
    if (userId !== null && statuses.get(userId) !== 'active') {
      throw new ItemRefusedError(`userId ${quote(userId)} does not belong to an active user`);
    }
    if (userId !== null && !desk.active) {
      throw new ItemConflictError(`deskId ${quote(deskId)} is retired, or is in a retired node`);
    }
    const current = now.get(deskId) ?? null;
    now.set(deskId, userId);
    if (current === userId) return { id: deskId, result: 'unchanged' };
    return { id: deskId, result: current === null ? 'created' : 'updated' };
  };
  const results = drafts.map((draft) => ('refused' in draft ? draft : orRefused(() => apply(draft))));
  const changed = [...now].filter(([deskId, userId]) => (before.get(deskId) ?? null) !== userId);
  await writeOwners(
    tx,
    tenantId,
    changed.map(([deskId, userId]) => ({ deskId, userId })),
  );
  return { results, before };
}

function judge(item: AssignmentItem): Draft {
  const deskId = parseGuid(item.deskId.trim());
  if (deskId === undefined) throw new ItemRefusedError(`deskId ${quote(item.deskId)} is not a GUID`);
  const userId = optionalGuid('userId', item.userId ?? undefined);
  const userName = optionalText('userName', item.userName ?? undefined);
  if (userId === undefined && userName === undefined) {
    if (item.userId === null) return { deskId, owner: null };
    throw new ItemRefusedError('userId and userName are both missing: a userId of null unassigns the desk');
  }
  return { deskId, owner: { ...(userId && { userId }), ...(userName && { userName }) } };
}

/** The user id of the owner. Throws `ItemRefusedError` if no user matches, or more than one. */
function findOwner({ userId, userName }: NonNullable<Draft['owner']>, matcher: UserMatcher): string {
  if (userName === undefined) return userId ?? '';
  const match = matcher.match(userName);
  if (!('userId' in match)) {
    throw new ItemRefusedError(
      match.candidates === 0
        ? `userName ${quote(userName)} does not belong to an active user`
        : `userName ${quote(userName)} matches no active user exactly, and ${match.candidates} without regard to case`,
    );
  }
  if (userId === undefined || userId === match.userId) return match.userId;
  throw new ItemRefusedError(
    `userId ${quote(userId)} and userName ${quote(userName)} belong to different users`,
  );
}
