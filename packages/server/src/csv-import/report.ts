import { type Static, Type } from 'typebox';
import { Effects } from '../directory/manage/effects.ts';
import { OrNull } from '../http/schema.ts';
import type { ImportReport } from './import.ts';

/** A report has so many changed rows, and so many refused rows, at most. */
const MOST_REPORTED_ROWS = 1_000;
const MOST_COLUMNS = 100;

const Count = (description: string) => Type.Integer({ description });
const Line = Type.Integer({ description: 'the line of the file on which the row starts, from 1' });

export const Report = Type.Object({
  dryRun: Type.Boolean({ description: 'whether this was a dry run, which stores nothing' }),
  stored: Type.Boolean({
    description:
      'whether changes were stored; false for a dry run, and if `strict` and a refused row prevent it',
  }),
  created: Count('rows that create something'),
  updated: Count('rows that change something'),
  unchanged: Count('rows whose values are stored already'),
  refused: Count('rows that are refused'),
  changes: Type.Array(
    Type.Object({
      line: Line,
      result: Type.String({ enum: ['created', 'updated'] }),
      id: OrNull(Type.String(), 'the id; null for what a dry run would create'),
      name: OrNull(Type.String(), 'the name in the row; null if the row has only the id'),
    }),
    { description: `the first ${MOST_REPORTED_ROWS} rows that create or change something` },
  ),
  refusals: Type.Array(Type.Object({ line: Line, reason: Type.String() }), {
    description: `the first ${MOST_REPORTED_ROWS} refused rows, in the order of the file`,
  }),
  moreChanges: Count('further rows that create or change something'),
  moreRefusals: Count('further refused rows'),
  ignoredColumns: Type.Array(Type.String(), {
    description: `the first ${MOST_COLUMNS} columns that the server does not know, and ignores`,
  }),
  effects: OrNull(
    Effects,
    'what a dry run would do to bookings; null for other imports, and if `strict` and a refused row prevent the import',
  ),
});
export type Report = Static<typeof Report>;

/** The report of an import as the API answers it, with a bounded number of rows. */
export function toReport(
  { rows, refused, ignoredColumns, effects, ...counts }: ImportReport,
  { dryRun, strict }: { dryRun: boolean; strict: boolean },
): Report {
  const changes: Report['changes'] = [];
  for (const { line, result, id, name } of rows) {
    if (changes.length === MOST_REPORTED_ROWS) break;
    if (result !== 'unchanged')
      changes.push({ line, result, id: dryRun && result === 'created' ? null : id, name });
  }
  return {
    ...counts,
    dryRun,
    stored: !dryRun && !(strict && refused.length > 0),
    refused: refused.length,
    changes,
    refusals: refused.slice(0, MOST_REPORTED_ROWS),
    moreChanges: counts.created + counts.updated - changes.length,
    moreRefusals: Math.max(0, refused.length - MOST_REPORTED_ROWS),
    ignoredColumns: ignoredColumns.slice(0, MOST_COLUMNS),
    effects: effects ?? null,
  };
}
