import { type AssignmentItem, assignDesks } from '../directory/manage/assignments.ts';
import { type Claims, orRefused, type UpsertItem, type UpsertResult } from '../directory/upsert.ts';
import { ItemRefusedError, optionalGuid, quote } from '../directory/values.ts';
import type { Tx } from '../store/connections/db.ts';
import { listDesksNamed, type NamedDesk } from '../store/directory/desk-assignments.ts';
import { REASONS } from '../store/workday/reasons.ts';
import { optional } from './columns.ts';
import { BATCH_ROWS, type CsvKind, EXAMPLE_ID, storeDrafts } from './kind.ts';
import { fits, onlyOne } from './named.ts';

interface AssignmentRow extends UpsertItem {
  deskId?: string;
  deskName?: string;
  zoneName?: string;
  levelName?: string;
  locationName?: string;
  userId?: string;
  userName?: string;
}

const NAME_MEMBERS = ['deskName', 'zoneName', 'levelName', 'locationName'] as const;

export const deskAssignments: CsvKind<AssignmentRow> = {
  word: 'assigned desk',
  reason: REASONS.importOfDeskAssignments,
  batchRows: BATCH_ROWS,
  nameOf: ({ deskName }) => deskName,
  upsert: (tx, tenantId, items, _author, claims) => assignNamedDesks(tx, tenantId, items, claims),
  columns: [
    optional(
      'deskId',
      'The id of an existing desk. Give deskId, deskName, or both if they agree',
      EXAMPLE_ID.desk,
    ),
    optional('deskName', 'The name of the desk', 'Desk 12'),
    optional('zoneName', 'The zone of the desk; required if several desks have the name', 'North'),
    optional('levelName', 'The level of the desk; as zoneName', 'Level 3'),
    optional('locationName', 'The location of the desk; as zoneName', 'Harbour House'),
    optional('userId', 'The id of the active user who gets the desk', ''),
    optional('userName', 'Instead of userId: the e-mail or userName of the user', 'ada@example.com'),
  ],
  anyOf: [
    ['deskId', 'deskName'],
    ['userId', 'userName'],
  ],
};

/** Like `assignDesks`, for desks that rows name. A file may have one row for each desk. */
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
    throw new ItemRefusedError('userId and userName are empty');
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
    if (deskId === undefined) throw new ItemRefusedError('deskId and deskName are empty');
    return deskId;
  }
  const fitting = named.filter((desk) => fits(item, desk, NAME_MEMBERS));
  const desk = `deskName ${quote(item.deskName)}`;
  const found = onlyOne(deskId === undefined ? fitting : fitting.filter((each) => each.deskId === deskId), {
    name: desk,
    kinds: 'desks',
    advice: 'locationName, levelName and zoneName, or deskId',
  });
  if (found) return found.deskId;
  throw new ItemRefusedError(
    deskId !== undefined && fitting.length > 0
      ? `deskId ${quote(deskId)} and ${desk} do not agree`
      : `${desk} is not known there`,
  );
}
