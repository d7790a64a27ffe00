import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { type Static, Type } from 'typebox';
import { callerOf } from '../auth/guard.ts';
import { CONFIG, DOCUMENTED } from '../auth/management.ts';
import { HttpProblem } from '../http/errors.ts';
import { problems } from '../http/schema.ts';
import { parseGuid } from '../store/values/guid.ts';
import { listLatestArrivals } from '../store/warehouse/latest-arrivals.ts';
import { toInstant } from './period-reader.ts';
import { SCREEN_FRESH_MS, SharedReads } from './shared-reads.ts';
import type { TodayRoutesOptions } from './today.ts';

/** A screen has room for so many. */
const MOST = 20;

export const LatestArrivals = Type.Object({
  locationId: Type.String({ format: 'uuid' }),
  locationName: Type.String(),
  timeZone: Type.String(),
  day: Type.String({ description: "the office's date now, as 2021-12-24T00:00:00.000Z" }),
  asOf: Type.String({ format: 'date-time', description: 'when the server read the names' }),
  people: Type.Array(
    Type.Object({
      userId: Type.String({ format: 'uuid' }),
      name: Type.String({ description: 'first and last name, else the userName' }),
      arrivedAt: Type.String({
        format: 'date-time',
        description: "the user's first detection of the day there",
      }),
    }),
  ),
});
type LatestArrivals = Static<typeof LatestArrivals>;

/** GET /v1/manage/locations/{locationId}/arrivals */
export const latestArrivalsRoutes: FastifyPluginAsyncTypebox<TodayRoutesOptions> = async (
  app,
  { database, clock, stopwatch },
) => {
  const reads = new SharedReads<LatestArrivals>({ stopwatch, freshMs: SCREEN_FRESH_MS });
  app.route({
    method: 'GET',
    url: '/v1/manage/locations/:locationId/arrivals',
    config: CONFIG,
    schema: {
      ...DOCUMENTED,
      summary: 'Who arrived last at an office today',
      description: `The ${MOST} users whose first detection of the office's day was the latest, the latest first. All callers of an organisation share an answer, so a client may ask once a second.`,
      params: Type.Object({ locationId: Type.String() }),
      response: { 200: LatestArrivals, ...problems(401, 403, 404, 503) },
    },
    handler: async (request) => {
      const { tenantId } = callerOf(request);
      const locationId = parseGuid(request.params.locationId);
      if (locationId === undefined) throw noOffice();
      return reads.get(tenantId, locationId, async () => {
        const now = new Date(clock());
        const found = await database.inTenantSnapshot(tenantId, (tx) =>
          listLatestArrivals(tx, tenantId, { locationId, now, limit: MOST }),
        );
        if (!found) throw noOffice();
        const { locationName, timeZone, day, people } = found;
        return {
          ...{ locationId, locationName, timeZone, day: toInstant(day), asOf: now.toISOString() },
          people: people.map((person) => ({
            ...person,
            arrivedAt: new Date(person.arrivedAt).toISOString(),
          })),
        };
      });
    },
  });
};

function noOffice(): HttpProblem {
  return new HttpProblem(404, 'There is no location in use with this id and a known time zone.');
}
