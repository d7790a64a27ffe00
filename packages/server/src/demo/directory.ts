import type { DeskItem, LocationItem, SpaceItem } from '../directory/places.ts';
import type { UserItem } from '../directory/users.ts';
import { Random } from './random.ts';

/** The people and places of the demo organisation. */
export interface DemoDirectory {
  offices: DemoOffice[];
  locations: LocationItem[];
  desks: DeskItem[];
  spaces: SpaceItem[];
  users: UserItem[];
  people: DemoPerson[];
}

export interface DemoOffice {
  locationId: string;
  name: string;
  timeZone: string;
  deskIds: string[];
}

export interface DemoPerson {
  userId: string;
  email: string;
  office: DemoOffice;
  /** How likely this person is to come in, against the average of 1. */
  eagerness: number;
  /** The desk this person mostly sits at. */
  deskId: string;
}

const OFFICES = [
  {
    name: 'London Bridge',
    address: '1 London Bridge Street, London',
    timeZone: 'Europe/London',
    share: 0.45,
  },
  { name: 'Hudson Yards', address: '20 Hudson Yards, New York', timeZone: 'America/New_York', share: 0.35 },
  { name: 'Barangaroo', address: '100 Barangaroo Avenue, Sydney', timeZone: 'Australia/Sydney', share: 0.2 },
] as const;
const ZONES = ['North', 'South', 'Quiet'] as const;
const SPACES = [
  { name: 'Boardroom', spaceType: 'meeting room', capacity: 14 },
  { name: 'Huddle', spaceType: 'meeting room', capacity: 4 },
  { name: 'Phone booth', spaceType: 'booth', capacity: 1 },
] as const;
/** Hybrid work shares desks: so many for each person. */
const DESKS_PER_PERSON = 0.6;
const DESKS_PER_LEVEL = 60;

const FIRST_NAMES = [
  'Ada',
  'Amir',
  'Anika',
  'Ben',
  'Carla',
  'Chen',
  'Diego',
  'Elena',
  'Farah',
  'Grace',
  'Hiro',
  'Imani',
  'Jonas',
  'Kofi',
  'Lena',
  'Maya',
  'Noor',
  'Oscar',
  'Priya',
  'Quinn',
  'Rosa',
  'Sam',
  'Tomás',
  'Uma',
  'Viktor',
  'Wen',
  'Yara',
  'Zoë',
];
const LAST_NAMES = [
  'Adeyemi',
  'Baker',
  'Castillo',
  'Dubois',
  'Evans',
  'Fischer',
  'García',
  'Haddad',
  'Ivanova',
  'Jensen',
  'Kim',
  'Lopez',
  'Müller',
  'Nguyen',
  'Okafor',
  'Patel',
  'Quiroga',
  'Rossi',
  'Sato',
  'Taylor',
  'Ueda',
  'Vargas',
  'Wang',
  'Young',
];

/** Makes up three offices and `userCount` people; the same seed makes the same ones, ids included. */
export function makeDirectory(seed: number, userCount: number): DemoDirectory {
  const random = new Random(seed);
  const directory: DemoDirectory = {
    offices: [],
    locations: [],
    desks: [],
    spaces: [],
    users: [],
    people: [],
  };
  for (const plan of OFFICES)
    addOffice(directory, plan, Math.max(1, Math.round(userCount * plan.share)), random);
  for (let number = 0; number < userCount; number++) addPerson(directory, number, random);
  return directory;
}

function addOffice(
  directory: DemoDirectory,
  { name, address, timeZone }: (typeof OFFICES)[number],
  people: number,
  random: Random,
): void {
  const office: DemoOffice = { locationId: random.guid(), name, timeZone, deskIds: [] };
  directory.offices.push(office);
  directory.locations.push({ locationId: office.locationId, locationName: name, address, timeZone });
  const idOf = lasting(random);
  const deskCount = Math.max(ZONES.length, Math.ceil(people * DESKS_PER_PERSON));
  for (let index = 0; index < deskCount; index++) {
    const levelName = `Level ${1 + Math.floor(index / DESKS_PER_LEVEL)}`;
    const zoneName = ZONES[index % ZONES.length] ?? ZONES[0];
    const deskId = random.guid();
    office.deskIds.push(deskId);
    directory.desks.push({
      deskId,
      deskName: `${levelName.slice(6)}-${String((index % DESKS_PER_LEVEL) + 1).padStart(2, '0')}`,
      zoneId: idOf(`${levelName}, ${zoneName}`),
      zoneName,
      levelId: idOf(levelName),
      levelName,
      locationId: office.locationId,
    });
  }
  const levels = Math.ceil(deskCount / DESKS_PER_LEVEL);
  for (let level = 1; level <= levels; level++) {
    for (const { name: spaceName, ...space } of SPACES) {
      directory.spaces.push({
        spaceId: random.guid(),
        spaceName,
        ...space,
        levelId: idOf(`Level ${level}`),
        levelName: `Level ${level}`,
        locationId: office.locationId,
      });
    }
  }
}

/** The same id for the same name; a new one for a new name. */
function lasting(random: Random): (name: string) => string {
  const ids = new Map<string, string>();
  return (name) => {
    const id = ids.get(name) ?? random.guid();
    ids.set(name, id);
    return id;
  };
}

function addPerson(directory: DemoDirectory, number: number, random: Random): void {
  const [firstName, lastName] = [random.pick(FIRST_NAMES), random.pick(LAST_NAMES)];
  const userName = `${plain(firstName)}.${plain(lastName)}${number + 1}`;
  const email = `${userName}@demo.example`;
  const office = officeOf(directory, random.next());
  const userId = random.guid();
  directory.users.push({
    userId,
    userName,
    email,
    firstName,
    lastName,
    onboarded: true,
    primaryLocationId: office.locationId,
  });
  directory.people.push({
    userId,
    email,
    office,
    eagerness: Math.max(0.1, random.around(1, 0.3)),
    deskId: random.pick(office.deskIds),
  });
}

/** The office that a draw from 0 to 1 falls to, by the offices' shares. */
function officeOf({ offices }: DemoDirectory, draw: number): DemoOffice {
  let left = draw;
  for (const [index, { share }] of OFFICES.entries()) {
    const office = offices[index];
    left -= share;
    if (office && (left < 0 || index === OFFICES.length - 1)) return office;
  }
  throw new Error('The demo has no office.');
}

/** A name as it stands in an e-mail address. */
function plain(name: string): string {
  return name
    .normalize('NFD')
    .replace(/\P{ASCII}/gu, '')
    .toLowerCase();
}
