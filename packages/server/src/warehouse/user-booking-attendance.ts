import type { Tx } from '../store/connections/db.ts';
import { daysOf } from '../store/values/days.ts';
import { isoDay } from '../store/values/iso.ts';
import { listOfficeDays, readPersonDays } from '../store/warehouse/attendance.ts';
import type { Order } from '../store/warehouse/dataset-rows.ts';
import type { DatasetReader, ExportQuery, Page } from '../store/warehouse/query.ts';
import { readAttendanceChanges } from './attendance-changes.ts';
import { type AttendanceRow, AttendanceRows, locationFilter } from './attendance-rows.ts';

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
 * Reads day by day: the offices of the day, then the days of users, whose types it decides as they come. In memory it
 * holds users and nodes, the offices of one day, and one batch of users' days.
 *
 * It yields the rows of the locations that the query selects. The location of a row is `attendanceLocationId`, else the
 * user's primary location. So each row that has one belongs to exactly one location.
 */
async function* readAttendanceDays(
  tx: Tx,
  query: ExportQuery,
  isDone: () => boolean,
): AsyncGenerator<AttendanceRow[], void> {
  const { tenantId, window, locationId, now, page } = query;
  if (locationId === null) return;
  const isMine = locationFilter(query);
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
          if (isMine(row.locationId ?? row.person.primaryLocationId)) rows.push(row);
        }
      }
      yield rows;
    }
  }
}

/**
 * The rows after the position at which a page begins, each with its own position. It reads a day that it has begun to
 * the end, although it drops these rows: to stop would cost the connection.
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
    // Days have 10 characters and ids 36, so the texts sort as their rows do.
    const rows = batch.filter((row) => start === undefined || (row.position as string[]).join(' ') > start);
    taken += rows.length;
    yield rows;
  }
}

function positionOf({ day, person, locationId }: AttendanceRow): string[] {
  return [day.slice(0, 10), person.userId, locationId ?? ''];
}
