import type { Tx } from '../store/connections/db.ts';
import { lockDirectory, lockTree } from '../store/connections/directory-lock.ts';
import { insertNodes, type NodeKind, updateNodes } from '../store/directory/nodes.ts';
import { type DayAuthor, rebookNodes } from '../workday/plan.ts';
import { type Attributes, type NodeDraft, NodeWriter } from './node-writer.ts';
import { TimeZones } from './time-zones.ts';
import { type Segment, Tree } from './tree.ts';
import { Claims, orRefused, type UpsertItem, type UpsertResult } from './upsert.ts';
import {
  clearable,
  optionalCount,
  optionalGuid,
  optionalKey,
  optionalStatus,
  optionalText,
} from './values.ts';

/** The path to a node, from the location down. */
interface InLocation {
  locationId?: string;
  locationName?: string;
}

interface OnLevel extends InLocation {
  levelId?: string;
  levelName?: string;
}

/**
 * On an update, members that are left out or empty stay as they are. On a create they take their default. Null
 * empties a member. A new node needs its name and its parent. An existing node that is named by its id needs neither.
 */
export interface LocationItem extends UpsertItem, InLocation {
  address?: string | null;
  /** An IANA name, such as `Europe/London`. Needed on a create. */
  timeZone?: string;
  /** `active` (the default) or `inactive`. */
  status?: string;
}

/** A level. Its location must be known. */
export interface LevelItem extends UpsertItem, OnLevel {
  status?: string;
}

/** A zone. The server creates its level if it is not known. Its location must be known. */
export interface ZoneItem extends UpsertItem, OnLevel {
  zoneId?: string;
  zoneName?: string;
  /** How many users may be booked into it, a whole number from 0; null: no limit. */
  capacity?: number | null;
  status?: string;
}

/** A desk. The server creates its level and zone if they are not known. Its location must be known. */
export interface DeskItem extends UpsertItem, OnLevel {
  deskId?: string;
  deskName?: string;
  zoneId?: string;
  zoneName?: string;
  status?: string;
}

/** A room or booth. The server creates its level if it is not known. Its location must be known. */
export interface SpaceItem extends UpsertItem, OnLevel {
  spaceId?: string;
  spaceName?: string;
  spaceType?: string | null;
  /** A whole number from 0. */
  capacity?: number | null;
  status?: string;
}

/**
 * Creates and updates locations, matched by id or else by name. Results are in the order of `items`; a refused
 * item stops no other. Takes the directory lock. Throws a write conflict (`isWriteConflict`) if a writer without
 * that lock came first. Nothing is written then, and the caller may call again in a new transaction, after
 * `claims.discard()`.
 *
 * Bookings at a node that this call retires or moves are rebooked in the same transaction (`rebookNodes`).
 */
export async function upsertLocations(
  tx: Tx,
  tenantId: string,
  items: LocationItem[],
  author: DayAuthor,
  claims = new Claims(),
): Promise<UpsertResult[]> {
  const timeZones = await TimeZones.load(
    tx,
    items.map((item) => item.timeZone),
  );
  return upsertNodes(tx, tenantId, items, { author, claims }, (item) => ({
    path: [location(item)],
    attributes: given(
      {
        address: clearable(item.address, (address) => optionalText('address', address)),
        timeZone: timeZones.read('timeZone', item.timeZone),
      },
      item.status,
    ),
  }));
}

/** As `upsertLocations`, for levels, matched by id or else by location and name. */
export function upsertLevels(
  tx: Tx,
  tenantId: string,
  items: LevelItem[],
  author: DayAuthor,
  claims = new Claims(),
): Promise<UpsertResult[]> {
  return upsertNodes(tx, tenantId, items, { author, claims }, (item) => ({
    path: [location(item), level(item)],
    attributes: given({}, item.status),
  }));
}

