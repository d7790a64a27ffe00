import { account } from './texts/account.ts';
import { attendance } from './texts/attendance.ts';
import { audit } from './texts/audit.ts';
import { conflict } from './texts/conflict.ts';
import { csvImport } from './texts/csv-import.ts';
import { effects } from './texts/effects.ts';
import { floor } from './texts/floor.ts';
import { integrations } from './texts/integrations.ts';
import { people, person } from './texts/people.ts';
import { places } from './texts/places.ts';
import { refused } from './texts/refused.ts';
import { requests } from './texts/requests.ts';
import { setUp } from './texts/set-up.ts';
import { settings } from './texts/settings.ts';
import { eventQuota, sources } from './texts/sources.ts';

/** Every text of the console, in English. Another language is other files of this shape. */
export const texts = {
  /** The language of numbers and dates, and of the texts. */
  language: 'en-GB',
  product: 'Rollcall',
  /** In place of a number that is unknown. */
  none: '–',
  zone: (timeZone: string) => `Times are in the time zone ${timeZone}.`,
  inZone: (instant: string, timeZone: string) => `${instant} (${timeZone})`,
  colourScheme: {
    title: 'Colours',
    light: 'Light',
    dark: 'Dark',
    auto: 'As on this device',
  },
  shell: {
    skip: 'Skip to the content',
    navigation: 'Pages',
    openNavigation: 'Open the list of pages',
    closeNavigation: 'Close the list of pages',
    organisation: (name: string) => `Organisation: ${name}`,
    account: (email: string) => `Account: ${email}`,
    ownAccount: 'My account',
    sessions: 'Sessions',
    signOut: 'Sign out',
    loading: 'Loading',
    noOrganisation: {
      title: 'No organisation',
      advice:
        'Your account has no role in any organisation. Ask an administrator to invite you. Roles from an identity provider count only if you sign in there.',
    },
    notMember: (organisation: string) => ({
      title: 'No access',
      advice: `Your account has no role in the organisation “${organisation}”. Choose another one, or ask an administrator to invite you.`,
    }),
    notFound: {
      title: 'Nothing here',
      advice: 'There is no page at this address. Choose one from the list of pages.',
    },
  },
  commandBar: {
    title: 'Go to',
    open: 'Go to a page, place or person (Ctrl or ⌘ and K)',
    label: 'Name of a page, place or person',
    placeholder: 'A page, or a part of a name',
    pages: 'Pages',
    offices: 'Offices',
    places: 'Levels, zones, desks and rooms',
    people: 'People',
    nothing: 'Nothing has this name.',
    close: 'Close',
  },
  failures: {
    retry: 'Try again',
    correlation: (id: string) => `(correlation id ${id})`,
    forbidden: {
      title: 'Your role does not allow this',
      advice: 'Ask an administrator of the organisation for a role that does.',
    },
    unavailable: {
      title: 'The server cannot answer now',
      advice: 'It is busy, or its database is not ready. Try again in a moment.',
    },
    unreachable: {
      title: 'The server does not answer',
      advice: 'Check your connection, and try again.',
    },
    refused: {
      title: 'The server refused the request',
      advice: 'Change what the server names, and try again.',
    },
    broken: {
      title: 'This page does not work',
      advice: 'Load it again. If the server was updated, that loads the new version.',
    },
  },
  searchSelect: {
    hint: 'Type a part of the name',
    nothing: 'None has this name',
    failed: 'The names could not be loaded',
  },
  search: { tooManyWords: 'Search for at most five words.', more: 'Loading more' },
  download: { title: 'Download', failed: 'The file could not be downloaded.' },
  signIn: {
    title: 'Sign in',
    email: 'E-mail address',
    password: 'Password',
    showPassword: 'Show the password',
    submit: 'Sign in',
    wrong: 'This e-mail address and password do not belong together, or the account cannot be used.',
    withPasskey: 'Sign in with a passkey',
    withProvider: (name: string) => `Sign in with ${name}`,
    or: 'or with a password',
    passkeyRefused:
      'No passkey was accepted. You may have cancelled it, or this device has none for your account.',
    returning: 'The server checks your sign-in.',
    again: 'Sign in again',
    help: 'I cannot sign in',
    helpTitle: 'If you cannot sign in',
    helpParagraphs: [
      'An administrator of your organisation can invite you, or send you a link to choose a new password.',
      'The operator of this server can make a link with the command “rollcall admins reset” and your e-mail address.',
      'A link works once. An invitation is valid for 7 days, every other link for 15 minutes.',
    ],
    close: 'Close',
    link: {
      title: 'Choose a password',
      name: 'Your name',
      nameHint: 'Colleagues see it. You may leave it empty.',
      password: 'Password',
      passwordHint: 'At least 12 characters. A few words that do not belong together are good.',
      submit: 'Save and sign in',
      wrong:
        'The password is wrong, or the link was used meanwhile. An account that has a password needs that one.',
      redeeming: 'Your link signs you in.',
      invalid:
        'This link does not work. It was used before, or it is too old. Ask for a new one, or sign in here.',
    },
  },
  sessions: {
    title: 'Sessions',
    intro:
      'These browsers are signed in to your account. End a session that you do not know, and change your password under “My account”.',
    columns: ['Browser', 'Network address', 'Signed in', 'Last used'],
    current: 'this session',
    unknown: 'unknown',
    end: 'End',
    endLabel: (browser: string) => `End the session of ${browser}`,
    confirmTitle: 'End this session?',
    confirm: (browser: string) => `${browser} is then signed out at once.`,
    cancel: 'Keep it',
  },
  csvImport,
  effects,
  floor,
  places,
  settings,
  account,
  conflict,
  charts: {
    asTable: 'As a table',
    keys: 'Arrow keys move through the points. The table after it has the same numbers.',
    hint: 'Point at the chart, or use the arrow keys, to read its numbers.',
  },
  today: {
    title: 'Today',
    asOf: (time: string, zone: string) => `As of ${time}, ${zone}`,
    kiosk: 'Screen for the foyer',
    kioskWithNames: 'Screen for the foyer, with names',
    latest: 'Arrived last',
    nobody: 'Nobody has arrived today.',
    figures: {
      present: 'Present',
      expected: 'Expected',
      planned: 'Planned',
      booked: 'With a desk',
      walkIn: 'Walk-ins',
      visitors: 'Visitors',
      spacesInUse: 'Rooms in use',
    },
    offices: 'Offices',
    office: 'Office',
    allOffices: 'All offices',
    lastSeen: 'Last seen',
    at: (time: string, zone: string) => `${time}, ${zone}`,
    ofRooms: (inUse: string, all: string) => `${inUse} of ${all}`,
    arrivals: 'Arrivals by hour',
    arrivalsAt: (office: string) => `Arrivals by hour at ${office}`,
    hour: 'Hour',
    day: 'Day',
    otherDay: (offices: string) =>
      `It is another day at these offices: ${offices}. Choose one to see its arrivals.`,
    usual: 'Usually on this weekday',
    empty: {
      title: 'There is no office yet',
      advice: 'An administrator can add offices and desks on the page Places. Then send events.',
    },
  },
  attendance,
  audit,
  people,
  person,
  integrations,
  refused,
  requests,
  sources,
  eventQuota,
  setUp,
};
