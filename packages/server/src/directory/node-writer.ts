import { randomUUID } from 'node:crypto';
import type { NodeRow } from '../store/nodes.ts';
import { KIND_WORD, type Segment, type Tree } from './tree.ts';
import { type Claims, orRefused, type UpsertResult } from './upsert.ts';
import { quote, Refusal } from './values.ts';

export type Attributes = Partial<Pick<NodeRow, 'status' | 'address' | 'timeZone' | 'spaceType' | 'capacity'>>;

/** An item that is a node, judged on its own: `path` leads from the location down to the node that the item is. */
export interface NodeDraft {
  origin: string | undefined;
  path: Segment[];
  attributes: Attributes;
}

/** Applies drafts to a loaded tree, in order, and collects what is then to be written. */
export class NodeWriter {
  readonly inserts: NodeRow[] = [];
  readonly updates: NodeRow[] = [];
  readonly #tree: Tree;
  readonly #claims: Claims;

  constructor(tree: Tree, claims: Claims) {
    this.#tree = tree;
    this.#claims = claims;
  }

  apply(draft: NodeDraft): UpsertResult {
    const made: NodeRow[] = [];
    const result = orRefused(() => this.#apply(draft, made));
    if (typeof result === 'string') this.inserts.push(...made);
    // A level or zone that only a refused item asked for is not there for the next one either.
    else for (const node of made) this.#tree.remove(node);
    return result;
  }

  #apply({ origin, path, attributes }: NodeDraft, made: NodeRow[]): 'created' | 'updated' | 'unchanged' {
    const subject = path.at(-1);
    if (!subject) throw new Error('A path has at least one segment.');
    const make = (node: NodeRow) => {
      this.#tree.add(node);
      made.push(node);
      return node;
    };

    let parentId: string | null = null;
    for (const ancestor of path.slice(0, -1)) {
      const node: NodeRow =
        ancestor.kind === 'location'
          ? this.#tree.getLocation(ancestor)
          : (this.#tree.resolve(ancestor, parentId) ?? make(newNode(ancestor, parentId)));
      parentId = node.nodeId;
    }

    const current = this.#tree.getOfKind(subject) ?? this.#tree.resolveByName(subject, parentId);
    const next = { ...(current ?? newNode(subject, parentId)), ...attributes, parentId };
    next.name = subject.name ?? next.name;
    const changes = current === undefined || !sameNode(current, next);
    if (current) this.#refuseNamesake(subject, current, next);
    if (next.kind === 'location' && next.timeZone === null) throw new Refusal('timeZone is empty');
    this.#claims.claim(
      { ...subject, id: next.nodeId, idGiven: subject.id !== undefined, name: next.name },
      { origin, changes },
    );

    if (!current) {
      make(next);
      return 'created';
    }
    if (!changes) return 'unchanged';
    this.#tree.remove(current);
    this.#tree.add(next);
    this.updates.push(next);
    return 'updated';
  }

  #refuseNamesake(subject: Segment, current: NodeRow, next: NodeRow): void {
    if (next.name === current.name && next.parentId === current.parentId) return;
    const taken = this.#tree.named(next.kind, next.parentId, next.name);
    const other = taken.find((node) => node.nodeId !== current.nodeId);
    if (!other) return;
    const owner = this.#claims.get(other.nodeId)?.origin ?? `${KIND_WORD[other.kind]} ${other.nodeId}`;
    throw new Refusal(`${subject.nameMember} ${quote(next.name)} is already that of ${owner}`);
  }
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
