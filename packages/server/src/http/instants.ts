/** Microseconds since 1970-01-01T00:00:00Z, the exact precision of PostgreSQL. */
export type InstantUs = number;

/** The format of most clients. JavaScript parses it directly. */
const USUAL_INSTANT = /^\d{4}-\d\d-(\d\d)T\d\d:\d\d:\d\d\.\d{3}Z$/;

const ISO_INSTANT =
  /^(\d{4})-?(\d{2})-?(\d{2})[Tt ](\d{2}):?(\d{2})(?::?(\d{2})(?:[.,](\d+))?)?\s?(?:([Zz])|([+-])(\d{2}):?(\d{2})?)?$/;

/**
 * A date as `ConvertTo-Json` of Windows PowerShell 5.1 writes it: milliseconds since 1970 in UTC. An offset after them
 * does not change the instant.
 */
const POWERSHELL_INSTANT = /^\/Date\((-?\d{1,15})(?:([+-])(\d{2})(\d{2}))?\)\/$/;

/** An instant, with the offset from UTC in its text; undefined if the text has none. */
export interface WrittenInstant {
  instantUs: InstantUs;
  offsetUs: number | undefined;
}

/** As `readInstant`, without the offset. Undefined if the text is not an instant. */
export function parseInstant(text: string): InstantUs | undefined {
  const usual = USUAL_INSTANT.exec(text);
  if (usual) {
    // JavaScript reads 30 February as 2 March, and the hour 24 as the next day. It refuses all other dates that do not
    // exist.
    const date = new Date(text);
    return date.getUTCDate() === Number(usual[1]) ? date.getTime() * 1_000 : undefined;
  }
  return readInstant(text)?.instantUs;
}

/**
 * Reads an ISO 8601 date and time, or the format of Windows PowerShell. A text without an offset is UTC. Digits beyond
 * microseconds are cut. Undefined for anything else, and for dates that do not exist (30 February).
 */
export function readInstant(text: string): WrittenInstant | undefined {
  const [, epochMs, ...offset] = POWERSHELL_INSTANT.exec(text) ?? [];
  if (epochMs !== undefined) {
    const offsetUs = offsetUsOf(offset);
    return Number.isNaN(offsetUs) ? undefined : { instantUs: Number(epochMs) * 1_000, offsetUs };
  }
  const match = ISO_INSTANT.exec(text);
  if (!match) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((digits) => Number(digits ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const offsetUs = offsetUsOf(match.slice(9));
  if (hour > 23 || minute > 59 || second > 59 || Number.isNaN(offsetUs)) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  const fractionUs = Number((match[7] ?? '').slice(0, 6).padEnd(6, '0'));
  return { instantUs: date.getTime() * 1_000 - (offsetUs ?? 0) + fractionUs, offsetUs };
}

/** Undefined if there is no offset, NaN if no time zone has it. */
function offsetUsOf([sign, hours, minutes]: (string | undefined)[]): number | undefined {
  if (sign === undefined) return undefined;
  if (Number(hours) > 23 || Number(minutes ?? 0) > 59) return Number.NaN;
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes ?? 0)) * 60_000_000;
}

/** The instant as ISO 8601 in UTC, in milliseconds, or in microseconds if it has them. */
export function formatInstant(instantUs: InstantUs): string {
  const epochMs = Math.floor(instantUs / 1_000);
  const microseconds = instantUs - epochMs * 1_000;
  const text = new Date(epochMs).toISOString();
  return microseconds === 0 ? text : `${text.slice(0, -1)}${String(microseconds).padStart(3, '0')}Z`;
}