/** As `upsertLocations`, for zones, matched by id or else by level and name. */
export function upsertZones(
  tx: Tx,
  tenantId: string,
  items: ZoneItem[],
  author: DayAuthor,
  claims = new Claims(),
): Promise<UpsertResult[]> {
  return upsertNodes(tx, tenantId, items, { author, claims }, (item) => ({
    path: [location(item), level(item), zone(item)],
    attributes: given({ capacity: capacity(item) }, item.status),
  }));
}

/** As `upsertLocations`, for desks, matched by id or else by zone and name. */
export function upsertDesks(
  tx: Tx,
  tenantId: string,
  items: DeskItem[],
  author: DayAuthor,
  claims = new Claims(),
): Promise<UpsertResult[]> {
  return upsertNodes(tx, tenantId, items, { author, claims }, (item) => ({
    path: [
      location(item),
      level(item),
      zone(item),
      segment('place', ['deskId', item.deskId], ['deskName', item.deskName]),
    ],
    attributes: given({}, item.status),
  }));
}

/** As `upsertLocations`, for spaces, matched by id or else by level and name. */
export function upsertSpaces(
  tx: Tx,
  tenantId: string,
  items: SpaceItem[],
  author: DayAuthor,
  claims = new Claims(),
): Promise<UpsertResult[]> {
  return upsertNodes(tx, tenantId, items, { author, claims }, (item) => ({
    path: [
      location(item),
      level(item),
      segment('space', ['spaceId', item.spaceId], ['spaceName', item.spaceName]),
    ],
    attributes: given(
      {
        spaceType: clearable(item.spaceType, (type) => optionalText('spaceType', type)),
        capacity: capacity(item),
      },
      item.status,
    ),
  }));
}

function location({ locationId, locationName }: InLocation): Segment {
  return segment('location', ['locationId', locationId], ['locationName', locationName]);
}

function level({ levelId, levelName }: OnLevel): Segment {
  return segment('level', ['levelId', levelId], ['levelName', levelName]);
}

function zone({ zoneId, zoneName }: { zoneId?: string; zoneName?: string }): Segment {
  return segment('zone', ['zoneId', zoneId], ['zoneName', zoneName]);
}

type Member = [name: string, value: string | undefined];

function segment(kind: NodeKind, [idMember, id]: Member, [nameMember, name]: Member): Segment {
  return {
    kind,
    idMember,
    nameMember,
    id: optionalGuid(idMember, id),
    name: optionalKey(nameMember, name),
  };
}

function capacity(item: { capacity?: number | null }): number | null | undefined {
  return clearable(item.capacity, (value) => optionalCount('capacity', value));
}

/** Only the attributes that have a value, so that spreading them changes nothing else. */
function given(
  attributes: { [K in keyof Attributes]: Attributes[K] | undefined },
  status?: string,
): Attributes {
  const all = { ...attributes, status: optionalStatus('status', status) };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

async function upsertNodes<Item extends UpsertItem>(
  tx: Tx,
  tenantId: string,
  items: Item[],
  { author, claims }: { author: DayAuthor; claims: Claims },
  judge: (item: Item) => Omit<NodeDraft, 'origin'>,
): Promise<UpsertResult[]> {
  const drafts = items.map((item) => orRefused<NodeDraft>(() => ({ origin: item.origin, ...judge(item) })));
  await lockDirectory(tx, tenantId);
  const paths = drafts.flatMap((draft) => ('refused' in draft ? [] : [draft.path]));
  const writer = new NodeWriter(await Tree.load(tx, tenantId, paths), claims);
  const results = drafts.map((draft) => ('refused' in draft ? draft : writer.apply(draft)));
  if (writer.displaced.length > 0) await lockTree(tx, tenantId, 'exclusive');
  await insertNodes(tx, tenantId, writer.inserts);
  await updateNodes(tx, tenantId, writer.updates);
  await rebookNodes(tx, tenantId, writer.displaced, author);
  return results;
}
