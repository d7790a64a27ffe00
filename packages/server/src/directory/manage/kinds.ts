import { type TObject, type TSchema, Type } from 'typebox';
import { textFault } from '../../http/text.ts';
import type { Tx } from '../../store/connections/db.ts';
import { listNodeDetails } from '../../store/directory/node-list.ts';
import type { NodeKind } from '../../store/directory/nodes.ts';
import { listUsers } from '../../store/directory/user-list.ts';
import type { PageWindow } from '../../store/values/page.ts';
import type { DayAuthor } from '../../workday/plan.ts';
import { upsertDesks, upsertLevels, upsertLocations, upsertSpaces, upsertZones } from '../nodes.ts';
import { KIND_WORD } from '../tree.ts';
import type { Claims, UpsertItem, UpsertResult } from '../upsert.ts';
import { upsertUsers } from '../users.ts';
import { booleanFilter, idFilter, statusFilter } from './common.ts';

/** A row as it goes out; what its schema does not name is left out. */
export type Row = Record<string, unknown>;
export type Query = Record<string, string | undefined>;

/** A member of an item; `clearable`: null may empty it. */
interface Member {
  schema: TSchema;
  clearable?: true;
}

/** A kind of thing that is read and changed one by one, in pages and in bulk. Its routes follow from this. */
export interface ManagedKind {
  /** Below /v1/manage/. */
  path: string;
  /** What people call one. */
  word: string;
  idMember: string;
  row: TObject;
  /** Query parameters that narrow a list, besides the status. */
  filters: Record<string, string>;
  /** What an item may say besides its id. */
  members: Record<string, Member>;
  /** Why days of people were changed by a change of such a thing. */
  reason: string;
  /** The rows of a page, by id, and one more; `query` may name an id, too. */
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

const STATUS = text('`active`, the default of what is new, or `inactive`: nothing is ever deleted');
const IN_LOCATION = {
  locationId: text('the location it is in, which must exist'),
  locationName: text('the location by its name, beside its id or without'),
};
const ON_LEVEL = {
  ...IN_LOCATION,
  levelId: text('the level it is on; its id alone is enough where it exists'),
  levelName: text('its level by name; made where the location has none of that name'),
};
const AT_LOCATION = { locationId: 'of one location', levelId: 'of one level' };
const PLACE_REASON = 'Place retired or moved';

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
      timeZone: text('IANA name, such as Europe/London; needed for what is new'),
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
      capacity: nullable(Type.Integer({ description: 'how many may be booked into it; null: no bound' })),
    },
    filters: AT_LOCATION,
    members: {
      zoneName: text('unique on its level'),
      capacity: {
        schema: Type.Number({
          description: 'how many may be booked into it, desks included; a whole number from 0',
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
      assignedUserId: nullable(Type.String({ format: 'uuid', description: 'whose desk it is' })),
    },
    filters: { ...AT_LOCATION, zoneId: 'of one zone' },
    members: {
      deskName: text('unique in its zone'),
      zoneId: text('the zone it is in; its id alone is enough where it exists'),
      zoneName: text('its zone by name; made where the level has none of that name'),
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
      attributes: Type.Object({}, { additionalProperties: true }),
      assignedDeskIds: Type.Array(ID),
      externalId: nullable(Type.String({ description: "the identity provider's own id" })),
      deleted: Type.Boolean({ description: 'the identity provider deleted the person, who is inactive' }),
      deletedAt: nullable(
        Type.String({ format: 'date-time', description: 'null also where it is not known' }),
      ),
    }),
    filters: {
      locationId: 'with this primary location',
      userName: 'with this userName, without regard to case',
      email: 'with this e-mail, without regard to case',
      deleted: 'true: only those whom the identity provider deleted; false: all others',
    },
    members: {
      userName: text('unique without regard to case'),
      email: clearableText('kept exactly as written; unique among active users'),
      firstName: clearableText('any text'),
      lastName: clearableText('any text'),
      onboarded: { schema: Type.Boolean({ description: 'false is the default of who is new' }) },
      status: STATUS,
      primaryLocationId: clearableText('their usual location, which must exist'),
      primaryLocationName: clearableText('their usual location by its name, beside its id or without'),
    },
    reason: 'Person deactivated',
    list: async (tx, tenantId, query, window) => {
      const { userName, email, userId, locationId, status, deleted } = query;
      if (textFault(userName ?? '') ?? textFault(email ?? '')) return [];
      const filter = {
        userId: idFilter(userId),
        locationId: idFilter(locationId),
        userName,
        email,
        status: statusFilter(status),
        deleted: booleanFilter('deleted', deleted),
      };
      const users = await listUsers(tx, tenantId, filter, window);
      return users.map((user) => ({ ...user, deletedAt: user.deletedAt?.toISOString() ?? null }));
    },
    upsert: upsertUsers,
  },
];

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
