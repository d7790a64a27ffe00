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

/** Whose a desk shall be. */
export const Owner = Type.Object({
  userId: Maybe(Type.String({ description: 'an active user; null, without a userName: nobody' })),
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
  /** Null: nobody's. */
  owner: { userId?: string; userName?: string } | null;
}

/**
 * Gives desks to people, or takes them away, each item in turn; one that is refused stops no other. Results are
 * in the order of `items`, their id that of the desk. Only desks that are in use are given, and only to active
 * people. Bookings stay as they are.
 *
 * Locks in the order in which writers of days do. Throws a write conflict (`isWriteConflict`) where others came
 * first all the same; the call can then be made again in a new transaction.
 */
export async function assignDesks(
  tx: Tx,
  tenantId: string,
  items: AssignmentItem[],
): Promise<UpsertResult[]> {
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
      throw new ItemRefusedError(`userId ${quote(userId)} is not that of an active user`);
    }
    if (userId !== null && !desk.active) {
      throw new ItemConflictError(`deskId ${quote(deskId)} is that of a desk that is retired, or in what is`);
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
  return results;
}

function judge(item: AssignmentItem): Draft {
  const deskId = parseGuid(item.deskId.trim());
  if (deskId === undefined) throw new ItemRefusedError(`deskId ${quote(item.deskId)} is not a GUID`);
  const userId = optionalGuid('userId', item.userId ?? undefined);
  const userName = optionalText('userName', item.userName ?? undefined);
  if (userId === undefined && userName === undefined) {
    if (item.userId === null) return { deskId, owner: null };
    throw new ItemRefusedError(
      "userId and userName are both missing: a userId of null makes the desk nobody's",
    );
  }
  return { deskId, owner: { ...(userId && { userId }), ...(userName && { userName }) } };
}

/** Throws `ItemRefusedError` where nobody is meant, or two. */
function findOwner({ userId, userName }: NonNullable<Draft['owner']>, matcher: UserMatcher): string {
  if (userName === undefined) return userId ?? '';
  const match = matcher.match(userName);
  if (!('userId' in match)) {
    throw new ItemRefusedError(
      match.candidates === 0
        ? `userName ${quote(userName)} is not that of an active user`
        : `userName ${quote(userName)} is that of ${match.candidates} active users, but for its case`,
    );
  }
  if (userId === undefined || userId === match.userId) return match.userId;
  throw new ItemRefusedError(
    `userId ${quote(userId)} and userName ${quote(userName)} are not the same person`,
  );
}
