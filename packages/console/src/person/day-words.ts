import { texts } from '../texts.ts';
import type { PersonDay } from './answers.ts';

const { person } = texts;
const { week } = person;

/** What is planned on a day, and where the seat is. */
export type PlannedDay = Pick<PersonDay, 'plan' | 'setBy' | 'locationId' | 'locationName' | 'booking'>;

export function planWords({ plan, locationName }: Pick<PlannedDay, 'plan' | 'locationName'>): string {
  if (plan === null) return person.noPlan;
  if (plan === 'o') return locationName === null ? person.plans.o : person.atOffice(locationName);
  return plan === 'r' ? person.plans.r : person.plans.a;
}

export function bookingWords({ booking }: Pick<PlannedDay, 'booking'>): string {
  if (!booking) return texts.none;
  const { depth, placeName, zoneName, nodeId } = booking;
  if (depth === 3) return week.desk(placeName ?? nodeId, zoneName ?? texts.none);
  return depth === 2 ? week.zone(zoneName ?? nodeId) : week.officeOnly;
}

/** Plan and seat in one text. */
export function dayWords(day: PlannedDay): string {
  return day.booking ? `${planWords(day)}: ${bookingWords(day)}` : planWords(day);
}

/** Who made the plan, in words; undefined for a plan that nobody needs to explain. */
export function planSource({ setBy }: Pick<PlannedDay, 'setBy'>): string | undefined {
  return setBy === null ? undefined : (week.setBy as Partial<Record<string, string>>)[setBy];
}

/** Who chose the seat, in words; undefined if a person did. */
export function bookingSource({ booking }: Pick<PlannedDay, 'booking'>): string | undefined {
  if (!booking) return undefined;
  return (week.bookedBy as Partial<Record<string, string>>)[booking.setBy] || undefined;
}
