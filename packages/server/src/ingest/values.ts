import type { InstantUs } from '../http/instants.ts';
import { textFault } from '../http/text.ts';

/** What is wrong with the first bad one of these texts, with its member's name; absent ones are fine. */
export function textsFault(texts: Readonly<Record<string, string | null | undefined>>): string | undefined {
  for (const member in texts) {
    const fault = textFault(texts[member] ?? '');
    if (fault) return `${member} ${fault}`;
  }
  return undefined;
}

const EARLIEST_US = Date.UTC(2000, 0, 1) * 1_000;
const AHEAD_MS = 24 * 3_600_000;

/** What is wrong with an event's `timestamp`; undefined when it is an instant at which it may have happened. */
export function timestampFault(instantUs: InstantUs | undefined, nowMs: number): string | undefined {
  if (instantUs === undefined) return 'timestamp must be an ISO 8601 date and time that exists';
  const fault = rangeFault(instantUs, nowMs);
  return fault && `timestamp ${fault}`;
}

function rangeFault(instantUs: InstantUs, nowMs: number): string | undefined {
  if (instantUs < EARLIEST_US) return 'is before 2000-01-01';
  if (instantUs > (nowMs + AHEAD_MS) * 1_000) return 'is more than 24 hours ahead';
  return undefined;
}
