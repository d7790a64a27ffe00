import type { DeskItem, LocationItem, SpaceItem } from '../directory/nodes.ts';
import type { Random } from './random.ts';

/** An office of the demo organisation, with its nodes. */
export interface DemoOffice {
  locationId: string;
  name: string;
  timeZone: string;
  /** Whether badge readers and desk panels report from here. */
  reportsPresence: boolean;
  /** Whether presence at a desk books it. */
  deskPresence: 'record' | 'book';
  location: LocationItem;
  desks: (DeskItem & { deskId: string })[];
  lounges: DemoLounge[];
  spaces: (SpaceItem & { spaceId: string; capacity: number })[];
}

/** A zone with a capacity and without desks. */
export interface DemoLounge {
  zoneId: string;
  zoneName: string;
  capacity: number;
  levelId: string;
  levelName: string;
  locationId: string;
}

const OFFICES = [
  {
    name: 'London Bridge',
    address: '1 London Bridge Street, London',
    timeZone: 'Europe/London',
    share: 0.45,
    reportsPresence: true,
    deskPresence: 'record',
  },
  {
    name: 'Hudson Yards',
    address: '20 Hudson Yards, New York',
    timeZone: 'America/New_York',
    share: 0.35,
    reportsPresence: true,
    deskPresence: 'book',
  },
  {
    name: 'Barangaroo',
    address: '100 Barangaroo Avenue, Sydney',
    timeZone: 'Australia/Sydney',
    share: 0.2,
    reportsPresence: false,
    deskPresence: 'record',
  },
] as const;
const ZONES = ['North', 'South', 'Quiet'] as const;
const SPACES = [
  { name: 'Boardroom', spaceType: 'meeting room', capacity: 14 },
  { name: 'Huddle', spaceType: 'meeting room', capacity: 4 },
  { name: 'Phone booth', spaceType: 'booth', capacity: 1 },
] as const;
/** Desks for each user. Hybrid work shares desks. */
const DESKS_PER_PERSON = 0.6;
const DESKS_PER_LEVEL = 60;
const SEATS_PER_LOUNGE = 12;

/** Makes up the offices of `userCount` people. */
export function makeOffices(userCount: number, random: Random): DemoOffice[] {
  return OFFICES.map((plan) => makeOffice(plan, Math.max(1, Math.round(userCount * plan.share)), random));
}

/** The office for a random number from 0 to 1. Each office has its share of the numbers. */
export function officeOf(offices: DemoOffice[], draw: number): DemoOffice {
  let left = draw;
  for (const [index, { share }] of OFFICES.entries()) {
    const office = offices[index];
    left -= share;
    if (office && (left < 0 || index === OFFICES.length - 1)) return office;
  }
  throw new Error('The demo has no office.');
}

function makeOffice(
  { name, address, timeZone, reportsPresence, deskPresence }: (typeof OFFICES)[number],
  people: number,
  random: Random,
): DemoOffice {
  const locationId = random.guid();
  const deskCount = Math.max(ZONES.length, Math.ceil(people * DESKS_PER_PERSON));
  const levels = Array.from({ length: Math.ceil(deskCount / DESKS_PER_LEVEL) }, (_, index) => ({
    levelId: random.guid(),
    levelName: `Level ${index + 1}`,
    locationId,
    zones: ZONES.map((zoneName) => ({ zoneId: random.guid(), zoneName })),
  }));
  return {
    locationId,
    name,
    timeZone,
    reportsPresence,
    deskPresence,
    location: { locationId, locationName: name, address, timeZone },
    desks: levels.flatMap(({ zones, ...level }, number) =>
      Array.from({ length: Math.min(DESKS_PER_LEVEL, deskCount - number * DESKS_PER_LEVEL) }, (_, index) => ({
        deskId: random.guid(),
        deskName: `${number + 1}-${String(index + 1).padStart(2, '0')}`,
        ...cycled(zones, index),
        ...level,
      })),
    ),
    lounges: levels.map(({ zones: _, ...level }) => ({
      zoneId: random.guid(),
      zoneName: 'Lounge',
      capacity: SEATS_PER_LOUNGE,
      ...level,
    })),
    spaces: levels.flatMap(({ zones: _, ...level }) =>
      SPACES.map(({ name: spaceName, ...space }) => ({
        spaceId: random.guid(),
        spaceName,
        ...space,
        ...level,
      })),
    ),
  };
}

function cycled<T>(items: T[], index: number): T {
  const item = items[index % items.length];
  if (item === undefined) throw new RangeError('The list is empty.');
  return item;
}
