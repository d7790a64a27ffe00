import type { Tx } from '../store/connections/db.ts';
import { isoDay } from '../store/values/iso.ts';
import { listOfficeDays, readPersonDays } from '../store/warehouse/attendance.ts';
import { listChangedDays, listDeletedRows } from '../store/warehouse/attendance-changes.ts';
import type { Changes, ExportQuery } from '../store/warehouse/query.ts';
import { type AttendanceRow, AttendanceRows, deletedRow, locationFilter } from './attendance-rows.ts';

/**
 * The changes of attendance since a cursor. For each day with a change it yields all rows of the offices and of the
 * users that changed. In the same order it yields the keys of deleted rows. Rows that did not change may be among
 * them.
 *
 * It yields the rows of the locations that the query selects, as in an export. A deleted key without an office goes out for
 * every requested location, because its location is no longer known; to a caller that is bound to offices, if the user's
 * primary location is one of them. Once `isDone()`, it begins no further day.
 */
export async function* readAttendanceChanges(
  tx: Tx,
  query: ExportQuery & { changes: Changes },
  isDone: () => boolean,
): AsyncGenerator<AttendanceRow[], void> {
  const { tenantId, window, locationId, officeIds, now, changes, page } = query;
  if (locationId === null) return;
  const [from = window.from, fromUserId] = page?.after ?? [];
  const isMine = locationFilter(query);
  const changedDays = await listChangedDays(tx, tenantId, { changes, window: { ...window, from }, now });
  if (changedDays.length === 0) return;
  const attendance = await AttendanceRows.load(tx, tenantId);
  for (const changed of changedDays) {
    if (isDone()) return;
    const { day, hasGone } = changed;
    const offices = new Map(
      (await listOfficeDays(tx, tenantId, day, now)).map((row) => [row.locationId, row]),
    );
    const gone = hasGone ? await listDeletedRows(tx, tenantId, day, { changes, officeIds }) : [];
    const waiting = new DeletedRowQueue(
      gone
        .filter((row) => row.locationId === null || isMine(row.locationId))
        .map((row) => deletedRow(row.userId, day, row.locationId)),
    );
    const whole = new Set(changed.locationIds);
    const people = changed.userIds && new Set(changed.userIds);
    const reading = readPersonDays(tx, tenantId, day, undefined, {
      ...(whole.size === 0 && people ? { userIds: [...people] } : {}),
      ...(day === from && fromUserId ? { fromUserId } : {}),
    });
    for await (const persons of reading) {
      const rows: AttendanceRow[] = [];
      for (const person of persons) {
        const all = attendance.of(person, isoDay(day), offices);
        const isWhole = people === null || people.has(person.userId);
        const mine = all.filter(
          (row) =>
            (isWhole || whole.has(row.locationId ?? '')) &&
            isMine(row.locationId ?? row.person.primaryLocationId),
        );
        rows.push(...waiting.before(person.userId), ...waiting.with(person.userId, mine, all));
      }
      if (rows.length > 0) yield rows;
    }
    const rest = waiting.rest();
    if (rest.length > 0) yield rest;
  }
}

/** Keys that may be deleted rows. It inserts them between the rows of users, who come in the order of their ids. */
class DeletedRowQueue {
  readonly #gone: AttendanceRow[];
  #next = 0;

  constructor(gone: AttendanceRow[]) {
    this.#gone = gone;
  }

  /** The keys of users before this one. These users have no rows on that day. */
  before(userId: string): AttendanceRow[] {
    return this.#take((gone) => gone.person.userId < userId);
  }

  /** `rows` with the keys of a user that are not in `all` rows of the user, in the order of offices. */
  with(userId: string, rows: AttendanceRow[], all: AttendanceRow[]): AttendanceRow[] {
    const there = new Set(all.map((row) => row.locationId));
    const gone = this.#take((row) => row.person.userId === userId).filter(
      (row) => !there.has(row.locationId),
    );
    if (gone.length === 0) return rows;
    return [...rows, ...gone].sort((a, b) => ((a.locationId ?? '') < (b.locationId ?? '') ? -1 : 1));
  }

  rest(): AttendanceRow[] {
    return this.#take(() => true);
  }

  #take(isTaken: (gone: AttendanceRow) => boolean): AttendanceRow[] {
    const taken: AttendanceRow[] = [];
    for (let gone = this.#gone[this.#next]; gone && isTaken(gone); gone = this.#gone[this.#next]) {
      taken.push(gone);
      this.#next++;
    }
    return taken;
  }
}
