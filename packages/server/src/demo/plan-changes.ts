import type { TimeOffEvent } from '../ingest/time-off.ts';
import type { DayChange, Plan } from '../workday/plan.ts';
import type { DemoDirectory, DemoPerson } from './directory.ts';
import { isWeekday, type PlannedDay } from './life.ts';
import type { Calendar } from './local-time.ts';
import type { DemoOffice } from './offices.ts';
import { Random } from './random.ts';

const CHANCE = { leave: 11, sick: 12, change: 13 } as const;
/** On a weekday, per person. */
const ASKS_FOR_LEAVE = 0.02;
const FALLS_SICK = 0.004;
const CANCELS_LEAVE = 0.1;
const CHANGES_MIND = 0.06;
const LEAVE_LENGTHS = [1, 1, 1, 2, 3, 5, 5, 10] as const;
const CANCELLED_AFTER_DAYS = 2;

/** The time off that users submit on a day, and the time off that they cancel. `age` is the age of the day. */
export function timeOffOf({ seed, people }: DemoDirectory, age: number, calendar: Calendar): TimeOffEvent[] {
  return people.flatMap((person) => {
    const today = calendar.day(person.office.timeZone, age);
    const asked = leaveOf(person, seed, age, calendar);
    const earlier = leaveOf(person, seed, age + CANCELLED_AFTER_DAYS, calendar);
    const sick = isWeekday(today) && Random.of(seed, CHANCE.sick, person.number, age).chance(FALLS_SICK);
    return [
      ...(asked ? [{ ...asked.event, eventType: 'scheduled' }] : []),
      ...(earlier?.cancelled ? [{ ...earlier.event, eventType: 'cancelled' }] : []),
      ...(sick
        ? [
            {
              eventId: `sick-${person.number}-${today}`,
              uid: person.userId,
              eventType: 'scheduled',
              startDate: today,
              endDate: today,
              timeOffType: 'sick',
            },
          ]
        : []),
    ];
  });
}

function leaveOf(person: DemoPerson, seed: number, age: number, calendar: Calendar) {
  const random = Random.of(seed, CHANCE.leave, person.number, age);
  if (!isWeekday(calendar.day(person.office.timeZone, age)) || !random.chance(ASKS_FOR_LEAVE))
    return undefined;
  const startsIn = 3 + random.below(25);
  const length = random.pick(LEAVE_LENGTHS);
  const event = {
    eventId: `leave-${person.number}-${calendar.day(person.office.timeZone, age)}`,
    uid: person.userId,
    startDate: calendar.day(person.office.timeZone, age - startsIn),
    endDate: calendar.day(person.office.timeZone, age - startsIn - length + 1),
    timeOffType: random.chance(0.9) ? 'holiday' : 'leave',
  };
  return { event, cancelled: random.chance(CANCELS_LEAVE) };
}

/** The changes that users of these offices make the day before: an office day becomes a remote day, and the reverse. */
export function changesOfMind(
  { seed, people }: DemoDirectory,
  offices: DemoOffice[],
  { day, age }: { day: string; age: number },
  plans: ReadonlyMap<string, PlannedDay>,
): DayChange[] {
  const weekday = (new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7;
  return people.flatMap((person): DayChange[] => {
    const weekdayPlan = person.week[weekday];
    if (!offices.includes(person.office) || !weekdayPlan || plans.get(person.userId)?.plan === 'a') return [];
    const random = Random.of(seed, CHANCE.change, person.number, age);
    if (!random.chance(CHANGES_MIND)) return [];
    const plan: Plan = weekdayPlan.kind === 'o' ? { kind: 'r' } : officePlan(person, random);
    return [{ userId: person.userId, day, plan, setBy: 'day' }];
  });
}

function officePlan({ office, favouriteDeskId }: DemoPerson, random: Random): Plan {
  const plan = { kind: 'o' as const, locationId: office.locationId };
  const draw = random.next();
  if (draw < 0.3) return { ...plan, booking: { nodeId: random.pick(office.lounges).zoneId } };
  return draw < 0.7 ? { ...plan, booking: { nodeId: favouriteDeskId } } : plan;
}
