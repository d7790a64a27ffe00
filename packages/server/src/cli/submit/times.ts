import { IANAZone } from 'luxon';
import { formatInstant, type InstantUs, parseInstant } from '../../http/instants.ts';
import { DAY_MS } from '../../store/values/days.ts';
import type { TimeFormat } from './time-format.ts';

/** A time as it is sent, or the reason why the value is not a time. */
export type ReadTime = { text: string } | { fault: string };

export interface TimeOptions {
  formats: readonly TimeFormat[];
  /** The IANA zone for times without one; `office`: the zone of the event's office. Undefined: UTC, with one remark. */
  zone: string | undefined;
  /** Whether members are days. */
  hasDays: boolean;
  /** Called once, for the first time without a zone if no zone was given. */
  onUnstated: (text: string) => void;
  /** Called for each time that occurs twice in its zone, because the clock was set back. */
  onTwice: (text: string) => void;
}

const HAS_OFFSET = /[Tt ].*(?:[Zz]|[+-]\d{2}:?(?:\d{2})?)$/;
/** The beginning of an ISO 8601 day or instant. */
const STANDARD_DAY = /^(?:\d{4}-\d\d|\d{8}(?:$|T))/;
const NUMBER = /^\d+(?:\.\d+)?$/;
/** Since 2000, clocks have been put forward and back at full quarters of an hour only. */
const SLOT_US = 15 * 60 * 1_000_000;
const MOST_SLOTS = 50_000;

/** Reads the times of a file. */
export class Times {
  readonly #options: TimeOptions;
  readonly #slots = new Map<string, number[]>();
  #hasSaid = false;

  constructor(options: TimeOptions) {
    this.#options = options;
  }

  /** Whether a value is a local time, which needs a time zone to become an instant. */
  isLocal(value: string | number): boolean {
    const found = this.#wallOf(String(value).trim());
    return 'wallUs' in found;
  }

  /**
   * Reads `value` of the member `name`: a given format, ISO 8601, or a number since 1970. `officeZone` is the time zone
   * of the event's office, for `--time-zone office`.
   */
  read(name: string, value: string | number, officeZone: string | undefined): ReadTime {
    const text = String(value).trim();
    const found = this.#wallOf(text);
    if ('text' in found) return found;
    if ('fault' in found) return { fault: `${name} ${text} ${found.fault}` };
    const { zone, onUnstated, onTwice } = this.#options;
    const inZone = zone === 'office' ? officeZone : zone;
    if (inZone === undefined) {
      if (!this.#hasSaid) onUnstated(text);
      this.#hasSaid = true;
      return { text: found.asSent };
    }
    const [first, ...others] = this.#instantsOf(found.wallUs, inZone);
    if (first === undefined)
      return { fault: `${name} ${text} does not exist in ${inZone}: the clock was put forward` };
    if (others.length > 0) onTwice(text);
    return { text: formatInstant(first) };
  }

  /** A text to send, or a local time in microseconds, as if it were in UTC. */
  #wallOf(text: string): ReadTime | { wallUs: InstantUs; asSent: string } {
    const { formats, hasDays } = this.#options;
    for (const format of formats) {
      const ms = format.read(text);
      if (ms === undefined) continue;
      const iso = new Date(ms).toISOString();
      if (hasDays) return { text: format.hasZone ? iso : iso.slice(0, 10) };
      return format.hasZone ? { text: iso } : { wallUs: ms * 1_000, asSent: iso };
    }
    // The server checks whether the day exists.
    if (hasDays && STANDARD_DAY.test(text)) return { text };
    if (NUMBER.test(text)) return epochOf(text);
    const us = hasDays ? undefined : parseInstant(text);
    if (us === undefined) return { fault: this.#unread(formats) };
    return HAS_OFFSET.test(text) ? { text } : { wallUs: us, asSent: text };
  }

  #unread(formats: readonly TimeFormat[]): string {
    const { hasDays } = this.#options;
    const example = hasDays ? 'DD/MM/YYYY' : 'DD/MM/YYYY HH:mm';
    return formats.length === 0
      ? `is not an existing ISO 8601 ${hasDays ? 'date' : 'date and time'}; give its format with --time-format, such as "${example}"`
      : `is neither ISO 8601 nor ${formats.map(({ text }) => `"${text}"`).join(' nor ')}, or does not exist`;
  }

  /** The instants at which a zone's local time has this value, the earliest first: none, one or two. */
  #instantsOf(wallUs: InstantUs, zone: string): InstantUs[] {
    const slot = Math.floor(wallUs / SLOT_US);
    const key = `${zone} ${slot}`;
    let offsets = this.#slots.get(key);
    if (!offsets) {
      offsets = offsetsOf(slot * (SLOT_US / 1_000), IANAZone.create(zone));
      if (this.#slots.size >= MOST_SLOTS) this.#slots.clear();
      this.#slots.set(key, offsets);
    }
    return offsets.map((minutes) => wallUs - minutes * 60_000_000);
  }
}

/** The offsets from UTC in minutes, the largest first, which makes the earliest instant. */
function offsetsOf(wallMs: number, zone: IANAZone): number[] {
  const near = new Set([zone.offset(wallMs - DAY_MS), zone.offset(wallMs + DAY_MS)]);
  return [...near]
    .filter((minutes) => zone.offset(wallMs - minutes * 60_000) === minutes)
    .sort((a, b) => b - a);
}

/** Chooses the unit by the size of the number: pandas writes milliseconds, others seconds, micro- or nanoseconds. */
function epochOf(text: string): ReadTime {
  const number = Number(text);
  const perSecond = number < 1e11 ? 1 : number < 1e14 ? 1e3 : number < 1e17 ? 1e6 : 1e9;
  const us = Math.round((number / perSecond) * 1e6);
  // Smaller numbers are years, days as YYYYMMDD, or day numbers of spreadsheets.
  if (us < Date.UTC(2000, 0, 1) * 1_000)
    return {
      fault:
        'is not a time: seconds or milliseconds since 1970 would be larger; give its format with --time-format',
    };
  return { text: formatInstant(us) };
}
