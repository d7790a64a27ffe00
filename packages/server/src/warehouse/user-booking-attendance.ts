import { daysOf } from '../http/window.ts';
import type { Tx } from '../store/connections/db.ts';
import { isoDay } from '../store/values/iso.ts';
import { listOfficeDays, readPersonDays } from '../store/warehouse/attendance.ts';
import type { Order } from '../store/warehouse/dataset-rows.ts';
import type { DatasetReader, ExportQuery, Page } from '../store/warehouse/query.ts';
import { readAttendanceChanges } from './attendance-changes.ts';
import { type AttendanceRow, AttendanceRows } from './attendance-rows.ts';

/** Day, user, and the office of attendance; a row without an office comes first. */
export const ATTENDANCE_ORDER: Order = [
  ['day', 'date', 'day'],
  ['userId', 'uuid', 'userId'],
  ['attendanceLocationId', 'uuid?', 'attendanceLocationId'],
];

export const readUserBookingAttendance: DatasetReader = (tx, query) => {
  const { changes, page } = query;
  const read = (isDone: () => boolean) =>
    changes
      ? readAttendanceChanges(tx, { ...query, changes }, isDone)
      : readAttendanceDays(tx, query, isDone);
  return page ? inPages(read, page) : read(() => false);
};

/**
 * Day by day: the offices of the day, then its people, typed as they come. People and places, a day's offices and one
 * batch of people's days are all that is held. With a location, the rows whose place it is: the place of a row is
 * where the person was or was to be, else their primary location, so that every row with a place is of exactly one.
 */
async function* readAttendanceDays(
  tx: Tx,
  { tenantId, window, locationId, now, page }: ExportQuery,
  isDone: () => boolean,
): AsyncGenerator<AttendanceRow[], void> {
  if (locationId === null) return;
  const [from = window.from, fromUserId] = page?.after ?? [];
  const attendance = await AttendanceRows.load(tx, tenantId);
  for (const day of daysOf(window)) {
    if (day < from) continue;
    if (isDone()) return;
    const officeDays = await listOfficeDays(tx, tenantId, day, now);
    const offices = new Map(officeDays.map((office) => [office.locationId, office]));
    const shownDay = isoDay(day);
    const narrow = day === from && fromUserId ? { fromUserId } : {};
    for await (const personDays of readPersonDays(tx, tenantId, day, locationId, narrow)) {
      const rows: AttendanceRow[] = [];
      for (const personDay of personDays) {
        for (const row of attendance.of(personDay, shownDay, offices)) {
          const place: string | null | undefined = row.locationId ?? row.person.primaryLocationId;
          if (locationId === undefined || place === locationId) rows.push(row);
        }
      }
      yield rows;
    }
  }
}

/**
 * What comes after the position that a page begins at, each row with its own. A day that was begun is read to its end,
 * though for nothing: to give it up would cost the connection.
 */
async function* inPages(
  read: (isDone: () => boolean) => AsyncIterable<AttendanceRow[]>,
  { after, rows: most }: Page,
): AsyncGenerator<AttendanceRow[], void> {
  const start = after?.join(' ');
  let taken = 0;
  for await (const batch of read(() => taken >= most)) {
    if (taken >= most) continue;
    for (const row of batch) row.position = positionOf(row);
    // Days have ten characters, and ids 36: texts are in the order of their rows.
    const rows = batch.filter((row) => start === undefined || (row.position as string[]).join(' ') > start);
    taken += rows.length;
    yield rows;
  }
}

function positionOf({ day, person, locationId }: AttendanceRow): string[] {
  return [day.slice(0, 10), person.userId, locationId ?? ''];
}
