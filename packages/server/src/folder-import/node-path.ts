import { NODE_KINDS, type NodeKind } from '../store/directory/nodes.ts';
import { guid, type Row, RowFault, text } from './cells.ts';

/** The id and name by which a row names a node. */
export interface Named {
  id?: string | undefined;
  name?: string | undefined;
}

/** The nodes that a row names, from the office down. */
export type NodePath = Record<NodeKind, Named>;

/**
 * Reads the columns of one kind: `levelId` and `levelName`, or with a prefix `bookingLevelId` and `bookingLevelName`.
 */
export function named(row: Row, kind: string, prefix = ''): Named {
  const stem = prefix === '' ? kind : `${prefix}${kind[0]?.toUpperCase()}${kind.slice(1)}`;
  return { id: guid(row, `${stem}Id`), name: text(row, `${stem}Name`)?.trim() || undefined };
}

export function pathOf(row: Row, prefix = ''): NodePath {
  return {
    location: named(row, 'location', prefix),
    level: named(row, 'level', prefix),
    zone: named(row, 'zone', prefix),
    place: named(row, 'place', prefix),
    space: named(row, 'space', prefix),
  };
}

/**
 * Returns the node of an event: the node of the kind that its row states, else the innermost node that it names. A
 * row without columns for its kind may have the node's id as `locationId`. Throws `RowFault`.
 */
export function nodeOf(row: Row): { kind: NodeKind; nodeId: string; path: NodePath } {
  const path = pathOf(row);
  const said = text(row, 'locationType')?.trim().toLowerCase();
  if (said !== undefined && !isKind(said))
    throw new RowFault(`locationType must be one of ${NODE_KINDS.join(', ')}`);
  const kind = said ?? [...INNERMOST_FIRST].find((each) => path[each].id !== undefined) ?? 'location';
  const own = path[kind].id;
  const nodeId = own ?? path.location.id;
  if (nodeId === undefined) throw new RowFault('locationId is missing');
  return { kind, nodeId, path: own === undefined ? { ...path, location: {}, [kind]: path.location } : path };
}

const INNERMOST_FIRST = ['place', 'space', 'zone', 'level'] as const;

function isKind(word: string): word is NodeKind {
  return (NODE_KINDS as readonly string[]).includes(word);
}
