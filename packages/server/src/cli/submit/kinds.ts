import type { Refused, Rollcall, SubmitOptions, Submitted } from '@rollcall/sdk';
import type { TObject } from 'typebox';
import { formatCsv } from '../../files/csv-text.ts';
import { OccupancyEvent } from '../../ingest/occupancy.ts';
import { PresenceEvent } from '../../ingest/presence.ts';
import { TimeOffEvent } from '../../ingest/time-off.ts';
import { type Tally, tallyOf } from './tally.ts';

/** An event as it is sent. */
export type Event = Record<string, string | number | boolean>;

/** A member of an event, and the column of a file that holds it. */
export interface Column {
  name: string;
  type: 'string' | 'number' | 'boolean';
  required: boolean;
  description: string;
  example: string;
}

/** A column that a file may have in place of a member of the event. */
export interface Alias {
  name: string;
  /** The members that it sets. */
  gives: readonly string[];
  /** Whether it needs the directory of the server, which the command reads with the key of `--lookup-key`. */
  isLookedUp: boolean;
  description: string;
}

/** A kind of events that a file may contain. */
export interface SubmitKind {
  columns: Column[];
  aliases: readonly Alias[];
  /** A row needs one of these members or aliases; each alone is optional. */
  needsOneOf: readonly string[];
  /** The members that hold a time or a day. */
  times: readonly string[];
  /** Whether the values are days, which have no time zone. */
  hasDays: boolean;
  /** Whether a user's events apply in the order of the file. Then each is answered before the next is sent. */
  isOrdered: boolean;
  /** The members that name a user, and the member of the user's id. */
  user?: { names: readonly string[]; id: string };
  /** Sends events. Returns how many were stored, and which were refused, with their index in `events`. */
  send(client: Rollcall, sourceId: string, events: Event[], options: SubmitOptions): Promise<Sent>;
}

export interface Sent {
  tally: Tally;
  refused: Refused<unknown, { message: string }>[];
}

const sentOf = async (
  submitted: Promise<Submitted<unknown, { resultCode: number; message: string; isNew?: boolean }>>,
): Promise<Sent> => {
  const { results, refused } = await submitted;
  return { tally: tallyOf(results), refused };
};

const LOCATION_NAME: Alias = {
  name: 'locationName',
  gives: ['locationId', 'locationType'],
  isLookedUp: true,
  description: 'name of an office, or a path: Office/Level, Office/Level/Zone/Desk, Office/Level/Space',
};
const userNameFor = (member: string): Alias => ({
  name: 'userName',
  gives: [member],
  isLookedUp: false,
  description: `the same as ${member}`,
});
const employeeNumberFor = (member: string): Alias => ({
  name: 'employeeNumber',
  gives: [member],
  isLookedUp: true,
  description: 'employee number of the person, as the identity provider has it',
});
const CARD_NUMBER: Alias = {
  name: 'cardNumber',
  gives: ['sourceUserId'],
  isLookedUp: false,
  description: 'number or scan data of an access card: the same as sourceUserId',
};

const AT = {
  eventId: '1',
  timestamp: '2026-11-23T09:00:00Z',
  locationId: '3f0c5a52-6d0e-4f0e-9d53-0a4f6b0f5c01',
  locationType: 'location',
};

/** The columns are the members of the contract's events. */
export const SUBMIT_KINDS = {
  presence: {
    columns: columnsOf(PresenceEvent, { ...AT, userId: '', userEmail: 'ada@example.com', sourceUserId: '' }),
    aliases: [LOCATION_NAME, userNameFor('userEmail'), employeeNumberFor('userId'), CARD_NUMBER],
    needsOneOf: ['userId', 'userEmail', 'sourceUserId'],
    times: ['timestamp'],
    hasDays: false,
    isOrdered: false,
    user: { names: ['userEmail'], id: 'userId' },
    send: (client, sourceId, events, options) =>
      sentOf(
        client.presence.submit(sourceId, events as unknown as PresenceEvent[], { ...options, tellNew: true }),
      ),
  },
  occupancy: {
    columns: columnsOf(OccupancyEvent, { ...AT, occupied: 'true', occupancy: '3' }),
    aliases: [LOCATION_NAME],
    needsOneOf: ['occupied', 'occupancy'],
    times: ['timestamp'],
    hasDays: false,
    isOrdered: false,
    send: (client, sourceId, events, options) =>
      sentOf(
        client.occupancy.submit(sourceId, events as unknown as OccupancyEvent[], {
          ...options,
          tellNew: true,
        }),
      ),
  },
  timeoff: {
    columns: columnsOf(TimeOffEvent, {
      eventId: '1',
      email: 'ada@example.com',
      uid: '',
      eventType: 'scheduled',
      startDate: '2026-12-21',
      endDate: '2026-12-24',
      timeOffType: 'holiday',
    }),
    aliases: [userNameFor('email'), employeeNumberFor('uid')],
    needsOneOf: ['email', 'uid'],
    times: ['startDate', 'endDate'],
    hasDays: true,
    isOrdered: true,
    user: { names: ['email'], id: 'uid' },
    send: (client, _sourceId, events, options) =>
      sentOf(client.timeOff.submit(events as unknown as TimeOffEvent[], options)),
  },
} as const satisfies Record<string, SubmitKind>;

export type SubmitKindName = keyof typeof SUBMIT_KINDS;

/** A template: the header row and one example row, with CRLF after each. */
export function submitExample({ columns }: SubmitKind): string {
  return formatCsv([columns.map(({ name }) => name), columns.map(({ example }) => example)]);
}

/** The documentation of a file, in Markdown: a table of its columns. */
export function describeSubmitColumns({ columns, aliases }: SubmitKind): string {
  const rows = columns.map(
    ({ name, type, required, description, example }) =>
      `| \`${name}\` | ${type}${required ? ', required' : ''} | ${description} | ${example && `\`${example}\``} |`,
  );
  const others = aliases.map(
    ({ name, gives, isLookedUp, description }) =>
      `| \`${name}\` | in place of ${gives.map((member) => `\`${member}\``).join(' and ')}${isLookedUp ? ', with `--lookup-key`' : ''} | ${description} | |`,
  );
  return ['| column | | what it holds | example |', '|---|---|---|---|', ...rows, ...others].join('\n');
}

interface Member {
  type?: Column['type'];
  description?: string;
  anyOf?: Member[];
}

function columnsOf<T extends TObject>(schema: T, examples: Record<keyof T['properties'], string>): Column[] {
  const members = schema.properties as Record<string, Member>;
  return Object.entries(members).map(([name, member]) => {
    const { type = 'string', description = '' } = member.anyOf?.[0] ?? member;
    // The command derives a missing eventId from the other members.
    const required = name !== 'eventId' && (schema.required as readonly string[]).includes(name);
    return { name, type, required, description, example: examples[name] ?? '' };
  });
}
