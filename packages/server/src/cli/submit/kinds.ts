import type { Refused, Rollcall, SubmitOptions } from '@rollcall/sdk';
import { stringify } from 'csv-stringify/sync';
import type { TObject } from 'typebox';
import { OccupancyEvent } from '../../ingest/occupancy.ts';
import { PresenceEvent } from '../../ingest/presence.ts';
import { TimeOffEvent } from '../../ingest/time-off.ts';

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

/** What a file may hold. */
export interface SubmitKind {
  columns: Column[];
  /** Sends them; gives those that were refused, with their places among `events`. */
  send(client: Rollcall, sourceId: string, events: Event[], options: SubmitOptions): Promise<Refusals>;
}

type Refusals = Refused<unknown, { message: string }>[];

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
    send: async (client, sourceId, events, options) =>
      (await client.presence.submit(sourceId, events as unknown as PresenceEvent[], options)).refused,
  },
  occupancy: {
    columns: columnsOf(OccupancyEvent, { ...AT, occupied: 'true', occupancy: '3' }),
    send: async (client, sourceId, events, options) =>
      (await client.occupancy.submit(sourceId, events as unknown as OccupancyEvent[], options)).refused,
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
    send: async (client, _sourceId, events, options) =>
      (await client.timeOff.submit(events as unknown as TimeOffEvent[], options)).refused,
  },
} as const satisfies Record<string, SubmitKind>;

export type SubmitKindName = keyof typeof SUBMIT_KINDS;

/** A file to start from: the header row and one example row, CRLF after each. */
export function submitExample({ columns }: SubmitKind): string {
  const rows = [columns.map(({ name }) => name), columns.map(({ example }) => example)];
  return stringify(rows, { record_delimiter: 'windows' });
}

/** The documentation of a file, in Markdown: a table of its columns. */
export function describeSubmitColumns({ columns }: SubmitKind): string {
  const rows = columns.map(
    ({ name, type, required, description, example }) =>
      `| \`${name}\` | ${type}${required ? ', required' : ''} | ${description} | ${example && `\`${example}\``} |`,
  );
  return ['| column | | what it holds | example |', '|---|---|---|---|', ...rows].join('\n');
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
    // What is left out is derived from the rest.
    const required = name !== 'eventId' && (schema.required as readonly string[]).includes(name);
    return { name, type, required, description, example: examples[name] ?? '' };
  });
}
