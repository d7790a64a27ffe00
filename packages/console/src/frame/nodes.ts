import type { Listing } from '@rollcall/sdk';
import { useQuery } from '@tanstack/react-query';
import { texts } from '../texts.ts';
import { clientOf } from './client.ts';
import { useOrganisation } from './session.ts';

export type TreeNode = Listing<'GET /v1/manage/nodes'>;
export type Kind = TreeNode['kind'];

/** The first part of the keys of all questions about nodes. A change of a node makes their answers out of date. */
export const nodesKey = (organisation: string) => [organisation, 'nodes'] as const;

/** The id of an active office; null if there is none. */
export function useFirstOffice(isNeeded: boolean) {
  const { organisation } = useOrganisation();
  return useQuery({
    queryKey: [...nodesKey(organisation), 'first office'],
    queryFn: async ({ signal }) => {
      const filter = { kind: 'location', status: 'active', limit: 1 };
      const { items } = await clientOf(organisation).manage.nodesPage(filter, { signal });
      return items[0]?.nodeId ?? null;
    },
    enabled: isNeeded,
  });
}

/** The names from the office down to a node. */
export function pathOf({ locationName, levelName, zoneName, kind, name }: TreeNode): string[] {
  const above = [locationName, levelName, zoneName].filter((each) => each !== null);
  return kind === 'place' || kind === 'space' ? [...above, name] : above;
}

const inOrder = new Intl.Collator(texts.language, { numeric: true });

/** Sorts names as people count: 2 before 10. */
export function compareNames(a: string, b: string): number {
  return inOrder.compare(a, b);
}

/** Sorts nodes by their paths. */
export function comparePaths(a: TreeNode, b: TreeNode): number {
  return compareNames(texts.places.path(pathOf(a)), texts.places.path(pathOf(b)));
}
