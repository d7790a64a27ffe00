import type { Tx } from '../store/db.ts';
import { lockDirectory } from '../store/directory-lock.ts';
import { insertNodes, listTimeZoneNames, type NodeKind, updateNodes } from '../store/nodes.ts';
import { type Attributes, type NodeDraft, NodeWriter } from './node-writer.ts';
import { type Segment, Tree } from './tree.ts';
import { Claims, orRefused, type UpsertItem, type UpsertResult } from './upsert.ts';
import {
  optionalCount,
  optionalGuid,
  optionalKey,
  optionalStatus,
  optionalText,
  quote,
  Refusal,
  requiredKey,
} from './values.ts';

/** Members left out, or empty, stay as they are on an update; on a create they take their default. */
export interface LocationItem extends UpsertItem {
  locationId?: string;
  locationName: string;
  address?: string;
  /** An IANA name, such as `Europe/London`. Needed on a create. */
  timeZone?: string;
  /** `active` (the default) or `inactive`. */
  status?: string;
}

/** A desk. Its level and zone are made where they are not known; its location must be. */
export interface DeskItem extends UpsertItem {
  deskId?: string;
  deskName: string;
  zoneId?: string;
  zoneName: string;
  levelId?: string;
  levelName: string;
  locationId?: string;
  locationName?: string;
  status?: string;
}

/** A room or booth. Its level is made where it is not known; its location must be. */
export interface SpaceItem extends UpsertItem {
  spaceId?: string;
  spaceName: string;
  spaceType?: string;
  /** A whole number from 0. */
  capacity?: number;
  levelId?: string;
  levelName: string;
  locationId?: string;
  locationName?: string;
  status?: string;
}

/**
 * Creates and updates locations, matched by id or else by name. Results are in the order of `items`; one that
 * is refused stops no other. Takes the directory lock. Throws a write conflict (`isWriteConflict`) where a
 * writer without that lock came first; nothing is written then, and the same call can be made again in a new
 * transaction, after `claims.discard()`.
 */
export async function upsertLocations(
  tx: Tx,
  tenantId: string,
  items: LocationItem[],
  claims = new Claims(),
): Promise<UpsertResult[]> {
  const zones = new Set(items.flatMap((item) => item.timeZone?.trim() || []));
  const known = new Set(await listTimeZoneNames(tx, [...zones].filter(isIntlTimeZone)));
  return upsertNodes(tx, tenantId, items, claims, (item) => {
    const timeZone = optionalText('timeZone', item.timeZone);
    if (timeZone !== undefined && !known.has(timeZone)) {
      throw new Refusal(
        `timeZone ${quote(timeZone)} is not the IANA name of a time zone, such as Europe/London`,
      );
    }
    return {
      path: [{ ...locationSegment(item), name: requiredKey('locationName', item.locationName) }],
      attributes: given({ address: optionalText('address', item.address), timeZone }, item.status),
    };
  });
}

/** As `upsertLocations`, for desks, matched by id or else by zone and name. */
export function upsertDesks(
  tx: Tx,
  tenantId: string,
  items: DeskItem[],
  claims = new Claims(),
): Promise<UpsertResult[]> {
  return upsertNodes(tx, tenantId, items, claims, (item) => ({
    path: [
      locationSegment(item),
      segment('level', 'levelId', item.levelId, 'levelName', item.levelName),
      segment('zone', 'zoneId', item.zoneId, 'zoneName', item.zoneName),
      segment('place', 'deskId', item.deskId, 'deskName', item.deskName),
    ],
    attributes: given({}, item.status),
  }));
}

/** As `upsertLocations`, for spaces, matched by id or else by level and name. */
export function upsertSpaces(
  tx: Tx,
  tenantId: string,
  items: SpaceItem[],
  claims = new Claims(),
): Promise<UpsertResult[]> {
  return upsertNodes(tx, tenantId, items, claims, (item) => ({
    path: [
      locationSegment(item),
      segment('level', 'levelId', item.levelId, 'levelName', item.levelName),
      segment('space', 'spaceId', item.spaceId, 'spaceName', item.spaceName),
    ],
    attributes: given(
      {
        spaceType: optionalText('spaceType', item.spaceType),
        capacity: optionalCount('capacity', item.capacity),
      },
      item.status,
    ),
  }));
}

function locationSegment({
  locationId,
  locationName,
}: {
  locationId?: string;
  locationName?: string;
}): Segment {
  return {
    kind: 'location',
    idMember: 'locationId',
    nameMember: 'locationName',
    id: optionalGuid('locationId', locationId),
    name: optionalKey('locationName', locationName),
  };
}

function segment(
  kind: NodeKind,
  idMember: string,
  id: string | undefined,
  nameMember: string,
  name: string,
): Segment {
  return { kind, idMember, nameMember, id: optionalGuid(idMember, id), name: requiredKey(nameMember, name) };
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
  claims: Claims,
  judge: (item: Item) => Omit<NodeDraft, 'origin'>,
): Promise<UpsertResult[]> {
  const drafts = items.map((item) => orRefused<NodeDraft>(() => ({ origin: item.origin, ...judge(item) })));
  await lockDirectory(tx, tenantId);
  const paths = drafts.flatMap((draft) => ('refused' in draft ? [] : [draft.path]));
  const writer = new NodeWriter(await Tree.load(tx, tenantId, paths), claims);
  const results = drafts.map((draft) => ('refused' in draft ? draft : writer.apply(draft)));
  await insertNodes(tx, tenantId, writer.inserts);
  await updateNodes(tx, tenantId, writer.updates);
  return results;
}

function isIntlTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
