import type { Rollcall } from '@rollcall/sdk';
import { keepPreviousData, useQueries, useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useState } from 'react';
import { clientOf } from '../frame/client.ts';
import { compareNames, type Kind, nodesKey, type TreeNode } from '../frame/nodes.ts';
import { useOrganisation } from '../frame/session.ts';

/** A visible row of the tree. */
export interface TreeRow {
  node: TreeNode;
  /** 1 for an office. */
  level: number;
  isExpanded: boolean;
  isLoading: boolean;
  /** From 1, among the nodes with the same parent. */
  position: number;
  siblings: number;
}

export interface TreeState {
  rows: readonly TreeRow[];
  find: (nodeId: string) => TreeNode | undefined;
  toggle: (nodeId: string) => void;
  error: unknown;
  isLoaded: boolean;
  retry: () => void;
}

/** The key of one node, with its version. */
export const nodeKey = (organisation: string, nodeId: string) => [organisation, 'node', nodeId] as const;

const TOP = '';
const ORDER: readonly Kind[] = ['location', 'level', 'zone', 'place', 'space'];

/** The tree, with the nodes that contain `open` expanded. The nodes in a node are loaded when it is expanded. */
export function useTree(open: string | undefined): TreeState {
  const { organisation } = useOrganisation();
  const { manage } = clientOf(organisation);
  // The node around which the first answer is. Another one is needed only for a node that is not loaded.
  const [around, setAround] = useState(open);
  const [toggled, setToggled] = useState<ReadonlyMap<string, boolean>>(new Map());
  const first = useQuery({
    queryKey: [...nodesKey(organisation), 'around', around],
    queryFn: ({ signal }) => load(manage, around === undefined ? { kind: 'location' } : { around }, signal),
    placeholderData: keepPreviousData,
  });
  const center = first.data?.find(({ nodeId }) => nodeId === around);
  const loaded = new Set([TOP, ...(center ? [...containersOf(center), center.nodeId] : [])]);
  const containers = new Set(center ? containersOf(center) : []);
  const isExpanded = (nodeId: string) => toggled.get(nodeId) ?? containers.has(nodeId);
  const wanted = [...toggled].flatMap(([nodeId, isOpen]) => (isOpen && !loaded.has(nodeId) ? nodeId : []));
  const more = useQueries({
    queries: wanted.map((parentId) => ({
      queryKey: [...nodesKey(organisation), 'in', parentId],
      queryFn: ({ signal }: { signal: AbortSignal }) => load(manage, { parentId }, signal),
    })),
  });
  // The number of answers changes, so one text stands for all of them.
  const version = more.map(({ dataUpdatedAt }, index) => `${wanted[index]} ${dataUpdatedAt}`).join();
  // biome-ignore lint/correctness/useExhaustiveDependencies: `version` stands for `more`.
  const { inside, byId } = useMemo(
    () => group([first.data, ...more.map(({ data }) => data)]),
    [first.data, version],
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is expanded follows from these.
  const rows = useMemo(() => rowsOf(inside, isExpanded), [inside, toggled, around, first.data]);
  const isMissing = open !== undefined && first.isSuccess && !first.isPlaceholderData && !byId.has(open);
  useEffect(() => {
    if (isMissing) setAround(open);
  }, [isMissing, open]);
  const failed = [first, ...more].find(({ error }) => error);
  return {
    rows,
    find: (nodeId) => byId.get(nodeId),
    toggle: (nodeId) => setToggled((before) => new Map(before).set(nodeId, !isExpanded(nodeId))),
    error: failed?.error,
    isLoaded: first.isSuccess,
    retry: () => void failed?.refetch(),
  };
}

async function load(
  manage: Rollcall['manage'],
  filter: { kind: Kind } | { around: string } | { parentId: string },
  signal: AbortSignal,
): Promise<TreeNode[]> {
  const nodes = await manage.nodes(filter, { signal });
  return nodes.sort((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind) || compareNames(a.name, b.name));
}

/** The ids of the nodes that contain a node. */
function containersOf({ nodeId, locationId, levelId, zoneId }: TreeNode): string[] {
  return [locationId, levelId, zoneId].filter((id): id is string => id !== null && id !== nodeId);
}

/** The nodes by their parent and by their id. Answers may have the same node. */
function group(answers: readonly (readonly TreeNode[] | undefined)[]) {
  const inside = new Map<string, TreeNode[]>();
  const byId = new Map<string, TreeNode>();
  for (const node of answers.flatMap((answer) => answer ?? [])) {
    if (byId.has(node.nodeId)) continue;
    byId.set(node.nodeId, node);
    const parent = node.parentId ?? TOP;
    const siblings = inside.get(parent);
    if (siblings) siblings.push(node);
    else inside.set(parent, [node]);
  }
  return { inside, byId };
}

function rowsOf(
  inside: ReadonlyMap<string, readonly TreeNode[]>,
  isExpanded: (nodeId: string) => boolean,
): TreeRow[] {
  const rows: TreeRow[] = [];
  const add = (parent: string, level: number) => {
    const siblings = inside.get(parent) ?? [];
    for (const [index, node] of siblings.entries()) {
      const expanded = node.children > 0 && isExpanded(node.nodeId);
      const isLoading = expanded && !inside.has(node.nodeId);
      rows.push({
        node,
        level,
        isExpanded: expanded,
        isLoading,
        position: index + 1,
        siblings: siblings.length,
      });
      if (expanded) add(node.nodeId, level + 1);
    }
  };
  add(TOP, 1);
  return rows;
}
