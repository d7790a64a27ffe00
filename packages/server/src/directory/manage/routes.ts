import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { assignmentRoutes } from './assignment-routes.ts';
import type { ManageDeps } from './common.ts';
import { groupRoutes } from './group-routes.ts';
import { kindRoutes } from './kind-routes.ts';
import { MANAGED_KINDS } from './kinds.ts';
import { nodeRoutes } from './node-routes.ts';
import { settingsRoutes } from './settings-routes.ts';

/** The routes below /v1/manage that concern the directory; see docs/management.md. */
export const manageRoutes: FastifyPluginAsyncTypebox<ManageDeps> = async (app, deps) => {
  for (const kind of MANAGED_KINDS) kindRoutes(app, kind, deps);
  await app.register(nodeRoutes, deps);
  await app.register(groupRoutes, deps);
  await app.register(assignmentRoutes, deps);
  await app.register(settingsRoutes, deps);
};
