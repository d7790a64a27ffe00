import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { callerOf } from '../auth/guard.ts';
import { CONFIG, DOCUMENTED } from '../auth/management.ts';
import { OrNull, problems } from '../http/schema.ts';
import type { Database } from '../store/connections/db.ts';
import { getEventDay } from '../store/events/event-days.ts';
import { DAY_MS, utcDay } from '../store/values/days.ts';
import { reachedPercent } from './reached-percent.ts';

const EventQuotaView = Type.Object({
  day: Type.String({ format: 'date', description: 'the present day of UTC' }),
  stored: Type.Integer({
    minimum: 0,
    description:
      'the events that the server stored on this day: presence, occupancy and visitors, without repeats',
  }),
  quota: OrNull(Type.Integer({ minimum: 1 }), 'how many events the server stores on a day; null: no quota'),
  reachedPercent: Type.Union([Type.Literal(0), Type.Literal(80), Type.Literal(100)], {
    description:
      'the highest of these parts of the quota that is used; at 100 the server answers 429 to further events',
  }),
  nextDayAt: Type.String({ format: 'date-time', description: 'when the next day begins' }),
});

/** The route for the daily event quota. */
export const quotaRoutes: FastifyPluginAsyncTypebox<{
  database: Database;
  clock: () => number;
  /** 0: no quota. */
  defaultEventQuota: number;
}> = async (app, { database, clock, defaultEventQuota }) => {
  app.route({
    method: 'GET',
    url: '/v1/manage/event-quota',
    config: CONFIG,
    schema: {
      ...DOCUMENTED,
      summary: 'Read the daily event quota, and how much of it is used',
      description: 'The count is a few seconds late. Only the operator of the server changes the quota.',
      response: { 200: EventQuotaView, ...problems(401, 403, 503) },
    },
    handler: async (request) => {
      const { tenantId } = callerOf(request);
      const day = utcDay(clock());
      const { stored, ownQuota } = await database.inTenant(tenantId, (tx) => getEventDay(tx, tenantId, day));
      const quota = ownQuota ?? defaultEventQuota;
      const nextDayAt = new Date(Date.parse(day) + DAY_MS).toISOString();
      return {
        day,
        stored,
        quota: quota || null,
        reachedPercent: reachedPercent({ stored, quota }),
        nextDayAt,
      };
    },
  });
};
