import type { Tx } from '../store/connections/db.ts';
import {
  listChildrenByName,
  listLocationsByName,
  listNodesById,
  type NodeKind,
  type NodeRow,
} from '../store/directory/nodes.ts';
import { addTo } from '../store/values/group-by.ts';
import { ItemRefusedError, quote } from './values.ts';

/** How an item names one node of its path: by id, by name or both. Refusals name the members. */
export interface Segment {
  kind: NodeKind;
  idMember: string;
  nameMember: string;
  id: string | undefined;
  name: string | undefined;
}

/** The word for each kind in texts. */
export const KIND_WORD: Record<NodeKind, string> = {
  location: 'location',
  level: 'level',
  zone: 'zone',
  place: 'desk',
  space: 'space',
};

/** The part of an organisation's tree that a batch of items names, with the nodes that the batch adds. */
export class Tree {
  readonly #byId = new Map<string, NodeRow>();
  readonly #byName = new Map<string, NodeRow[]>();

  /**
   * Loads every node that `paths` can mean: first by id, then by name, level by level, below the nodes found so
   * far. Each path leads from the location down, and all paths have the same kinds.
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
    addTo(this.#byName, key(node.kind, node.parentId, node.name), node);
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
   * The node below `parentId` that `segment` names, by id or else by name; undefined if there is none yet.
   * A `parentId` of undefined means that the parent is not given: then only an id finds the node.
   * Throws `ItemRefusedError` if id, name and parent do not agree, or if several nodes have the name.
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
        `${nameMember} ${quote(name)} is not the name of ${idMember} ${quote(id)}: its name is ${quote(byId.name)}`,
      );
    }
    return byId;
  }

  /** As `resolve`, for the item's own node: the id alone decides. A new name or parent then renames or moves it. */
  resolveSubject(segment: Segment, parentId: string | null | undefined): NodeRow | undefined {
    const byId = this.getOfKind(segment);
    if (byId || parentId === undefined) return byId;
    return this.resolveByName(segment, parentId);
  }

  /** The node with the id of `segment`. Throws `ItemRefusedError` if the node is of another kind. */
  getOfKind({ kind, idMember, id }: Segment): NodeRow | undefined {
    const node = id === undefined ? undefined : this.get(id);
    if (node && node.kind !== kind) {
      throw new ItemRefusedError(
        `${idMember} ${quote(node.nodeId)} is the id of a ${KIND_WORD[node.kind]}, not of a ${KIND_WORD[kind]}`,
      );
    }
    return node;
  }

  /** As `resolve`, for a segment without an id or with an unknown id. */
  resolveByName(
    { kind, idMember, nameMember, id, name }: Segment,
    parentId: string | null,
  ): NodeRow | undefined {
    if (name === undefined) return undefined;
    const [found, ...others] = this.named(kind, parentId, name);
    if (others.length > 0) {
      throw new ItemRefusedError(
        `${nameMember} ${quote(name)} is the name of ${others.length + 1} ${KIND_WORD[kind]}s: give the ${idMember}`,
      );
    }
    if (found && id !== undefined) {
      throw new ItemRefusedError(
        `${idMember} ${quote(id)} is not known, and ${nameMember} ${quote(name)} has the id ${found.nodeId}`,
      );
    }
    return found;
  }

  /** The location that `segment` names. Throws `ItemRefusedError` if there is none, or more than one. */
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

  /** The possible parents of a segment's node: those that the path gives, and its present parent. */
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

/** The refusal of a segment that must name a node and does not. */
export function bothEmpty({
  idMember,
  nameMember,
}: Pick<Segment, 'idMember' | 'nameMember'>): ItemRefusedError {
  return new ItemRefusedError(`${idMember} and ${nameMember} are both empty`);
}

/** Whether the segment has neither id nor name. */
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

/** The name comes last, because it may contain anything. Kind and id cannot contain a line feed. */
function key(kind: NodeKind, parentId: string | null, name: string): string {
  return `${kind}\n${parentId ?? ''}\n${name}`;
}
