import { type TObject, type TSchema, Type } from 'typebox';
import { booleanParameter, searchDescription, wordsFilter } from '../../http/bulk.ts';
import { textFault } from '../../http/text.ts';
import type { Tx } from '../../store/connections/db.ts';
import { listNodeDetails } from '../../store/directory/node-list.ts';
import type { NodeKind } from '../../store/directory/nodes.ts';
import { listUsers } from '../../store/directory/user-list.ts';
import type { PageWindow } from '../../store/values/page.ts';
import { REASONS, type ServerReason } from '../../store/workday/reasons.ts';
import type { DayAuthor } from '../../workday/plan.ts';
import { upsertDesks, upsertLevels, upsertLocations, upsertSpaces, upsertZones } from '../nodes.ts';
import { KIND_WORD } from '../tree.ts';
import type { Claims, UpsertItem, UpsertResult } from '../upsert.ts';
import { upsertUsers } from '../users.ts';
import { idFilter, statusFilter } from './common.ts';

/** A row of an answer; the serializer drops members that the schema does not name. */
export type Row = Record<string, unknown>;
export type Query = Record<string, string | undefined>;

/** A member of an item; `clearable`: null may empty it. */
interface Member {
  schema: TSchema;
  clearable?: true;
}

/** A kind of thing that clients read and change one by one, in pages and in bulk. `kindRoutes` makes its routes. */
export interface ManagedKind {
  /** The path below /v1/manage/. */
  path: string;
  /** The word for one of them, in texts. */
  word: string;
  idMember: string;
  row: TObject;
  /** Query parameters that narrow a list, besides the status. */
  filters: Record<string, string>;
  /** The members that an item may have besides its id. */
  members: Record<string, Member>;
  /** The reason that the action log gives when a change of such a thing changes days of users. */
  reason: ServerReason;
  /** The rows of a page, in the order of their ids, and one more row. `query` may also name an id. */
  list: (tx: Tx, tenantId: string, query: Query, window: PageWindow) => Promise<Row[]>;
  upsert: (
    tx: Tx,
    tenantId: string,
    items: UpsertItem[],
    author: DayAuthor,
    claims?: Claims,
  ) => Promise<UpsertResult[]>;
}

const text = (description: string): Member => ({ schema: Type.String({ description }) });
const clearableText = (description: string): Member => ({ ...text(description), clearable: true });

const ID = Type.String({ format: 'uuid' });
const TEXT = Type.String();
const nullable = (schema: TSchema) => Type.Union([schema, Type.Null()]);
const STATUS_ROW = Type.String({ enum: ['active', 'inactive'] });

const STATUS = text('`active`, which is the default of a new one, or `inactive`: the server never deletes');
const IN_LOCATION = {
  locationId: text('the location that it is in; it must exist'),
  locationName: text('the location by its name, with or without its id'),
};
const ON_LEVEL = {
  ...IN_LOCATION,
  levelId: text('the level that it is on; the id alone is enough if the level exists'),
  levelName: text('its level by name; the server creates it if the location has no level of that name'),
};
const AT_LOCATION = { locationId: 'only those of this location', levelId: 'only those of this level' };
const PLACE_REASON = REASONS.nodeRetiredOrMoved;

const LOCATION_ROW = { locationId: ID, locationName: TEXT };
const LEVEL_ROW = { levelId: ID, levelName: TEXT, ...LOCATION_ROW };
const ZONE_ROW = { zoneId: ID, zoneName: TEXT, ...LEVEL_ROW };

