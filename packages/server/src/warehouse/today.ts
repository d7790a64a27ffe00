import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { type Static, Type } from 'typebox';
import { callerOf } from '../auth/guard.ts';
import { CONFIG, DOCUMENTED } from '../auth/management.ts';
import { problems } from '../http/schema.ts';
import type { Database } from '../store/connections/db.ts';
import { listToday, type OfficeToday } from '../store/warehouse/today.ts';
import { toInstant } from './period-reader.ts';
import { SCREEN_FRESH_MS, SharedReads } from './shared-reads.ts';

export interface TodayRoutesOptions {
  database: Database;
  /** Milliseconds since the epoch. */
  clock: () => number;
  /** A monotonic clock, in milliseconds. */
  stopwatch: () => number;
}

const count = (description: string) => Type.Integer({ minimum: 0, description });

export const OfficeOfToday = Type.Object({
  locationId: Type.String({ format: 'uuid' }),
  locationName: Type.String(),
  timeZone: Type.String(),
  day: Type.String({ description: "the office's date now, as 2021-12-24T00:00:00.000Z" }),
  planned: count('users who planned to come; plans that presence made do not count'),
  booked: count('of those, users who have a desk'),
  present: count('users who were detected: confirmed + walkIn'),
  confirmed: count('users who planned to come and were detected'),
  walkIn: count('users who were detected without a plan for the office'),
  expected: count('users who planned to come and were not detected so far: planned - confirmed'),
  visitors: count('arrivals of visitors'),
  spacesInUse: count('rooms whose last occupancy event of the day says that they are occupied'),
  spacesReporting: count('rooms with an occupancy event on the day'),
  lastSeenAt: Type.Union([Type.String({ format: 'date-time' }), Type.Null()], {
    description: 'when the last user was detected; null if none was',
  }),
  arrivals: Type.Array(Type.Integer({ minimum: 0 }), {
    minItems: 24,
    maxItems: 24,
    description: "by hour of the office's clock: users whose first detection of the day was in it",
  }),
});
export const TodayReply = Type.Object({
  asOf: Type.String({ format: 'date-time', description: 'when the server read these numbers' }),
  offices: Type.Array(OfficeOfToday),
});
type TodayReply = Static<typeof TodayReply>;

/** GET /v1/manage/today */
export const todayRoutes: FastifyPluginAsyncTypebox<TodayRoutesOptions> = async (
  app,
  { database, clock, stopwatch },
) => {
  const reads = new SharedReads<TodayReply>({ stopwatch, freshMs: SCREEN_FRESH_MS });
  app.route({
    method: 'GET',
    url: '/v1/manage/today',
    config: CONFIG,
    schema: {
      ...DOCUMENTED,
      summary: 'Each office on its day so far: who planned to come, who came, visitors and rooms',
      description:
        'One entry for each active office whose time zone the server knows, by name. The numbers are less than a ' +
        'second old. If the server takes long to read them, they are up to ten times as old as that takes. All callers ' +
        'of an organisation share them, so a client may ask once a second. Users who planned to come and did not are ' +
        'no no-shows before the day has ended.',
      response: { 200: TodayReply, ...problems(401, 403, 503) },
    },
    handler: async (request) => {
      const { tenantId } = callerOf(request);
      return reads.get(tenantId, 'today', async () => {
        const now = new Date(clock());
        const offices = await database.inTenantSnapshot(tenantId, (tx) => listToday(tx, tenantId, now));
        return { asOf: now.toISOString(), offices: offices.map(toReply) };
      });
    },
  });
};

function toReply({ lastSeenAt, day, ...office }: OfficeToday): Static<typeof OfficeOfToday> {
  return {
    ...office,
    day: toInstant(day),
    expected: office.planned - office.confirmed,
    lastSeenAt: lastSeenAt?.toISOString() ?? null,
  };
}
