import type { FastifyPluginAsync } from 'fastify';
import { availabilityRoutes } from './availability-routes.ts';
import { dayRoutes } from './day-routes.ts';
import type { WorkdayRoutesOptions } from './management.ts';
import { weekPlanRoutes } from './week-plan-routes.ts';

/** /v1/manage/…: week plans, people's days, and what is free. */
export const workdayRoutes: FastifyPluginAsync<WorkdayRoutesOptions> = async (app, options) => {
  // Personal data: nothing between here and the client is to keep it.
  app.addHook('onRequest', async (_request, reply) => {
    reply.header('cache-control', 'private, no-cache');
  });
  await app.register(weekPlanRoutes, options);
  await app.register(dayRoutes, options);
  await app.register(availabilityRoutes, options);
};
