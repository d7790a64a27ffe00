import type { Listing } from '@rollcall/sdk';
import { useQuery } from '@tanstack/react-query';
import { texts } from '../texts.ts';
import { clientOf } from './client.ts';
import { useOrganisation } from './session.ts';

export type TreeNode = Listing<'GET /v1/manage/nodes'>;
export type Kind = TreeNode['kind'];
export type Office = Listing<'GET /v1/manage/locations'>;

/** The first part of the keys of all questions about nodes. A change of a node makes their answers out of date. */
export const nodesKey = (organisation: string) => [organisation, 'nodes'] as const;

const NONE: readonly Office[] = [];

/** The active offices, by name. Empty until they are loaded, and until `isNeeded`. */
export function useOffices(isNeeded = true) {
  const { organisation } = useOrganisation();
  const { data: offices = NONE, error } = useQuery<readonly Office[]>({
    queryKey: [...nodesKey(organisation), 'active offices'],
    queryFn: async ({ signal }) =>
      (await clientOf(organisation).manage.locations.list({ status: 'active' }, { signal })).toSorted(
        (a, b) => a.locationName.localeCompare(b.locationName),
      ),
    enabled: isNeeded,
  });
  return { offices, error };
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
