import { type GroupItem, parentsFirst, upsertGroups } from '../directory/groups.ts';
import type { UpsertResult } from '../directory/upsert.ts';
import { type UserItem, upsertUsers } from '../directory/users.ts';
import { listGroupRows, setPrimaryGroupsOf } from '../store/directory/group-records.ts';
import { boolean, guid, maybeText, needGuid, type Row, text } from './cells.ts';
import type { NodeLoader } from './node-loader.ts';
import {
  type ImportTarget,
  loadEach,
  type Outcome,
  outcomeOf,
  type SourceRow,
  upsertInto,
} from './target.ts';

/** Loads all groups together, because a parent may come after its children. */
export async function loadGroups(target: ImportTarget, rows: SourceRow[]): Promise<Outcome[]> {
  return loadEach(
    rows,
    ({ row, origin }): GroupItem & { origin: string } => ({
      origin,
      groupId: needGuid(row, 'groupId'),
      groupName: text(row, 'groupName'),
      groupType: text(row, 'groupType'),
      parentGroupId: guid(row, 'parentGroupId') ?? ('parentGroupId' in row ? null : undefined),
      status: text(row, 'status'),
    }),
    async (items) => {
      const ordered = parentsFirst(items);
      const results = await upsertInto(target, ordered, (tx, tenantId, batch, _author, claims) =>
        upsertGroups(tx, tenantId, batch, claims),
      );
      const resultOf = new Map(ordered.map((item, index) => [item, results[index]]));
      return items.map((item) => outcomeOf(resultOf.get(item) ?? { refused: 'it was not stored' }));
    },
  );
}

interface ExportedUser {
  item: UserItem & { userId: string };
  /** Undefined where the row has no such member. */
  groupId: string | null | undefined;
}

/** Loads users, active and inactive, each with their primary location and group. */
export function loadUsers(
  target: ImportTarget,
  nodeLoader: NodeLoader,
  rows: SourceRow[],
): Promise<Outcome[]> {
  return loadEach(rows, readUser, async (users) => {
    const offices = users.flatMap(({ item }) => item.primaryLocationId ?? []);
    await nodeLoader.ensure(
      offices.map((id) => ({ location: { id }, level: {}, zone: {}, place: {}, space: {} })),
    );
    const { tenantId, retrying } = target;
    const groups = new Set(
      (await retrying((tx) => listGroupRows(tx, tenantId))).map(({ groupId }) => groupId),
    );
    const remarks = users.map((user) => leaveOutUnknown(user, nodeLoader, groups));
    const results = await upsertInto(
      target,
      users.map(({ item }) => item),
      async (tx, tenantId, items, author, claims) => {
        const stored = await upsertUsers(tx, tenantId, items, author, claims);
        const storedIds = new Set(stored.flatMap((result) => ('id' in result ? result.id : [])));
        const primary = users.flatMap(({ item: { userId }, groupId }) =>
          groupId === undefined || !storedIds.has(userId) ? [] : [{ userId, groupId }],
        );
        const moved = new Set(await setPrimaryGroupsOf(tx, tenantId, primary));
        return stored.map((result): UpsertResult => {
          const alsoMoved = 'id' in result && result.result === 'unchanged' && moved.has(result.id);
          return alsoMoved ? { id: result.id, result: 'updated' } : result;
        });
      },
    );
    return results.map((result, index) => ({ ...outcomeOf(result), remark: remarks[index] }));
  });
}

function readUser({ row, origin }: SourceRow): ExportedUser {
  const item: ExportedUser['item'] = { origin, userId: needGuid(row, 'userId') };
  const userName = text(row, 'userName') ?? text(row, 'email');
  if (userName !== undefined) item.userName = userName;
  for (const member of ['email', 'firstName', 'lastName'] as const) {
    const value = maybeText(row, member);
    if (value !== undefined) item[member] = value;
  }
  const onboarded = boolean(row, 'onboarded');
  if (onboarded !== undefined) item.onboarded = onboarded;
  const status = text(row, 'status');
  if (status !== undefined) item.status = status;
  const officeId = guidOrNull(row, 'primaryLocationId');
  if (officeId !== undefined) item.primaryLocationId = officeId;
  return { item, groupId: guidOrNull(row, 'primaryGroupId') };
}

function guidOrNull(row: Row, member: string): string | null | undefined {
  return guid(row, member) ?? (member in row ? null : undefined);
}

/**
 * Removes an unknown primary location or group from a user, so that the import keeps the user. Returns a remark about
 * it, or undefined.
 */
function leaveOutUnknown(
  user: ExportedUser,
  nodeLoader: NodeLoader,
  groups: ReadonlySet<string>,
): string | undefined {
  const { item, groupId } = user;
  const unknown: string[] = [];
  if (item.primaryLocationId && !nodeLoader.has(item.primaryLocationId)) {
    unknown.push(`primaryLocationId ${item.primaryLocationId} is not known and was left out`);
    delete item.primaryLocationId;
  }
  if (groupId && !groups.has(groupId)) {
    unknown.push(`primaryGroupId ${groupId} is not known and was left out`);
    user.groupId = undefined;
  }
  return unknown.length > 0 ? unknown.join('; ') : undefined;
}
