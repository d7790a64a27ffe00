import type { FastifyPluginAsync } from 'fastify';
import { availabilityRoutes } from './availability-routes.ts';
import { dayRoutes } from './day-routes.ts';
import { leaveRoutes } from './leave-routes.ts';
import type { WorkdayRoutesOptions } from './management.ts';
import { userRoutes } from './user-routes.ts';
import { weekPlanRoutes } from './week-plan-routes.ts';

/** The routes below /v1/manage for week plans, users' days, leave, free desks and one user. */
export const workdayRoutes: FastifyPluginAsync<WorkdayRoutesOptions> = async (app, options) => {
  await app.register(weekPlanRoutes, options);
  await app.register(dayRoutes, options);
  await app.register(leaveRoutes, options);
  await app.register(availabilityRoutes, options);
  await app.register(userRoutes, options);
};
