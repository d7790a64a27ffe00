import { useQuery } from '@tanstack/react-query';
import { clientOf } from './client.ts';
import { NodeSelect } from './node-select.tsx';
import { nodesKey } from './nodes.ts';
import type { SearchSelectProps } from './search-select.tsx';
import { useOrganisation } from './session.ts';

/** Chooses an active office, searched on the server. It shows the name of the chosen one, which may be inactive. */
export function OfficeSelect(props: Omit<SearchSelectProps, 'shown'>) {
  return <NodeSelect {...props} kind="location" shown={useOfficeName(props.value)} />;
}

/**
 * The name of an office; its id if that is unknown, so that it can be seen and removed. Undefined
 * while it is loaded.
 */
export function useOfficeName(locationId: string | undefined): string | undefined {
  const { organisation } = useOrganisation();
  const { data, isLoading } = useQuery({
    queryKey: [...nodesKey(organisation), 'office', locationId],
    queryFn: ({ signal }) => clientOf(organisation).manage.locations.get(locationId ?? '', { signal }),
    enabled: locationId !== undefined,
  });
  return data?.locationName ?? (isLoading ? undefined : locationId);
}
