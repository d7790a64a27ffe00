import type { Random } from './random.ts';

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

const COMPANIES = [
  'Alder & Finch',
  'Bluewater Systems',
  'Copperfield',
  'Dunmore Partners',
  'Eastgate Media',
  'Fairhaven',
  'Greystone Legal',
  'Harbour Analytics',
] as const;

/** An invented name. */
export function makeName(random: Random): { firstName: string; lastName: string } {
  return { firstName: random.pick(FIRST_NAMES), lastName: random.pick(LAST_NAMES) };
}

export function makeCompany(random: Random): string {
  return random.pick(COMPANIES);
}

/** A name for an e-mail address: lower-case letters without accents. */
export function plain(name: string): string {
  return name
    .normalize('NFD')
    .replace(/[^a-z]/giu, '')
    .toLowerCase();
}
