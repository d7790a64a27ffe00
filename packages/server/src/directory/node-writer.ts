import { randomUUID } from 'node:crypto';
import type { NodeRow } from '../store/directory/nodes.ts';
import { hasSameMembers } from '../store/values/same-members.ts';
import { bothEmpty, isSilent, KIND_WORD, type Segment, type Tree } from './tree.ts';
import { type Claims, orRefused, type Stored, type UpsertResult } from './upsert.ts';
import { ItemConflictError, ItemRefusedError, quote } from './values.ts';

export type Attributes = Partial<Pick<NodeRow, 'status' | 'address' | 'timeZone' | 'spaceType' | 'capacity'>>;

/**
 * An item for a node, checked without the tree. `path` leads from the location down to the item's node. Segments
 * at its top may be empty in two cases: above a segment that has an id; or all segments above the item's own node,
 * which then stays where it is.
 */
export interface NodeDraft {
  origin: string | undefined;
  path: Segment[];
  attributes: Attributes;
}

/** Applies drafts to a loaded tree, in order, and collects the rows to write. */
export class NodeWriter {
  readonly inserts: NodeRow[] = [];
  readonly updates: NodeRow[] = [];
  /** Ids of those among `updates` that were retired or moved: their bookings may no longer be allowed. */
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
    // The next item must not find a level or zone that only a refused item would have created.
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
    const changes = current === undefined || !hasSameMembers(current, next);
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

  /**
   * The id of the subject's parent; undefined if the path does not give it. Creates a missing parent by `make`.
   */
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
    throw new ItemConflictError(`${subject.nameMember} ${quote(next.name)} already belongs to ${owner}`);
  }
}

/** Throws `ItemRefusedError` if an unknown node cannot be created, because its name or its parent is missing. */
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
