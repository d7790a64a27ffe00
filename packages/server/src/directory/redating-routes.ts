import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { callerOf } from '../auth/guard.ts';
import { CONFIG, DOCUMENTED } from '../auth/management.ts';
import { HttpProblem } from '../http/errors.ts';
import { problems } from '../http/schema.ts';
import type { Database } from '../store/connections/db.ts';
import { listNodesById } from '../store/directory/nodes.ts';
import { findOfficeRedating } from '../store/directory/office-redatings.ts';
import { parseGuid } from '../store/values/guid.ts';

const instantOrNull = (description: string) =>
  Type.Union([Type.String(), Type.Null()], { description: `an instant; null ${description}` });

const Redating = Type.Object({
  locationId: Type.String(),
  fromTimeZone: Type.String(),
  toTimeZone: Type.String(),
  startedAt: instantOrNull('while transactions that began before the change are still open'),
  finishedAt: instantOrNull('while events have days of the old time zone'),
  eventsDone: Type.Integer({ description: 'events of the office that the job has checked' }),
  eventsTotal: Type.Integer({ description: 'events of the office; 0 until the job has started' }),
});

const RedatingReply = Type.Object({
  redating: Type.Union([Redating, Type.Null()], {
    description:
      "the re-dating after the last change of the office's time zone; null if the time zone never changed",
  }),
});

/** The progress of the re-dating of an office. */
export const redatingRoutes: FastifyPluginAsyncTypebox<{ database: Database }> = async (
  app,
  { database },
) => {
  app.route({
    method: 'GET',
    url: '/v1/manage/locations/:locationId/redating',
    config: CONFIG,
    schema: {
      ...DOCUMENTED,
      summary: "Read the progress of re-dating an office's events after its time zone changed",
      params: Type.Object({ locationId: Type.String() }),
      response: { 200: RedatingReply, ...problems(401, 403, 404, 503) },
    },
    handler: async (request) => {
      const { tenantId } = callerOf(request);
      const locationId = parseGuid(request.params.locationId);
      const redating = await database.inTenant(tenantId, async (tx) => {
        const [node] = await listNodesById(tx, tenantId, locationId === undefined ? [] : [locationId]);
        if (node?.kind !== 'location') throw new HttpProblem(404, 'There is no location with this id.');
        return findOfficeRedating(tx, tenantId, node.nodeId);
      });
      if (!redating) return { redating: null };
      const { startedAt, finishedAt, ...rest } = redating;
      return {
        redating: {
          ...rest,
          startedAt: startedAt?.toISOString() ?? null,
          finishedAt: finishedAt?.toISOString() ?? null,
        },
      };
    },
  });
};
