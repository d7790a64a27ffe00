import type { Listing } from '@rollcall/sdk';
import { useQuery } from '@tanstack/react-query';
import { clientOf } from './client.ts';
import { useOrganisation } from './session.ts';

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
