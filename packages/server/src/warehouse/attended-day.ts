import type { AggregateColumn, DayAggregate } from '../store/warehouse/aggregates.ts';
import type { OfficeDayState } from './office-calendar.ts';

/*
 * How the plan and the presence of a user agree on a day. If several apply, the greatest one counts.
 */

/** Planned, on a day that has not ended. */
export const OPEN = 1;
/** Planned and not detected, on a day without presence reporting. */
export const UNCONFIRMED = 2;
/** Planned and not detected, although presence reporting worked. */
export const NO_SHOW = 3;
/** Detected without a plan for the office. */
export const WALK_IN = 4;
/** Planned and detected. */
export const CONFIRMED = 5;

/** Whether a user of this kind came. */
export function came(kind: number): boolean {
  return kind >= WALK_IN;
}

/**
 * The users of an office's day, and the units in which they count. An entry is a user. A pair is an entry and a unit in
 * which it counts; an entry that the filters leave out is in no pair. The arrays are valid until the next day is read,
 * and may be longer.
 */
export interface AttendedDay {
  /** `YYYY-MM-DD` */
  day: string;
  /** Null: all offices together. */
  locationId: string | null;
  /** The number of pairs. */
  pairs: number;
  /** By pair: the number of the unit, which is the same on all days of an office. */
  units: Int32Array<ArrayBuffer>;
  /** By pair: the entry. */
  entries: Int32Array<ArrayBuffer>;
  /** By entry: how the plan and presence of the user agree. */
  kinds: Uint8Array<ArrayBuffer>;
  /** By entry: the number of the user. Empty, unless it was asked for. */
  users: Int32Array<ArrayBuffer>;
  /** By entry. Undefined, unless it was asked for. */
  times: AttendedTimes | undefined;
}

/** When the users of a day were detected, by entry. It has no meaning for users who did not come. */
export interface AttendedTimes {
  /** Minutes since the day began in UTC. */
  first: Int32Array<ArrayBuffer>;
  last: Int32Array<ArrayBuffer>;
  /** The hour of the office's clock, 0 to 23. */
  firstHour: Uint8Array<ArrayBuffer>;
  lastHour: Uint8Array<ArrayBuffer>;
}

/** Reads users and their units from aggregates. */
export interface AttendedDayReader {
  /** The columns that it reads. */
  readonly columns: AggregateColumn[];
  read(aggregate: DayAggregate, office: OfficeDayState): AttendedDay;
}

/** An array with room for `size` values. Keeps the values that `array` has. */
export function grown(array: Int32Array<ArrayBuffer>, size: number): Int32Array<ArrayBuffer>;
export function grown(array: Uint8Array<ArrayBuffer>, size: number): Uint8Array<ArrayBuffer>;
export function grown(array: Int32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>, size: number) {
  if (size <= array.length) return array;
  const length = Math.max(2 * array.length, size);
  const larger = array instanceof Int32Array ? new Int32Array(length) : new Uint8Array(length);
  larger.set(array);
  return larger;
}
