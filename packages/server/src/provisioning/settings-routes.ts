import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { callerOf } from '../auth/guard.ts';
import { CONFIG, DOCUMENTED } from '../auth/management.ts';
import { problems } from '../http/schema.ts';
import { inTenantWithRetries } from '../store/connections/conflict.ts';
import type { Database } from '../store/connections/db.ts';
import type { TenantWriteQueue } from '../store/connections/tenant-write-queue.ts';
import { getProvisionedGroupType } from '../store/provisioning/provisioned-groups.ts';
import { chooseGroupType, ProvisioningSettings } from './settings.ts';

export interface SettingsRoutesOptions {
  database: Database;
  /** Shared by all writers of the directory. */
  writeQueue: TenantWriteQueue;
}

/** The settings for the groups of an organisation's identity provider. */
export const settingsRoutes: FastifyPluginAsyncTypebox<SettingsRoutesOptions> = async (
  app,
  { database, writeQueue },
) => {
  const manage = {
    config: CONFIG,
    url: '/v1/manage/provisioning',
  } as const;
  app.route({
    ...manage,
    method: 'GET',
    schema: {
      ...DOCUMENTED,
      summary: 'Read the type of provisioned groups',
      response: { 200: ProvisioningSettings, ...problems(401, 403, 503) },
    },
    handler: async (request) => {
      const { tenantId } = callerOf(request);
      return { groupType: await database.inTenant(tenantId, (tx) => getProvisionedGroupType(tx, tenantId)) };
    },
  });
  app.route({
    ...manage,
    method: 'PUT',
    schema: {
      ...DOCUMENTED,
      summary: 'Choose the type of provisioned groups',
      description: 'Existing provisioned groups get the type, too, and keep their ids.',
      body: ProvisioningSettings,
      response: { 200: ProvisioningSettings, ...problems(400, 401, 403, 409, 413, 415, 503) },
    },
    handler: async (request) => {
      const { tenantId } = callerOf(request);
      const { groupType } = request.body;
      return {
        groupType: await writeQueue.take(tenantId, () =>
          inTenantWithRetries(database, tenantId, async (tx) => {
            const chosen = await chooseGroupType(tx, tenantId, groupType);
            const metadata = { of: 'provisioning', locationId: null, members: ['groupType'] };
            await app.audit.add(tx, request, 'settings.changed', { metadata });
            return chosen;
          }),
        ),
      };
    },
  });
};
