import type { Tx } from '../store/connections/db.ts';
import {
  listChildrenByName,
  listLocationsByName,
  listNodesById,
  type NodeKind,
  type NodeRow,
} from '../store/directory/nodes.ts';
import { ItemRefusedError, quote } from './values.ts';

/** How an item names one node of its path; the members are what reasons call the two ways. */
export interface Segment {
  kind: NodeKind;
  idMember: string;
  nameMember: string;
  id: string | undefined;
  name: string | undefined;
}

/** What people call a kind. */
export const KIND_WORD: Record<NodeKind, string> = {
  location: 'location',
  level: 'level',
  zone: 'zone',
  place: 'desk',
  space: 'space',
};

/** The part of an organisation's tree that a batch of items speaks of, with what the batch adds to it. */
export class Tree {
  readonly #byId = new Map<string, NodeRow>();
  readonly #byName = new Map<string, NodeRow[]>();

  /**
   * Everything that `paths` can mean: by id, and by name below what that found. Each leads from the location
   * down, and all pass the same kinds.
   */
  static async load(tx: Tx, tenantId: string, paths: Segment[][]): Promise<Tree> {
    const tree = new Tree();
    const ids = new Set(paths.flatMap((path) => path.flatMap((segment) => segment.id ?? [])));
    tree.#addAll(await listNodesById(tx, tenantId, [...ids]));

    let parents: (string | null)[][] = paths.map(() => [null]);
    for (let level = 0; level < (paths[0]?.length ?? 0); level++) {
      const below = paths.map((path, index) => tree.#possibleParents(path[level], parents[index] ?? []));
      tree.#addAll(await listNamed(tx, tenantId, paths, below, level));
      parents = paths.map((path, index) => {
        const segment = path[level];
        return segment ? tree.#candidates(segment, below[index] ?? []) : [];
      });
    }
    return tree;
  }

  get(nodeId: string): NodeRow | undefined {
    return this.#byId.get(nodeId);
  }

  named(kind: NodeKind, parentId: string | null, name: string): NodeRow[] {
    return this.#byName.get(key(kind, parentId, name)) ?? [];
  }

  add(node: NodeRow): void {
    if (this.#byId.has(node.nodeId)) return;
    this.#byId.set(node.nodeId, node);
    const of = key(node.kind, node.parentId, node.name);
    this.#byName.set(of, [...(this.#byName.get(of) ?? []), node]);
  }

  remove(node: NodeRow): void {
    this.#byId.delete(node.nodeId);
    const of = key(node.kind, node.parentId, node.name);
    this.#byName.set(
      of,
      this.named(node.kind, node.parentId, node.name).filter((other) => other.nodeId !== node.nodeId),
    );
  }

  /**
   * The node below `parentId` that `segment` names, by id or else by name; undefined where there is none yet.
   * With a `parentId` of undefined it is not said below what, and only an id can tell.
   * Throws `ItemRefusedError` where id, name and parent do not agree, or where several nodes have the name.
   */
  resolve(segment: Segment, parentId: string | null | undefined): NodeRow | undefined {
    const byId = this.getOfKind(segment);
    if (!byId) return parentId === undefined ? undefined : this.resolveByName(segment, parentId);
    const { idMember, nameMember, id = '', name } = segment;
    if (parentId !== undefined && byId.parentId !== parentId) {
      const parent = byId.parentId === null ? undefined : this.get(byId.parentId);
      const owner = parent ? `${KIND_WORD[parent.kind]} ${quote(parent.name)}` : 'another part of the tree';
      throw new ItemRefusedError(`${idMember} ${quote(id)} belongs to ${owner}`);
    }
    if (name !== undefined && name !== byId.name) {
      throw new ItemRefusedError(
        `${nameMember} ${quote(name)} is not the name of ${idMember} ${quote(id)}: that is ${quote(byId.name)}`,
      );
    }
    return byId;
  }

  /** As `resolve`, for what an item is itself: an id alone tells which node, and may name and move it. */
  resolveSubject(segment: Segment, parentId: string | null | undefined): NodeRow | undefined {
    const byId = this.getOfKind(segment);
    if (byId || parentId === undefined) return byId;
    return this.resolveByName(segment, parentId);
  }

  /** The node with the id of `segment`. Throws `ItemRefusedError` where that is of another kind. */
  getOfKind({ kind, idMember, id }: Segment): NodeRow | undefined {
    const node = id === undefined ? undefined : this.get(id);
    if (node && node.kind !== kind) {
      throw new ItemRefusedError(
        `${idMember} ${quote(node.nodeId)} is the id of a ${KIND_WORD[node.kind]}, not of a ${KIND_WORD[kind]}`,
      );
    }
    return node;
  }

  /** As `resolve`, for a segment whose id is absent or not known. */
  resolveByName(
    { kind, idMember, nameMember, id, name }: Segment,
    parentId: string | null,
  ): NodeRow | undefined {
    if (name === undefined) return undefined;
    const [found, ...others] = this.named(kind, parentId, name);
    if (others.length > 0) {
      throw new ItemRefusedError(
        `${nameMember} ${quote(name)} is the name of ${others.length + 1} ${KIND_WORD[kind]}s: say which by ${idMember}`,
      );
    }
    if (found && id !== undefined) {
      throw new ItemRefusedError(
        `${idMember} ${quote(id)} is not known, and ${nameMember} ${quote(name)} has the id ${found.nodeId}`,
      );
    }
    return found;
  }

  /** The location that `segment` names. Throws `ItemRefusedError` where there is none, or more than one. */
  getLocation(segment: Segment): NodeRow {
    const location = this.resolve(segment, null);
    if (location) return location;
    const { idMember, nameMember, id, name } = segment;
    if (id !== undefined) throw new ItemRefusedError(`${idMember} ${quote(id)} is not known`);
    if (name !== undefined) throw new ItemRefusedError(`${nameMember} ${quote(name)} is not known`);
    throw bothEmpty(segment);
  }

  #addAll(nodes: NodeRow[]): void {
    for (const node of nodes) this.add(node);
  }

