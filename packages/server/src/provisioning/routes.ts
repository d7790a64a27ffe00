import type { FastifyInstance } from 'fastify';
import { SCIM_PREFIX } from './scim-path.ts';
import { type ScimRoutesOptions, scimRoutes } from './scim-routes.ts';
import { settingsRoutes } from './settings-routes.ts';

/** The routes for identity providers, and the settings of provisioning. */
export async function provisioningRoutes(app: FastifyInstance, options: ScimRoutesOptions): Promise<void> {
  const { database, writeQueue } = options;
  await app.register(scimRoutes, { ...options, prefix: SCIM_PREFIX });
  await app.register(settingsRoutes, { database, writeQueue });
}
