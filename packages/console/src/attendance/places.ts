import { useQuery } from '@tanstack/react-query';
import { clientOf } from '../frame/client.ts';
import { nodesKey } from '../frame/nodes.ts';
import { useOrganisation } from '../frame/session.ts';

interface Option {
  value: string;
  label: string;
}

const NONE: readonly Option[] = [];

/** Choices of a filter, by name. Empty until they are loaded, and until `isNeeded`. */
function useOptions(
  queryKey: readonly unknown[],
  isNeeded: boolean,
  load: (signal: AbortSignal) => PromiseLike<Option[]>,
) {
  const { data = NONE } = useQuery({
    queryKey,
    queryFn: async ({ signal }) => (await load(signal)).toSorted((a, b) => a.label.localeCompare(b.label)),
    enabled: isNeeded,
  });
  return data;
}

export function useLevels(locationId: string | undefined, isNeeded: boolean): readonly Option[] {
  const { organisation } = useOrganisation();
  const queryKey = [...nodesKey(organisation), 'active levels', locationId];
  return useOptions(queryKey, isNeeded && locationId !== undefined, async (signal) =>
    (await clientOf(organisation).manage.levels.list({ locationId, status: 'active' }, { signal })).map(
      ({ levelId, levelName }) => ({
        value: levelId,
        label: levelName,
      }),
    ),
  );
}

export function useZones(levelId: string | undefined, isNeeded: boolean): readonly Option[] {
  const { organisation } = useOrganisation();
  const queryKey = [...nodesKey(organisation), 'active zones', levelId];
  return useOptions(queryKey, isNeeded && levelId !== undefined, async (signal) =>
    (await clientOf(organisation).manage.zones.list({ levelId, status: 'active' }, { signal })).map(
      ({ zoneId, zoneName }) => ({
        value: zoneId,
        label: zoneName,
      }),
    ),
  );
}
