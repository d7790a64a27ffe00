import type { BookingEffects, Rollcall } from '@rollcall/sdk';
import type { Kind } from '../frame/nodes.ts';
import type { Row } from '../frame/versions.ts';
import { texts } from '../texts.ts';

export interface Field {
  name: string;
  isNumber?: true;
  /** The value may be removed. */
  mayBeEmpty?: true;
}

/** The parent of a kind, and the member by which a row names it. */
export interface Parent {
  kind: 'location' | 'level' | 'zone';
  member: 'locationId' | 'levelId' | 'zoneId';
}

interface KindOfNode {
  path: 'locations' | 'levels' | 'zones' | 'desks' | 'spaces';
  nameMember: string;
  fields: readonly Field[];
  parent?: Parent;
  /** The kinds that can be directly in it. */
  holds: readonly Kind[];
}

const capacity: Field = { name: 'capacity', isNumber: true, mayBeEmpty: true };
const onLevel: Parent = { kind: 'level', member: 'levelId' };

export const KINDS: Readonly<Record<Kind, KindOfNode>> = {
  location: {
    path: 'locations',
    nameMember: 'locationName',
    fields: [{ name: 'locationName' }, { name: 'address', mayBeEmpty: true }, { name: 'timeZone' }],
    holds: ['level'],
  },
  level: {
    path: 'levels',
    nameMember: 'levelName',
    fields: [{ name: 'levelName' }],
    parent: { kind: 'location', member: 'locationId' },
    holds: ['zone', 'space'],
  },
  zone: {
    path: 'zones',
    nameMember: 'zoneName',
    fields: [{ name: 'zoneName' }, capacity],
    parent: onLevel,
    holds: ['place'],
  },
  place: {
    path: 'desks',
    nameMember: 'deskName',
    fields: [{ name: 'deskName' }],
    parent: { kind: 'zone', member: 'zoneId' },
    holds: [],
  },
  space: {
    path: 'spaces',
    nameMember: 'spaceName',
    fields: [{ name: 'spaceName' }, { name: 'spaceType', mayBeEmpty: true }, capacity],
    parent: onLevel,
    holds: [],
  },
};

/** The calls that all kinds of nodes have. */
interface NodeCalls {
  read(id: string, options?: { signal: AbortSignal }): Promise<{ row: Row; version: string }>;
  update(id: string, change: Row, options: { ifVersion: string }): Promise<Row>;
  effects(id: string, change: Row): Promise<BookingEffects>;
  submit(items: Row[]): Promise<{ results: { id: string | null; result: string; message: string }[] }>;
}

/** The calls for nodes of a kind. Rows of several kinds have no common type in the client. */
export function callsOf(manage: Rollcall['manage'], kind: Kind): NodeCalls {
  return manage[KINDS[kind].path] as unknown as NodeCalls;
}

/** The word for a member of a row. */
export function fieldLabel(member: string): string {
  return (texts.places.fields as Readonly<Record<string, string>>)[member] ?? member;
}
