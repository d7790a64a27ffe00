import {
  type Claims,
  orRefused,
  type Refused,
  type UpsertItem,
  type UpsertResult,
} from '../directory/upsert.ts';
import { ItemRefusedError, optionalGuid, optionalText, quote } from '../directory/values.ts';
import { placementFault } from '../floor/drafts.ts';
import { PublishedPlaces } from '../floor/positions.ts';
import { MOST_PLACEMENTS } from '../floor/schemas.ts';
import type { Tx } from '../store/connections/db.ts';
import { lockDirectory } from '../store/connections/directory-lock.ts';
import type { Placement } from '../store/floor/placements.ts';
import { listLevelsWithDraft, listNamedNodes, type NamedNode } from '../store/floor/positions.ts';
import { groupBy } from '../store/values/group-by.ts';
import { parseGuid } from '../store/values/guid.ts';
import type { DayAuthor } from '../workday/plan.ts';
import { optional, readFraction, required } from './columns.ts';
import { BATCH_ROWS, type CsvKind, EXAMPLE_ID } from './kind.ts';
import { fits, onlyOne } from './named.ts';

interface PositionItem extends UpsertItem {
  nodeId?: string;
  kind?: string;
  name?: string;
  zoneName?: string;
  levelName?: string;
  locationName?: string;
  x: number;
  y: number;
  width?: number;
  height?: number;
}

const NAME_MEMBERS = ['kind', 'name', 'zoneName', 'levelName', 'locationName'] as const;
const KINDS: Record<string, string> = { desk: 'place', place: 'place', space: 'space', zone: 'zone' };

/** Where desks, rooms and zones are on the published plan of their level. */
export const floorPositions: CsvKind<PositionItem> = {
  word: 'floor position',
  batchRows: BATCH_ROWS,
  nameOf: ({ name }) => name,
  upsert: upsertPositions,
  columns: [
    optional(
      'nodeId',
      'The id of a desk, space or zone. Give nodeId, name, or both if they agree',
      EXAMPLE_ID.desk,
    ),
    optional(
      'kind',
      'place (a desk), space or zone; required if several of them have the name',
      'place',
      readKind,
    ),
    optional('name', 'The name of the desk, space or zone', 'Desk 12'),
    optional('zoneName', 'The zone of the desk; required if several desks have the name', 'North'),
    optional('levelName', 'The level; as zoneName', 'Level 3'),
    optional('locationName', 'The location; as zoneName', 'Harbour House'),
    { ...required('x', 'The centre, from 0 (left) to 1 (right)', '0.25'), read: readFraction },
    { ...required('y', 'The centre, from 0 (top) to 1 (bottom)', '0.4'), read: readFraction },
    optional('width', 'Of a space or zone: a fraction of the width of the plan', '', readFraction),
    optional('height', 'Of a space or zone: a fraction of the height of the plan', '', readFraction),
  ],
  anyOf: [['nodeId', 'name']],
};

interface Draft {
  node: NamedNode;
  levelId: string;
  placement: Placement;
}

/** Places each node once. The id of a result is the id of the node. */
async function upsertPositions(
  tx: Tx,
  tenantId: string,
  items: PositionItem[],
  author: DayAuthor,
  claims: Claims,
): Promise<UpsertResult[]> {
  await lockDirectory(tx, tenantId);
  const nodes = await listNamedNodes(tx, tenantId, {
    // PostgreSQL's text cannot hold NUL.
    names: items.flatMap(({ name }) => (name === undefined || name.includes('\0') ? [] : name)),
    nodeIds: items.flatMap(({ nodeId }) => parseGuid(nodeId ?? '') ?? []),
  });
  const byName = groupBy(nodes, (node) => node.name);
  const byId = new Map(nodes.map((node) => [node.nodeId, node]));
  const drafts = items.map((item) => orRefused(() => toDraft(item, { byName, byId }, claims)));
  const levelIds = new Set(drafts.flatMap((draft) => ('refused' in draft ? [] : draft.levelId)));
  const withDraft = new Set(await listLevelsWithDraft(tx, tenantId, [...levelIds]));
  const plans = await PublishedPlaces.load(tx, tenantId, levelIds);
  const results = drafts.map((draft): UpsertResult => {
    if ('refused' in draft) return draft;
    const { node, levelId, placement } = draft;
    if (withDraft.has(levelId))
      return refused(`publish or discard the draft of level ${quote(node.levelName ?? '')} first`);
    const result = plans.place(levelId, placement);
    if (result === undefined)
      return refused(
        `level ${quote(node.levelName ?? '')} has ${MOST_PLACEMENTS} places on its plan already, the most that a plan can have`,
      );
    return { id: node.nodeId, result };
  });
  await plans.save({ name: author.actor.name ?? 'rollcall import', at: author.at });
  return results;
}

function refused(reason: string): Refused {
  return { refused: reason };
}

function toDraft(
  item: PositionItem,
  known: { byName: ReadonlyMap<string, NamedNode[]>; byId: ReadonlyMap<string, NamedNode> },
  claims: Claims,
): Draft {
  const node = findNode(item, known);
  const { x, y, width = null, height = null } = item;
  const levelId = node.levelId ?? '';
  const fault = placementFault({ width, height }, node, levelId);
  if (fault !== undefined) throw new ItemRefusedError(`${nameOf(node)} ${fault}`);
  if (width === 0 || height === 0) throw new ItemRefusedError('width and height must be more than 0');
  const earlier = claims.get(node.nodeId);
  if (earlier) throw new ItemRefusedError(`${nameOf(node)} was already given in ${earlier.origin}`);
  claims.claim(
    { id: node.nodeId, idGiven: false, idMember: 'nodeId', nameMember: 'name', name: node.name },
    { origin: item.origin, changes: false },
  );
  return { node, levelId, placement: { nodeId: node.nodeId, x, y, width, height } };
}

/** Throws `ItemRefusedError` if the row identifies no node, or several. */
function findNode(
  item: PositionItem,
  { byName, byId }: { byName: ReadonlyMap<string, NamedNode[]>; byId: ReadonlyMap<string, NamedNode> },
): NamedNode {
  const nodeId = optionalGuid('nodeId', item.nodeId);
  const name = optionalText('name', item.name);
  if (nodeId !== undefined) {
    const node = byId.get(nodeId);
    if (!node) throw new ItemRefusedError(`nodeId ${quote(nodeId)} is no id of a desk, space or zone`);
    if (fits(item, node, NAME_MEMBERS)) return node;
    throw new ItemRefusedError(`nodeId ${quote(nodeId)} and the names in the row do not agree`);
  }
  if (name === undefined) throw new ItemRefusedError('nodeId and name are empty');
  const found = onlyOne(
    (byName.get(name) ?? []).filter((node) => fits(item, node, NAME_MEMBERS)),
    {
      name: `name ${quote(name)}`,
      kinds: 'desks, spaces or zones',
      advice: 'kind, locationName, levelName and zoneName, or nodeId',
    },
  );
  if (!found) throw new ItemRefusedError(`name ${quote(name)} is not known there`);
  return found;
}

function nameOf({ name }: NamedNode): string {
  return `name ${quote(name)}`;
}

function readKind(cell: string): string {
  const kind = KINDS[cell.toLowerCase()];
  if (kind === undefined) throw new ItemRefusedError(`kind ${quote(cell)} is none of place, space, zone`);
  return kind;
}
