import { randomUUID } from 'node:crypto';
import type { NodeRow } from '../store/directory/nodes.ts';
import { bothEmpty, isSilent, KIND_WORD, type Segment, type Tree } from './tree.ts';
import { type Claims, orRefused, type Stored, type UpsertResult } from './upsert.ts';
import { ItemConflictError, ItemRefusedError, quote } from './values.ts';

export type Attributes = Partial<Pick<NodeRow, 'status' | 'address' | 'timeZone' | 'spaceType' | 'capacity'>>;

/**
 * An item that is a node, judged on its own: `path` leads from the location down to the node that the item is.
 * From the top, what is above it may be left unsaid: above a node that is named by its id, or, where nothing
 * above is said, above the item's own node, which then stays where it is.
 */
export interface NodeDraft {
  origin: string | undefined;
  path: Segment[];
  attributes: Attributes;
}

/** Applies drafts to a loaded tree, in order, and collects what is then to be written. */
export class NodeWriter {
  readonly inserts: NodeRow[] = [];
  readonly updates: NodeRow[] = [];
  /** Ids of those among `updates` that were retired or moved: what is booked there may not be any more. */
  readonly displaced: string[] = [];
  readonly #tree: Tree;
  readonly #claims: Claims;

  constructor(tree: Tree, claims: Claims) {
    this.#tree = tree;
    this.#claims = claims;
  }

  apply(draft: NodeDraft): UpsertResult {
    const made: NodeRow[] = [];
    const result = orRefused(() => this.#apply(draft, made));
    if ('id' in result) this.inserts.push(...made);
    // A level or zone that only a refused item asked for is not there for the next one either.
    else for (const node of made) this.#tree.remove(node);
    return result;
  }

  #apply({ origin, path, attributes }: NodeDraft, made: NodeRow[]): Stored {
    const subject = path.at(-1);
    if (!subject) throw new Error('A path has at least one segment.');
    const make = (node: NodeRow) => {
      this.#tree.add(node);
      made.push(node);
      return node;
    };

    const above = path.slice(0, -1);
    const parentId = this.#findParent(above, make);
    const current = this.#tree.resolveSubject(subject, parentId);
    if (!current) refuseUnplaced(subject, above.at(-1), parentId);
    const base = current ?? newNode(subject, parentId ?? null);
    const next = { ...base, ...attributes, parentId: parentId === undefined ? base.parentId : parentId };
    next.name = subject.name ?? next.name;
    const changes = current === undefined || !sameNode(current, next);
    if (current) this.#refuseNamesake(subject, current, next);
    if (next.kind === 'location' && next.timeZone === null) throw new ItemRefusedError('timeZone is empty');
    this.#claims.claim(
      { ...subject, id: next.nodeId, idGiven: subject.id !== undefined, name: next.name },
      { origin, changes },
    );

    const id = next.nodeId;
    if (!current) {
      make(next);
      return { id, result: 'created' };
    }
    if (!changes) return { id, result: 'unchanged' };
    this.#tree.remove(current);
    this.#tree.add(next);
    this.updates.push(next);
    const retired = current.status === 'active' && next.status === 'inactive';
    if (retired || current.parentId !== next.parentId) this.displaced.push(id);
    return { id, result: 'updated' };
  }

  /** The id of what the subject shall be below, which is made where it is not there; undefined where that is not said. */
  #findParent(above: Segment[], make: (node: NodeRow) => NodeRow): string | null | undefined {
    let parentId: string | null | undefined = above.length === 0 ? null : undefined;
    for (const [index, segment] of above.entries()) {
      if (isSilent(segment)) {
        if (parentId !== undefined) throw bothEmpty(segment);
        continue;
      }
      if (segment.kind === 'location') {
        parentId = this.#tree.getLocation(segment).nodeId;
        continue;
      }
      const known = this.#tree.resolve(segment, parentId);
      if (!known) refuseUnplaced(segment, above[index - 1], parentId);
      parentId = (known ?? make(newNode(segment, parentId ?? null))).nodeId;
    }
    return parentId;
  }

  #refuseNamesake(subject: Segment, current: NodeRow, next: NodeRow): void {
    if (next.name === current.name && next.parentId === current.parentId) return;
    const taken = this.#tree.named(next.kind, next.parentId, next.name);
    const other = taken.find((node) => node.nodeId !== current.nodeId);
    if (!other) return;
    const owner = this.#claims.get(other.nodeId)?.origin ?? `${KIND_WORD[other.kind]} ${other.nodeId}`;
    throw new ItemConflictError(`${subject.nameMember} ${quote(next.name)} is already that of ${owner}`);
  }
}

/** Throws `ItemRefusedError` where a node that is not known cannot be made, for want of its name or of its parent. */
function refuseUnplaced(
  segment: Segment,
  parent: Segment | undefined,
  parentId: string | null | undefined,
): void {
  const { idMember, id, name } = segment;
  if (name === undefined) {
    throw id === undefined
      ? bothEmpty(segment)
      : new ItemRefusedError(`${idMember} ${quote(id)} is not known`);
  }
  if (parent && parentId === undefined) throw bothEmpty(parent);
}

function newNode({ kind, id, name = '' }: Segment, parentId: string | null): NodeRow {
  return {
    nodeId: id ?? randomUUID(),
    kind,
    parentId,
    name,
    status: 'active',
    address: null,
    timeZone: null,
    spaceType: null,
    capacity: null,
  };
}

function sameNode(a: NodeRow, b: NodeRow): boolean {
  return (Object.keys(a) as (keyof NodeRow)[]).every((member) => a[member] === b[member]);
}
