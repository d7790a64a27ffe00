import type { FastifyPluginAsync } from 'fastify';
import type { FloorDeps } from './common.ts';
import { dayRoutes } from './day-routes.ts';
import { imageRoutes } from './image-routes.ts';
import { planRoutes } from './plan-routes.ts';
import { positionRoutes } from './position-routes.ts';

/** The routes below /v1/manage for the floor plans of levels; see docs/floor-plans.md. */
export const floorRoutes: FastifyPluginAsync<FloorDeps> = async (app, deps) => {
  await app.register(planRoutes, deps);
  await app.register(imageRoutes, deps);
  await app.register(dayRoutes, deps);
  await app.register(positionRoutes, deps);
};
