import { addDays, utcDay } from '../store/values/days.ts';

const MINUTE_MS = 60_000;

/**
 * The instant at which clocks in a time zone show `minutes` after midnight of `day`.
 *
 * @param day `YYYY-MM-DD`
 * @returns milliseconds since the epoch
 */
export function instantOf(day: string, minutes: number, timeZone: string): number {
  const asIfUtcMs = Date.parse(`${day}T00:00:00Z`) + minutes * MINUTE_MS;
  const guessMs = asIfUtcMs - offsetMs(asIfUtcMs, timeZone);
  return asIfUtcMs - offsetMs(guessMs, timeZone);
}

/** The date in a time zone at an instant, as `YYYY-MM-DD`. */
export function localDay(epochMs: number, timeZone: string): string {
  return utcDay(epochMs + offsetMs(epochMs, timeZone));
}

/** The dates of offices around one instant. */
export class Calendar {
  readonly #nowMs: number;
  /** A cache by time zone, then by days before. All users need the same few dates. */
  readonly #days = new Map<string, Map<number, string>>();

  constructor(nowMs: number) {
    this.#nowMs = nowMs;
  }

  /** The date `daysBefore` the local date of the instant, `YYYY-MM-DD`. A negative number gives a later date. */
  day(timeZone: string, daysBefore: number): string {
    const days = this.#days.get(timeZone) ?? new Map<number, string>();
    this.#days.set(timeZone, days);
    const known = days.get(daysBefore);
    if (known !== undefined) return known;
    const day = addDays(localDay(this.#nowMs, timeZone), -daysBefore);
    days.set(daysBefore, day);
    return day;
  }
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** The offset of a time zone from UTC at an instant. It is positive if the time zone is ahead of UTC. */
function offsetMs(epochMs: number, timeZone: string): number {
  let format = formats.get(timeZone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    formats.set(timeZone, format);
  }
  const parts = Object.fromEntries(
    format.formatToParts(epochMs).map(({ type, value }) => [type, Number(value)]),
  );
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(epochMs / 1000) * 1000;
}