export const MANAGED_KINDS: readonly ManagedKind[] = [
  nodeKind('location', {
    path: 'locations',
    row: { ...LOCATION_ROW, address: nullable(TEXT), timeZone: TEXT },
    filters: {},
    members: {
      locationName: text('unique'),
      address: clearableText('one text'),
      timeZone: text('IANA name, such as Europe/London; a new location needs it'),
    },
    upsert: upsertLocations,
  }),
  nodeKind('level', {
    path: 'levels',
    row: LEVEL_ROW,
    filters: { locationId: AT_LOCATION.locationId },
    members: { levelName: text('unique in its location'), ...IN_LOCATION },
    upsert: upsertLevels,
  }),
  nodeKind('zone', {
    path: 'zones',
    row: {
      ...ZONE_ROW,
      capacity: nullable(
        Type.Integer({ description: 'how many users may be booked into it; null: no limit' }),
      ),
    },
    filters: AT_LOCATION,
    members: {
      zoneName: text('unique on its level'),
      capacity: {
        schema: Type.Number({
          description: 'how many users may be booked into it, desks included; a whole number from 0',
        }),
        clearable: true,
      },
      ...ON_LEVEL,
    },
    upsert: upsertZones,
  }),
  nodeKind('place', {
    path: 'desks',
    row: {
      deskId: ID,
      deskName: TEXT,
      ...ZONE_ROW,
      assignedUserId: nullable(Type.String({ format: 'uuid', description: 'the owner of the desk' })),
    },
    filters: { ...AT_LOCATION, zoneId: 'only those of this zone' },
    members: {
      deskName: text('unique in its zone'),
      zoneId: text('the zone that it is in; the id alone is enough if the zone exists'),
      zoneName: text('its zone by name; the server creates it if the level has no zone of that name'),
      ...ON_LEVEL,
    },
    upsert: upsertDesks,
  }),
  nodeKind('space', {
    path: 'spaces',
    row: {
      spaceId: ID,
      spaceName: TEXT,
      spaceType: nullable(TEXT),
      capacity: nullable(Type.Integer()),
      ...LEVEL_ROW,
    },
    filters: AT_LOCATION,
    members: {
      spaceName: text('unique on its level'),
      spaceType: clearableText('any text'),
      capacity: { schema: Type.Number({ description: 'a whole number from 0' }), clearable: true },
      ...ON_LEVEL,
    },
    upsert: upsertSpaces,
  }),
  {
    path: 'users',
    word: 'user',
    idMember: 'userId',
    row: Type.Object({
      userId: ID,
      userName: TEXT,
      email: nullable(TEXT),
      firstName: nullable(TEXT),
      lastName: nullable(TEXT),
      onboarded: Type.Boolean(),
      status: STATUS_ROW,
      primaryLocationId: nullable(ID),
      primaryLocationName: nullable(TEXT),
      primaryGroupId: nullable(ID),
      primaryGroupName: nullable(TEXT),
      attributes: Type.Object({}, { additionalProperties: true }),
      assignedDeskIds: Type.Array(ID),
      externalId: nullable(Type.String({ description: "the identity provider's id" })),
      deleted: Type.Boolean({ description: 'the identity provider deleted the user, who is inactive' }),
      deletedAt: nullable(
        Type.String({ format: 'date-time', description: 'null also if the time is not known' }),
      ),
    }),
    filters: {
      locationId: 'only users with this primary location',
      userName: 'only the user with this userName, without regard to case',
      email: 'only users with this e-mail address, without regard to case',
      card: 'only users with a card of this number or scan data, as a reader sends it; the card may be inactive',
      deleted: 'true: only users whom the identity provider deleted; false: all others',
      search: searchDescription(
        'users of whom each of these words is a part of the first name, last name, userName or e-mail address',
      ),
    },
    members: {
      userName: text('unique without regard to case'),
      email: clearableText('stored exactly as written; unique among active users'),
      firstName: clearableText('any text'),
      lastName: clearableText('any text'),
      onboarded: { schema: Type.Boolean({ description: 'false is the default of a new user' }) },
      status: STATUS,
      primaryLocationId: clearableText('the primary location; it must exist'),
      primaryLocationName: clearableText('the primary location by its name, with or without its id'),
    },
    reason: REASONS.userDeactivated,
    list: async (tx, tenantId, query, window) => {
      const { userName, email, userId, locationId, status, deleted, card, search } = query;
      if ([userName, email, card, search].some((each) => textFault(each ?? ''))) return [];
      const filter = {
        userId: idFilter(userId),
        locationId: idFilter(locationId),
        userName,
        email,
        status: statusFilter(status),
        deleted: booleanParameter('deleted', deleted),
        card,
        words: wordsFilter('search', search),
      };
      const users = await listUsers(tx, tenantId, filter, window);
      return users.map((user) => ({ ...user, deletedAt: user.deletedAt?.toISOString() ?? null }));
    },
    upsert: upsertUsers,
  },
];

/** The kind of this path. Throws if there is none. */
export function managedKind(path: string): ManagedKind {
  const kind = MANAGED_KINDS.find((each) => each.path === path);
  if (!kind) throw new Error(`Management has no ${path}.`);
  return kind;
}

function nodeKind(
  kind: NodeKind,
  of: Pick<ManagedKind, 'path' | 'filters' | 'members' | 'upsert'> & { row: Record<string, TSchema> },
): ManagedKind {
  const word = KIND_WORD[kind];
  const [idMember, nameMember] = [`${word}Id`, `${word}Name`];
  return {
    ...of,
    word,
    idMember,
    row: Type.Object({ ...of.row, status: STATUS_ROW }),
    members: { ...of.members, status: STATUS },
    reason: PLACE_REASON,
    list: async (tx, tenantId, query, window) => {
      const { [idMember]: nodeId, ...within } = query;
      const filter = {
        kind,
        nodeId: idFilter(nodeId),
        locationId: idFilter(within.locationId),
        levelId: idFilter(within.levelId),
        zoneId: idFilter(within.zoneId),
        status: statusFilter(within.status),
      };
      const rows = await listNodeDetails(tx, tenantId, filter, window);
      return rows.map((row) => ({ ...row, [idMember]: row.nodeId, [nameMember]: row.name }));
    },
  };
}
