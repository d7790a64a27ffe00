import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { callerOf } from '../auth/guard.ts';
import { wrongParameter } from '../http/bulk.ts';
import { problems } from '../http/schema.ts';
import { DATE_FORMS, NO_DATE, parseDay } from '../http/window.ts';
import { localToday } from '../store/floor/level-day.ts';
import { CONFIG, DOCUMENTED, type FloorDeps, getLevel, LevelPath, READ_PROBLEMS } from './common.ts';
import { readLevelDay } from './level-day.ts';
import { LevelDay } from './level-day-schema.ts';

/** The state of a level's desks, rooms and zones on a day. */
export const dayRoutes: FastifyPluginAsyncTypebox<FloorDeps> = async (app, { database, clock }) => {
  app.route({
    method: 'GET',
    url: '/v1/manage/levels/:levelId/floor',
    config: CONFIG,
    schema: {
      ...DOCUMENTED,
      summary: 'Read the state of each desk, room and zone of a level on a day',
      description:
        'The states follow from the same rules as user-booking-attendance. On a day that has not ended, nobody is a no-show.',
      params: LevelPath,
      querystring: Type.Object({
        date: Type.Optional(Type.String({ description: `${DATE_FORMS}; by default the office's today` })),
      }),
      response: { 200: LevelDay, ...READ_PROBLEMS, ...problems(409) },
    },
    handler: (request, reply) => {
      const { tenantId } = callerOf(request);
      const { date } = request.query;
      const given = date === undefined ? undefined : parseDay(date);
      if (date !== undefined && given === undefined) throw wrongParameter('date', NO_DATE);
      const now = new Date(clock());
      // The serializer of the schema took most of the time of a large level, because many members may be null.
      reply.type('application/json; charset=utf-8').serializer(JSON.stringify);
      return database.inTenantSnapshot(tenantId, async (tx) => {
        const level = await getLevel(tx, tenantId, request.params.levelId);
        const day = given ?? (await localToday(tx, tenantId, level.parentId ?? '', now));
        return readLevelDay(tx, tenantId, { level, day, now });
      });
    },
  });
};
