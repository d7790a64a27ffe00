import type { UpsertItem } from '../directory/upsert.ts';
import { accessCredentials } from './access-credentials.ts';
import { deskAssignments } from './desk-assignments.ts';
import { floorPositions } from './floor-positions.ts';
import { groups } from './groups.ts';
import type { CsvKind } from './kind.ts';
import { desks, locations, spaces } from './node-kinds.ts';
import { users } from './users.ts';
import { weekPlans } from './week-plans.ts';

/** The kinds of files that can be imported. They define the headers, the cells and the tables of docs/import.md. */
export const CSV_KINDS = {
  locations,
  desks,
  spaces,
  users,
  groups,
  'week-plans': weekPlans,
  'desk-assignments': deskAssignments,
  'access-credentials': accessCredentials,
  'floor-positions': floorPositions,
};

export type ImportKind = keyof typeof CSV_KINDS;

/** The kind with this name. Its items are opaque, because only its own columns create them. */
export function kindNamed(name: ImportKind): CsvKind<UpsertItem> {
  return CSV_KINDS[name] as unknown as CsvKind<UpsertItem>;
}
