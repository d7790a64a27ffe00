import { NotFoundError, type Reply } from '@rollcall/sdk';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useEffect, useMemo } from 'react';
import { clientOf } from '../frame/client.ts';
import { type Day, todayIn } from '../frame/days.ts';
import { compareNames, nodesKey } from '../frame/nodes.ts';
import { queryClient, type Role, useOrganisation } from '../frame/session.ts';

export type FloorPlan = Reply<'GET /v1/manage/levels/{levelId}/floor-plan'>;
export type Floor = Reply<'GET /v1/manage/levels/{levelId}/floor'>;
/** A place of a level on a day, with its state. */
export type FloorItem = Floor['items'][number];
export type FloorPerson = FloorItem['people'][number];
export type PlanOfList = Reply<'GET /v1/manage/floor-plans'>['items'][number];

/** The names of a level and its office. */
export interface LevelName {
  levelName: string;
  locationName: string;
}

/** How often the page asks for the states of today. */
const ASK_EVERY_MS = 3_000;

/** The roles that see the states of a day, which name people. */
export function seesStates(role: Role): boolean {
  return role === 'administrator' || role === 'planner';
}

const plansKey = (organisation: string) => [...nodesKey(organisation), 'floor plans'] as const;
const floorPlanKey = (organisation: string, levelId: string) =>
  [...plansKey(organisation), 'of', levelId] as const;

/** The levels that have a plan or a draft, by office and name. */
export function usePlans(isNeeded: boolean) {
  const { organisation } = useOrganisation();
  return useQuery({
    queryKey: plansKey(organisation),
    queryFn: async ({ signal }) =>
      (await clientOf(organisation).manage.floorPlans.list({ signal })).toSorted(
        (a, b) => compareNames(a.locationName, b.locationName) || compareNames(a.levelName, b.levelName),
      ),
    enabled: isNeeded,
  });
}

/** The published plan of a level. */
export function useFloorPlan(levelId: string) {
  const { organisation } = useOrganisation();
  return useQuery<FloorPlan>({
    queryKey: floorPlanKey(organisation, levelId),
    queryFn: async ({ signal }) =>
      (await clientOf(organisation).manage.floorPlans.read(levelId, { signal })).row,
    placeholderData: keepPreviousData,
    staleTime: 0,
  });
}

/** What a level is called. Its states say that, too; a role that does not see them asks for the level. */
export function useLevelName(levelId: string, day: Floor | undefined): LevelName | undefined {
  const { organisation, role } = useOrganisation();
  const { data } = useQuery({
    queryKey: [...nodesKey(organisation), 'level', levelId],
    queryFn: ({ signal }) => clientOf(organisation).manage.levels.get(levelId, { signal }),
    enabled: !seesStates(role),
  });
  return day ?? data;
}

/** Plans changed. */
export function forgetPlans(organisation: string): Promise<void> {
  return queryClient.invalidateQueries({ queryKey: plansKey(organisation) });
}

/**
 * The states of a level's places on a day; by default on the office's present day. It asks for the present day again and
 * again while somebody can see the page, unless `isLive` is false.
 */
export function useFloor(levelId: string, day: Day | undefined, { isLive = true } = {}) {
  const { organisation, role } = useOrganisation();
  return useQuery<Floor>({
    queryKey: [...nodesKey(organisation), 'floor', levelId, day],
    queryFn: ({ signal }) =>
      clientOf(organisation).manage.floorPlans.day(levelId, day === undefined ? {} : { date: day }, {
        signal,
      }),
    enabled: seesStates(role),
    placeholderData: (before) => (before?.levelId === levelId ? before : undefined),
    refetchInterval: ({ state: { data } }) =>
      isLive && data && data.date === presentDay(data) ? ASK_EVERY_MS : false,
    staleTime: 0,
  });
}

/** The present day of the office, by the server's clock. */
export function presentDay({ asOf, timeZone }: Floor): Day {
  return todayIn(timeZone, Date.parse(asOf));
}

/** The address of a plan's image in this browser. Undefined without an image, and until it is loaded. */
export function useImage(imageId: string | null) {
  const { organisation } = useOrganisation();
  const { data: image, isError } = useQuery({
    queryKey: [organisation, 'floor plan image', imageId],
    queryFn: ({ signal }) => clientOf(organisation).manage.floorPlans.image(imageId ?? '', { signal }),
    enabled: imageId !== null,
    // An image never changes: another one has another id.
    staleTime: Number.POSITIVE_INFINITY,
  });
  const address = useMemo(() => (image ? URL.createObjectURL(image) : undefined), [image]);
  useEffect(() => (address ? () => URL.revokeObjectURL(address) : undefined), [address]);
  return { address, isError };
}

export function isUnknown(error: unknown): boolean {
  return error instanceof NotFoundError;
}
