import { useQuery } from '@tanstack/react-query';
import { clientOf } from '../frame/client.ts';
import { useOrganisation } from '../frame/session.ts';

export interface Option {
  value: string;
  label: string;
}

const NONE: readonly Option[] = [];
/** The longest page of a list. */
const LIMIT = 1000;

/** Choices of a filter, by name. Empty until they are loaded, and until `isNeeded`. */
function useOptions(
  key: readonly unknown[],
  isNeeded: boolean,
  load: (signal: AbortSignal) => PromiseLike<Option[]>,
) {
  const { organisation } = useOrganisation();
  const { data = NONE } = useQuery({
    queryKey: [organisation, 'options', ...key],
    queryFn: async ({ signal }) => (await load(signal)).toSorted((a, b) => a.label.localeCompare(b.label)),
    enabled: isNeeded,
    staleTime: Number.POSITIVE_INFINITY,
  });
  return data;
}

function useManage() {
  return clientOf(useOrganisation().organisation).manage;
}

export function useOffices(isNeeded: boolean): readonly Option[] {
  const manage = useManage();
  return useOptions(['offices'], isNeeded, async (signal) =>
    (await manage.locations.list({ status: 'active' }, { signal })).map(({ locationId, locationName }) => ({
      value: locationId,
      label: locationName,
    })),
  );
}

export function useLevels(locationId: string | undefined, isNeeded: boolean): readonly Option[] {
  const manage = useManage();
  return useOptions(['levels', locationId], isNeeded && locationId !== undefined, async (signal) =>
    (await manage.levels.list({ locationId, status: 'active' }, { signal })).map(
      ({ levelId, levelName }) => ({
        value: levelId,
        label: levelName,
      }),
    ),
  );
}

export function useZones(levelId: string | undefined, isNeeded: boolean): readonly Option[] {
  const manage = useManage();
  return useOptions(['zones', levelId], isNeeded && levelId !== undefined, async (signal) =>
    (await manage.zones.list({ levelId, status: 'active' }, { signal })).map(({ zoneId, zoneName }) => ({
      value: zoneId,
      label: zoneName,
    })),
  );
}

export function useGroups(isNeeded: boolean): readonly Option[] {
  const { organisation } = useOrganisation();
  return useOptions(['groups'], isNeeded, async (signal) =>
    (await clientOf(organisation).analytics.groups({ limit: LIMIT, signal }))
      .filter(({ status }) => status === 'active')
      .map(({ groupId, groupName }) => ({ value: groupId, label: groupName })),
  );
}
