import { type AssignmentItem, assignDesks } from '../directory/manage/assignments.ts';
import { type Claims, orRefused, type UpsertItem, type UpsertResult } from '../directory/upsert.ts';
import { ItemRefusedError, optionalGuid, quote } from '../directory/values.ts';
import type { Tx } from '../store/connections/db.ts';
import { listDesksNamed, type NamedDesk } from '../store/directory/desk-assignments.ts';
import { optional } from './columns.ts';
import { BATCH_ROWS, type CsvKind, EXAMPLE_ID, storeDrafts } from './kind.ts';

interface AssignmentRow extends UpsertItem {
  deskId?: string;
  deskName?: string;
  zoneName?: string;
  levelName?: string;
  locationName?: string;
  userId?: string;
  userName?: string;
}

const PLACE_MEMBERS = ['deskName', 'zoneName', 'levelName', 'locationName'] as const;

export const deskAssignments: CsvKind<AssignmentRow> = {
  word: 'assigned desk',
  reason: 'Import of assigned desks',
  batchRows: BATCH_ROWS,
  nameOf: ({ deskName }) => deskName,
  upsert: (tx, tenantId, items, _author, claims) => assignNamedDesks(tx, tenantId, items, claims),
  columns: [
    optional(
      'deskId',
      'The desk, which must exist. It, or its name, or both when they agree',
      EXAMPLE_ID.desk,
    ),
    optional('deskName', 'The desk by its name', 'Desk 12'),
    optional('zoneName', 'Where the desk is; needed when several desks have the name', 'North'),
    optional('levelName', 'As zoneName', 'Level 3'),
    optional('locationName', 'As zoneName', 'Harbour House'),
    optional('userId', 'Whose the desk is: an active user', ''),
    optional('userName', 'Instead of the id: their e-mail or userName', 'ada@example.com'),
  ],
  anyOf: [
    ['deskId', 'deskName'],
    ['userId', 'userName'],
  ],
};

/** `assignDesks` for desks by name. A file has one row for a desk. */
async function assignNamedDesks(
  tx: Tx,
  tenantId: string,
  items: AssignmentRow[],
  claims: Claims,
): Promise<UpsertResult[]> {
  const named = await listDesksNamed(
    tx,
    tenantId,
    items.flatMap((item) => item.deskName ?? []),
  );
  const drafts = items.map((item) => orRefused(() => toAssignment(item, named, claims)));
  return storeDrafts(drafts, (accepted) => assignDesks(tx, tenantId, accepted));
}

function toAssignment(item: AssignmentRow, named: NamedDesk[], claims: Claims): AssignmentItem {
  const { userId, userName } = item;
  if (userId === undefined && userName === undefined)
    throw new ItemRefusedError('userId or userName is empty');
  const deskId = findDesk(item, named);
  const earlier = claims.get(deskId);
  if (earlier)
    throw new ItemRefusedError(
      `desk ${quote(item.deskName ?? deskId)} was already given in ${earlier.origin}`,
    );
  claims.claim(
    { id: deskId, idGiven: false, idMember: 'deskId', nameMember: 'deskName', name: item.deskName ?? '' },
    { origin: item.origin, changes: false },
  );
  return { deskId, ...(userId !== undefined && { userId }), ...(userName !== undefined && { userName }) };
}

/** Throws `ItemRefusedError` if the row identifies no desk, or several. */
function findDesk(item: AssignmentRow, named: NamedDesk[]): string {
  const deskId = optionalGuid('deskId', item.deskId);
  if (item.deskName === undefined) {
    if (deskId === undefined) throw new ItemRefusedError('deskId or deskName is empty');
    return deskId;
  }
  const fitting = named.filter((desk) =>
    PLACE_MEMBERS.every((member) => item[member] === undefined || item[member] === desk[member]),
  );
  const found = deskId === undefined ? fitting : fitting.filter((desk) => desk.deskId === deskId);
  const inUse = found.filter((desk) => desk.inUse);
  const [only, ...others] = inUse.length > 0 ? inUse : found;
  const desk = `deskName ${quote(item.deskName)}`;
  if (only && others.length === 0) return only.deskId;
  if (only) {
    throw new ItemRefusedError(
      `${desk} is that of ${others.length + 1} desks: name its locationName, levelName and zoneName, or its deskId`,
    );
  }
  throw new ItemRefusedError(
    deskId !== undefined && fitting.length > 0
      ? `deskId ${quote(deskId)} and ${desk} do not agree`
      : `${desk} is not known there`,
  );
}
