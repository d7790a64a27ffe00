import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { callerOf } from '../auth/guard.ts';
import { booleanParameter } from '../http/bulk.ts';
import { HttpProblem } from '../http/errors.ts';
import { problems } from '../http/schema.ts';
import { quote } from '../http/text.ts';
import { DATE_FORMS } from '../http/window.ts';
import { parseGuid } from '../store/values/guid.ts';
import { Availability, readAvailability } from './availability.ts';
import { CONFIG, DOCUMENTED, dayOf, type WorkdayRoutesOptions } from './management.ts';

/** The route that lists free desks and zones. */
export const availabilityRoutes: FastifyPluginAsyncTypebox<WorkdayRoutesOptions> = async (
  app,
  { database },
) => {
  app.route({
    method: 'GET',
    url: '/v1/manage/locations/:locationId/availability',
    config: CONFIG,
    schema: {
      ...DOCUMENTED,
      summary: 'List the desks and zones of an office, and which are free on a day',
      params: Type.Object({ locationId: Type.String() }),
      querystring: Type.Object({
        day: Type.String({ description: DATE_FORMS }),
        free: Type.Optional(Type.String({ description: 'true: only desks that are free' })),
      }),
      response: { 200: Availability, ...problems(400, 401, 403, 404, 503) },
    },
    handler: async (request) => {
      const { tenantId } = callerOf(request);
      const onlyFree = booleanParameter('free', request.query.free);
      const day = dayOf(request.query);
      const locationId = parseGuid(request.params.locationId);
      if (locationId === undefined) {
        throw new HttpProblem(404, `There is no location ${quote(request.params.locationId)}.`);
      }
      const all = await database.inTenant(tenantId, (tx) => readAvailability(tx, tenantId, locationId, day));
      return onlyFree ? { ...all, desks: all.desks.filter(({ state }) => state === 'free') } : all;
    },
  });
};