  /** Below what a segment's node may be: what the path says, or what it is below already. */
  #possibleParents(segment: Segment | undefined, parents: (string | null)[]): (string | null)[] {
    const known = segment?.id === undefined ? undefined : this.get(segment.id);
    return known ? [...parents, known.parentId] : parents;
  }

  #candidates({ kind, id, name }: Segment, parents: (string | null)[]): string[] {
    const byId = id === undefined ? undefined : this.get(id);
    const byName = name === undefined ? [] : parents.flatMap((parentId) => this.named(kind, parentId, name));
    return [...(byId ? [byId] : []), ...byName].map((node) => node.nodeId);
  }
}

/** For a segment that had to say which node it is. */
export function bothEmpty({
  idMember,
  nameMember,
}: Pick<Segment, 'idMember' | 'nameMember'>): ItemRefusedError {
  return new ItemRefusedError(`${idMember} and ${nameMember} are both empty`);
}

/** Whether the segment says nothing at all. */
export function isSilent({ id, name }: Segment): boolean {
  return id === undefined && name === undefined;
}

async function listNamed(
  tx: Tx,
  tenantId: string,
  paths: Segment[][],
  parents: (string | null)[][],
  level: number,
): Promise<NodeRow[]> {
  const kind = paths[0]?.[level]?.kind;
  if (kind === undefined) return [];
  const wanted = new Map<string, { parentId: string | null; name: string }>();
  for (const [index, path] of paths.entries()) {
    const name = path[level]?.name;
    if (name === undefined) continue;
    for (const parentId of parents[index] ?? []) wanted.set(key(kind, parentId, name), { parentId, name });
  }
  const pairs = [...wanted.values()];
  if (kind === 'location') {
    return listLocationsByName(
      tx,
      tenantId,
      pairs.map(({ name }) => name),
    );
  }
  const children = pairs.flatMap(({ parentId, name }) => (parentId === null ? [] : [{ parentId, name }]));
  return listChildrenByName(tx, tenantId, kind, children);
}

/** The name comes last: it may hold anything, kind and id cannot hold a line feed. */
function key(kind: NodeKind, parentId: string | null, name: string): string {
  return `${kind}\n${parentId ?? ''}\n${name}`;
}
