import type { InstantUs } from '../http/instants.ts';
import { textFault } from '../http/text.ts';
import type { Fault } from './refusal-causes.ts';

/** Returns the fault of the first of these texts that has one, with its member's name. Absent texts have no fault. */
export function textsFault(texts: Readonly<Record<string, string | null | undefined>>): Fault | undefined {
  for (const member in texts) {
    const fault = textFault(texts[member] ?? '');
    if (fault) return { cause: 'invalidText', message: `${member} ${fault}` };
  }
  return undefined;
}

const EARLIEST_US = Date.UTC(2000, 0, 1) * 1_000;
const AHEAD_MS = 24 * 3_600_000;

/** Returns the fault of an event's `timestamp`, or undefined when the event may have happened at that instant. */
export function timestampFault(instantUs: InstantUs | undefined, nowMs: number): Fault | undefined {
  if (instantUs === undefined)
    return { cause: 'invalidTime', message: 'timestamp must be an ISO 8601 date and time that exists' };
  const fault = rangeFault(instantUs, nowMs);
  return fault ? { cause: 'timeOutOfRange', message: `timestamp ${fault}` } : undefined;
}

function rangeFault(instantUs: InstantUs, nowMs: number): string | undefined {
  if (instantUs < EARLIEST_US) return 'is before 2000-01-01';
  return aheadFault(instantUs, nowMs);
}

/** Says that an instant is more than 24 hours ahead; undefined if it is not. */
export function aheadFault(instantUs: InstantUs, nowMs: number): string | undefined {
  return instantUs > (nowMs + AHEAD_MS) * 1_000 ? 'is more than 24 hours ahead' : undefined;
}
