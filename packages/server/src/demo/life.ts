import type { OccupancyEvent } from '../ingest/occupancy.ts';
import type { PresenceEvent } from '../ingest/presence.ts';
import type { VisitorArrival } from '../ingest/visitor-arrival.ts';
import type { DemoDirectory, DemoPerson } from './directory.ts';
import { instantOf } from './local-time.ts';
import { makeCompany, makeName, plain } from './names.ts';
import type { DemoOffice } from './offices.ts';
import { Random } from './random.ts';

/** The source id of readers, panels and sensors. */
export const SOURCE_ID = 'demo';

/** The plan of a user for a day. Users may have none. */
export interface PlannedDay {
  plan: 'o' | 'r' | 'a';
  locationId: string | null;
  /** The booked desk. */
  deskId: string | null;
}

/** The events at one office on one of its days, in order of time. */
export interface DemoOfficeDay {
  presence: PresenceEvent[];
  occupancy: OccupancyEvent[];
  visitors: VisitorArrival[];
}

interface Day {
  /** `YYYY-MM-DD`. */
  day: string;
  /** The number of days before today. */
  age: number;
}

const COMES_UNPLANNED = { o: 0, r: 0.04, a: 0.01, none: 0.005 } as const;
const GOES_ELSEWHERE = 0.015;
const PEOPLE_PER_VISITOR = 60;
const MEETINGS = 4;
/** Each purpose has its own random numbers, independent of the others. */
const CHANCE = { presence: 1, occupancy: 2, visitors: 3 } as const;

/**
 * The events at `office` on `day`: badges and panels, room sensors, visitors. They depend only on the seed, the age of
 * the day and the plans.
 */
export function makeOfficeDay(
  directory: DemoDirectory,
  office: DemoOffice,
  { day, age }: Day,
  plans: ReadonlyMap<string, PlannedDay>,
): DemoOfficeDay {
  const { seed, people, offices } = directory;
  const visit: Visit = { office, minutes: wallClock(day, office.timeZone) };
  const presence = people.flatMap((person) => {
    const random = Random.of(seed, CHANCE.presence, person.number, age);
    const where = whereabouts(person, plans.get(person.userId), offices, random);
    return where === office ? badges(person, plans.get(person.userId), visit, random) : [];
  });
  const busy = isWeekday(day);
  return {
    presence: inOrder(office.reportsPresence ? presence : []),
    occupancy: inOrder(
      busy
        ? office.spaces.flatMap((space, index) =>
            meetings(space, visit, Random.of(seed, CHANCE.occupancy, offices.indexOf(office), index, age)),
          )
        : [],
    ),
    visitors: inOrder(
      busy
        ? visitorArrivals(directory, visit, Random.of(seed, CHANCE.visitors, offices.indexOf(office), age))
        : [],
    ),
  };
}

interface Visit {
  office: DemoOffice;
  /** The instant at which the office's clock shows `minutes` after midnight, in ISO 8601. */
  minutes(minutes: number): string;
}

/** The office to which a user comes, which is mostly the planned one. Undefined if the user comes to none. */
function whereabouts(
  person: DemoPerson,
  planned: PlannedDay | undefined,
  offices: DemoOffice[],
  random: Random,
): DemoOffice | undefined {
  const [comes, elsewhere, other] = [random.next(), random.chance(GOES_ELSEWHERE), random.pick(offices)];
  const unplanned = COMES_UNPLANNED[planned?.plan ?? 'none'];
  if (planned?.plan !== 'o') return comes < unplanned ? person.office : undefined;
  if (elsewhere) return other;
  return comes < person.reliability
    ? offices.find(({ locationId }) => locationId === planned.locationId)
    : undefined;
}

function badges(
  person: DemoPerson,
  planned: PlannedDay | undefined,
  { office, minutes }: Visit,
  random: Random,
): PresenceEvent[] {
  const arrival = random.around(8 * 60 + 50, 35);
  const usesPanel = random.chance(0.7);
  const [ownDesk, anyDesk] = [random.chance(0.85), random.pick(office.desks).deskId];
  const [lunch, leave] = [random.chance(0.5), random.chance(0.3)];
  const booked = planned?.locationId === office.locationId ? planned.deskId : null;
  const favourite = office === person.office ? person.favouriteDeskId : anyDesk;
  const at = (source: string, time: number, node: Pick<PresenceEvent, 'locationType' | 'locationId'>) => ({
    eventId: `${source}-${minutes(time)}`,
    timestamp: minutes(time),
    ...node,
    userId: person.userId,
  });
  const door = { locationType: 'location', locationId: office.locationId };
  const events = [at('badge', arrival, door)];
  if (usesPanel) {
    events.push(
      at('panel', arrival + 6, {
        locationType: 'place',
        locationId: booked ?? (ownDesk ? favourite : anyDesk),
      }),
    );
  }
  if (lunch) events.push(at('badge', arrival + 260, door));
  if (leave) events.push(at('badge', arrival + 540, door));
  return events;
}

/** The events of a room sensor. It reports the number of people at each change. */
function meetings({ spaceId, capacity }: DemoOffice['spaces'][number], { minutes }: Visit, random: Random) {
  const events: OccupancyEvent[] = [];
  const say = (time: number, occupancy: number) =>
    events.push({
      eventId: `sensor-${minutes(time)}`,
      timestamp: minutes(time),
      locationType: 'space',
      locationId: spaceId,
      occupancy,
    });
  let time = 8 * 60 + 30 + random.below(60);
  for (let meeting = 0; meeting < MEETINGS; meeting++) {
    time += 15 + random.below(90);
    const people = 1 + random.below(capacity);
    say(time, people);
    time += 20 + random.below(55);
    say(time, 0);
  }
  return events;
}

function visitorArrivals(
  { people }: DemoDirectory,
  { office, minutes }: Visit,
  random: Random,
): VisitorArrival[] {
  const hosts = people.filter((person) => person.office === office);
  const count = Math.ceil((hosts.length / PEOPLE_PER_VISITOR) * random.next() * 2);
  return Array.from({ length: hosts.length === 0 ? 0 : count }, (_, index) => {
    const { firstName, lastName } = makeName(random);
    const timestamp = minutes(9 * 60 + random.below(7 * 60));
    return {
      eventId: `visitor-${timestamp}-${index}`,
      timestamp,
      locationId: office.locationId,
      visitorName: `${firstName} ${lastName}`,
      visitorEmail: `${plain(firstName)}.${plain(lastName)}@visitor.example`,
      visitorCompany: makeCompany(random),
      hostUserId: random.pick(hosts).userId,
    };
  });
}

export function isWeekday(day: string): boolean {
  const weekday = new Date(`${day}T00:00:00Z`).getUTCDay();
  return weekday > 0 && weekday < 6;
}

const NOON_MINUTES = 12 * 60;
const MINUTE_MS = 60_000;

/**
 * Converts minutes after midnight to instants. It counts from noon, because clocks change at night and the demo has no
 * events before morning.
 */
function wallClock(day: string, timeZone: string): (minutes: number) => string {
  const noonMs = instantOf(day, NOON_MINUTES, timeZone);
  return (minutes) => new Date(noonMs + (minutes - NOON_MINUTES) * MINUTE_MS).toISOString();
}

/** Sorts `events` in place by time. */
export function inOrder<Event extends { timestamp: string }>(events: Event[]): Event[] {
  return events.sort((a, b) => (a.timestamp < b.timestamp ? -1 : Number(a.timestamp > b.timestamp)));
}
