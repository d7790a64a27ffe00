import { NotFoundError, type Reply, type Versioned } from '@rollcall/sdk';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useEffect, useMemo } from 'react';
import { clientOf } from '../frame/client.ts';
import { type Day, todayIn } from '../frame/days.ts';
import { nodesKey } from '../frame/nodes.ts';
import { queryClient, seesPeople, useOrganisation } from '../frame/session.ts';

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

/** The first part of the keys of all questions about plans. A change of a plan makes their answers out of date. */
export const plansKey = (organisation: string) => [...nodesKey(organisation), 'floor plans'] as const;
const floorPlanKey = (organisation: string, levelId: string) =>
  [...plansKey(organisation), 'of', levelId] as const;

/** The published plan of a level, with its version. */
export function useFloorPlan(levelId: string) {
  const { organisation } = useOrganisation();
  return useQuery<Versioned<FloorPlan>>({
    queryKey: floorPlanKey(organisation, levelId),
    queryFn: ({ signal }) => clientOf(organisation).manage.floorPlans.read(levelId, { signal }),
    staleTime: 0,
  });
}

/** What a level is called. Its states say that, too; a role that does not see them asks for the level. */
export function useLevelName(levelId: string, day: Floor | undefined): LevelName | undefined {
  const { organisation, role } = useOrganisation();
  const { data } = useQuery({
    queryKey: [...nodesKey(organisation), 'level', levelId],
    queryFn: ({ signal }) => clientOf(organisation).manage.levels.get(levelId, { signal }),
    enabled: !seesPeople(role),
  });
  return day ?? data;
}

/** Plans changed. */
export function forgetPlans(organisation: string): Promise<void> {
  return queryClient.invalidateQueries({ queryKey: plansKey(organisation) });
}

const floorKey = (organisation: string, levelId: string, day: Day | undefined) =>
  [...nodesKey(organisation), 'floor', levelId, day] as const;

/** Reads the places of a level anew, for the pages that show them, too. */
export function readFloor(organisation: string, levelId: string): Promise<Floor> {
  return queryClient.fetchQuery({
    queryKey: floorKey(organisation, levelId, undefined),
    queryFn: ({ signal }) => clientOf(organisation).manage.floorPlans.day(levelId, {}, { signal }),
    staleTime: 0,
  });
}

/**
 * The states of a level's places on a day; by default on the office's present day. It asks for the present day again and
 * again while somebody can see the page, unless `isLive` is false. Until another day is loaded, the data is a placeholder:
 * the day that was shown.
 */
export function useFloor(levelId: string, day: Day | undefined, { isLive = true } = {}) {
  const { organisation, role } = useOrganisation();
  return useQuery<Floor>({
    queryKey: floorKey(organisation, levelId, day),
    queryFn: ({ signal }) =>
      clientOf(organisation).manage.floorPlans.day(levelId, day === undefined ? {} : { date: day }, {
        signal,
      }),
    enabled: seesPeople(role),
    placeholderData: keepPreviousData,
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
