import type { Tx } from '../store/connections/db.ts';
import { isoDay } from '../store/values/iso.ts';
import { listOfficeDays, readPersonDays } from '../store/warehouse/attendance.ts';
import { listChangedDays, listDeletedRows } from '../store/warehouse/attendance-changes.ts';
import type { Changes, ExportQuery } from '../store/warehouse/query.ts';
import { type AttendanceRow, AttendanceRows, deletedRow } from './attendance-rows.ts';

/**
 * What attendance has come to since: for each day on which something has changed, all rows of the offices where it
 * has and of the people for whom it has, and, in the same order, the keys of rows that are not there any more.
 * A row that has not changed may be among them. With a location, its rows as in an export; a key without
 * an office goes out whatever the location, since nobody knows whose it was. No day is begun once it `isDone`.
 */
export async function* readAttendanceChanges(
  tx: Tx,
  { tenantId, window, locationId, now, changes, page }: ExportQuery & { changes: Changes },
  isDone: () => boolean,
): AsyncGenerator<AttendanceRow[], void> {
  if (locationId === null) return;
  const [from = window.from, fromUserId] = page?.after ?? [];
  const isMine = (id: string | null | undefined) => locationId === undefined || id === locationId;
  const changedDays = await listChangedDays(tx, tenantId, { changes, window: { ...window, from }, now });
  if (changedDays.length === 0) return;
  const attendance = await AttendanceRows.load(tx, tenantId);
  for (const changed of changedDays) {
    if (isDone()) return;
    const { day, hasGone } = changed;
    const offices = new Map(
      (await listOfficeDays(tx, tenantId, day, now)).map((row) => [row.locationId, row]),
    );
    const gone = hasGone ? await listDeletedRows(tx, tenantId, day, changes) : [];
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

/** Keys that may be gone, to be put between the rows of people who come in the order of their ids. */
class DeletedRowQueue {
  readonly #gone: AttendanceRow[];
  #next = 0;

  constructor(gone: AttendanceRow[]) {
    this.#gone = gone;
  }

  /** The keys of people before this one, who have no rows that day at all. */
  before(userId: string): AttendanceRow[] {
    return this.#take((gone) => gone.person.userId < userId);
  }

  /** `rows`, and the keys of a person that none of `all` their rows has; by office. */
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
