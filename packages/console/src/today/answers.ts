import type { ArrivalMetricsRow, Reply } from '@rollcall/sdk';
import { keepPreviousData, skipToken, useQuery } from '@tanstack/react-query';
import { clientOf } from '../frame/client.ts';
import { addDays, type Day, weekdayOf } from '../frame/days.ts';
import { useOrganisation } from '../frame/session.ts';

export type Today = Reply<'GET /v1/manage/today'>;
export type Office = Today['offices'][number];

/** The server shares its numbers among all who ask, so asking often costs it little. */
const ASK_EVERY_MS = 1_000;
/** A weekday is usual as it was in so many weeks before. */
const USUAL_WEEKS = 8;

/** Each office on its day so far. It asks again and again while somebody can see the page. */
export function useToday() {
  const { organisation } = useOrganisation();
  return useQuery<Today>({
    queryKey: [organisation, 'today'],
    queryFn: ({ signal }) => clientOf(organisation).manage.today({ signal }),
    refetchInterval: ASK_EVERY_MS,
    staleTime: 0,
  });
}

/** How many people usually arrive in each hour on the weekday of `day`, by office. Undefined while that is unknown, and for a role that reads no metrics. */
export function useUsualArrivals(day: Day | undefined) {
  const { organisation, role } = useOrganisation();
  return useQuery<ArrivalMetricsRow[]>({
    queryKey: [organisation, 'usual arrivals', day],
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
    queryFn:
      day === undefined || role === 'integrations'
        ? skipToken
        : async ({ signal }) =>
            clientOf(organisation).analytics.arrivalMetrics(
              {
                startDate: addDays(day, -7 * USUAL_WEEKS),
                endDate: addDays(day, -1),
                weekdays: String(weekdayOf(day)),
                period: 'range',
              },
              { signal },
            ),
  });
}
