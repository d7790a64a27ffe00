import { groupBy } from '../store/values/group-by.ts';
import type { DayAggregate } from '../store/warehouse/aggregates.ts';
import type { ClockChange } from '../store/warehouse/clock-changes.ts';
import type { OfficeClock } from '../store/warehouse/metrics.ts';
import { type AttendedTimes, grown } from './attended-day.ts';

const MINUTE_MS = 60_000;
const HOUR_MINUTES = 60;
const DAY_HOURS = 24;

/** The clocks of offices, by which it tells the hour of a detection. */
export class OfficeClocks {
  /** The changes of the clock of each office, the latest first. */
  readonly #changes: ReadonlyMap<string, readonly ClockChange[]>;

  constructor(clocks: ReadonlyMap<string, OfficeClock>, changes: readonly ClockChange[]) {
    const latestFirst = [...changes].sort((a, b) => b.sinceMs - a.sinceMs);
    const byZone = groupBy(latestFirst, ({ timeZone }) => timeZone);
    this.#changes = new Map(
      [...clocks].map(([locationId, { timeZone }]) => [locationId, byZone.get(timeZone) ?? []]),
    );
  }

  /** When the users of an office's day were detected. Reuses the arrays of `times`. */
  timesOf({ day, locationId, columns }: DayAggregate, times: AttendedTimes | undefined): AttendedTimes {
    const { first_seen, last_seen } = columns;
    const size = first_seen.length / 2;
    const read: AttendedTimes = {
      first: grown(times?.first ?? new Int32Array(0), size),
      last: grown(times?.last ?? new Int32Array(0), size),
      firstHour: grown(times?.firstHour ?? new Uint8Array(0), size),
      lastHour: grown(times?.lastHour ?? new Uint8Array(0), size),
    };
    const changes = this.#changes.get(locationId) ?? [];
    const dayMs = Date.parse(day);
    for (let entry = 0; entry < size; entry++) {
      const [first, last] = [first_seen.readInt16BE(2 * entry), last_seen.readInt16BE(2 * entry)];
      read.first[entry] = first;
      read.last[entry] = last;
      read.firstHour[entry] = hourAt(changes, dayMs, first);
      read.lastHour[entry] = hourAt(changes, dayMs, last);
    }
    return read;
  }
}

function hourAt(changes: readonly ClockChange[], dayMs: number, minutes: number): number {
  const atMs = dayMs + minutes * MINUTE_MS;
  let index = 0;
  while (index < changes.length - 1 && (changes[index] as ClockChange).sinceMs > atMs) index++;
  const hour = Math.floor((minutes + (changes[index]?.offsetMinutes ?? 0)) / HOUR_MINUTES) % DAY_HOURS;
  return hour < 0 ? hour + DAY_HOURS : hour;
}
