import type { PresenceEvent } from '../ingest/presence.ts';
import type { DemoDirectory, DemoPerson } from './directory.ts';
import { instantOf, localDay } from './local-time.ts';
import { Random } from './random.ts';

const DAY_MS = 86_400_000;
/** Sunday to Saturday: hybrid work peaks from Tuesday to Thursday. */
const ATTENDANCE_BY_WEEKDAY = [0.01, 0.42, 0.66, 0.7, 0.62, 0.3, 0.02] as const;

export interface HistoryOptions {
  seed: number;
  /** How many days before today. */
  days: number;
  nowMs: number;
  /** Called as each day is begun, with how many are done. */
  onDay?: (done: number, total: number) => void;
}

/**
 * The badge and desk-panel events of the days before today, and of today up to now, in no particular order.
 * The same seed gives the same events relative to today.
 */
export function* makePresence(
  { people }: DemoDirectory,
  { seed, days, nowMs, onDay }: HistoryOptions,
): Generator<PresenceEvent> {
  const random = new Random(seed ^ 0x5eed);
  for (let age = days; age >= 0; age--) {
    onDay?.(days - age, days + 1);
    for (const person of people) {
      const day = localDay(nowMs - age * DAY_MS, person.office.timeZone);
      for (const event of dayOf(person, day, random)) {
        if (Date.parse(event.timestamp) <= nowMs) yield event;
      }
    }
  }
}

function dayOf(person: DemoPerson, day: string, random: Random): PresenceEvent[] {
  const weekday = new Date(`${day}T00:00:00Z`).getUTCDay();
  const comes = random.chance((ATTENDANCE_BY_WEEKDAY[weekday] ?? 0) * person.eagerness);
  const arrival = random.around(8 * 60 + 50, 35);
  const usesPanel = random.chance(0.7);
  const deskId = random.chance(0.8) ? person.deskId : random.pick(person.office.deskIds);
  const returnsAfterLunch = random.chance(0.5);
  if (!comes) return [];
  const { locationId } = person.office;
  const events = [observe(person, day, arrival, 'badge', 'location', locationId)];
  if (usesPanel) events.push(observe(person, day, arrival + 6, 'panel', 'place', deskId));
  if (returnsAfterLunch) events.push(observe(person, day, arrival + 260, 'badge', 'location', locationId));
  return events;
}

function observe(
  person: DemoPerson,
  day: string,
  minutes: number,
  source: string,
  locationType: 'location' | 'place',
  locationId: string,
): PresenceEvent {
  const timestamp = new Date(instantOf(day, minutes, person.office.timeZone)).toISOString();
  return { eventId: `${source}-${timestamp}`, timestamp, locationId, locationType, userId: person.userId };
}
