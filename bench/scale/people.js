import { CITIES, SIZE } from '../export/dataset.js';
import { TIME_ZONES } from '../metrics/dataset.js';

/*
 * The people and places of the organisation, as an operator has them in CSV files. A name ends with the number of its thing,
 * so that SQL finds it again. Every call makes the same rows.
 */

export const OFFICES = SIZE.offices;
const ZONES = 20;
const ZONES_PER_LEVEL = 4;

/** @typedef {{ people: number, desks: number }} Size */

/** The organisation with so many people: a desk for five people, and at least one desk in each zone. */
export function sizeOf(people) {
  const zones = OFFICES * ZONES;
  return { people, desks: Math.max(1, Math.round(people / 5 / zones)) * zones };
}

/** SQL of the number in a name: of a person in the user name, of a desk in its name. */
export const numberOf = (column) => `substring(${column} FROM '(\\d+)(?:@|$)')::integer`;
/** SQL of the number of an office with this name. */
export const officeIndexOf = (column) =>
  `array_position(ARRAY['${CITIES.join("', '")}'], split_part(${column}, ' office', 1)) - 1`;
/** The number of a desk by its office and its place there; also as SQL. */
export const deskIndexOf = (office, seat) => `(${seat}) * ${OFFICES} + ${office}`;

/** The kinds of CSV files, with the columns by which rows are unique. In the order in which they are imported. */
export const FILES = {
  locations: { rows: locations, key: ['locationName'] },
  desks: { rows: desks, key: ['deskName', 'zoneName', 'levelName', 'locationName'] },
  users: { rows: users, key: ['userName'] },
};

const officeName = (office) => `${CITIES[office]} office`;

function locations() {
  return Array.from({ length: OFFICES }, (_, office) => ({
    locationName: officeName(office),
    timeZone: TIME_ZONES[office % TIME_ZONES.length],
    status: 'active',
  }));
}

/** @param {Size} size */
function desks({ desks: count }) {
  const seats = count / OFFICES;
  return Array.from({ length: count }, (_, index) => {
    const [office, seat] = [Math.floor(index / seats), index % seats];
    const zone = Math.floor(seat / (seats / ZONES));
    const level = Math.floor(zone / ZONES_PER_LEVEL);
    return {
      deskName: `Desk ${seat * OFFICES + office}`,
      zoneName: `Neighbourhood ${level + 1}${String.fromCharCode(65 + (zone % ZONES_PER_LEVEL))}`,
      levelName: `Floor ${level + 1}`,
      locationName: officeName(office),
      status: 'active',
    };
  });
}

const SYLLABLES = [
  'an', 'bel', 'cor', 'da', 'el', 'fin', 'gre', 'han', 'is', 'jo', 'kal', 'lu',
  'mar', 'ne', 'os', 'pra', 'ri', 'sten', 'ta', 'um', 'ver', 'wil', 'ya', 'zo',
]; // biome-ignore format: a list

/** A name of so many syllables. Neighbouring numbers have different names. */
function nameOf(number, syllables) {
  let rest = number;
  let name = '';
  for (let turn = 0; turn < syllables; turn++) {
    name += SYLLABLES[rest % SYLLABLES.length];
    rest = Math.floor(rest / SYLLABLES.length);
  }
  return name[0].toUpperCase() + name.slice(1);
}

/** The person with this number. */
export function personOf(number) {
  const firstName = nameOf((number * 7_919) % SYLLABLES.length ** 2, 2);
  const lastName = nameOf((number * 104_729) % SYLLABLES.length ** 3, 3);
  const userName = `${firstName}.${lastName}.${number}@example.com`.toLowerCase();
  return { userName, email: userName, firstName, lastName };
}

/** @param {Size} size */
function users({ people }) {
  return Array.from({ length: people }, (_, number) => ({
    ...personOf(number),
    onboarded: 'true',
    status: 'active',
    primaryLocationName: officeName(number % OFFICES),
  }));
}

/** Rows as CSV. No value has a comma, a quote or a line break. */
export function csvOf(rows) {
  const lines = [Object.keys(rows[0]), ...rows.map(Object.values)].map((cells) => cells.join(','));
  return `${lines.join('\n')}\n`;
}
