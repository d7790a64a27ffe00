import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { type Access, callerOf } from '../auth/guard.ts';
import { BULK_BODY_LIMIT_BYTES } from '../http/bulk.ts';
import { problems } from '../http/schema.ts';
import { inTenantWithRetries } from '../store/connections/conflict.ts';
import type { Database } from '../store/connections/db.ts';
import { getProvisionedGroupType } from '../store/provisioning/provisioned-groups.ts';
import {
  GroupRelationships,
  GroupRelationshipsReply,
  judgeRelationships,
  replaceRelationships,
} from './group-relationships.ts';
import { manageRoutes } from './manage/routes.ts';
import { redatingRoutes } from './redating-routes.ts';
import { scimRoutes } from './scim/routes.ts';
import { SCIM_PREFIX } from './scim/scim-path.ts';
import { chooseGroupType, ProvisioningSettings } from './scim/settings.ts';
import { Turns } from './turns.ts';
import { storeAttributes, UserAttributes, UserAttributesReply } from './user-attributes.ts';

export interface DirectoryRoutesOptions {
  database: Database;
  clock: () => number;
  publicUrl: string | undefined;
}

const ROLES = ['all'] as const;
const SCHEMES = [
  { suffix: '', scheme: 'bearer' },
  { suffix: '/basic', scheme: 'basic' },
] as const;

/**
 * Groups and attributes of people, as the organisation's directory sends them, each with its `/basic` twin; and
 * the management of all that the directory has.
 */
export const directoryRoutes: FastifyPluginAsyncTypebox<DirectoryRoutesOptions> = async (
  app,
  { database, clock, publicUrl },
) => {
  const turns = new Turns();
  await app.register(manageRoutes, { database, clock, turns });
  await app.register(scimRoutes, { database, clock, turns, publicUrl, prefix: SCIM_PREFIX });
  await app.register(redatingRoutes, { database });
  const timestamp = () => new Date(clock()).toISOString();

  for (const { suffix, scheme } of SCHEMES) {
    const config = { access: { scheme, roles: ROLES } satisfies Access };
    const common = { tags: ['Directory'], security: [{ [scheme]: [] }] };
    const errors = problems(400, 401, 403, 413, 415, 503);

    app.route({
      method: 'PUT',
      url: `/v1/directory-management/group-relationships${suffix}`,
      config,
      bodyLimit: BULK_BODY_LIMIT_BYTES,
      schema: {
        ...common,
        summary: 'Replace the hierarchy of groups, all or nothing',
        body: GroupRelationships,
        response: { 200: GroupRelationshipsReply, ...errors },
      },
      handler: async (request) => {
        const { tenantId } = callerOf(request);
        const hierarchy = judgeRelationships(request.body.groupRelationships);
        await turns.take(tenantId, () =>
          database.inTenant(tenantId, (tx) => replaceRelationships(tx, tenantId, hierarchy)),
        );
        return { timestamp: timestamp(), relationships: hierarchy.relationships };
      },
    });

    app.route({
      method: 'POST',
      url: `/v1/directory-management/user-attributes${suffix}`,
      config,
      bodyLimit: BULK_BODY_LIMIT_BYTES,
      schema: {
        ...common,
        summary: 'Merge attributes into those of people',
        body: UserAttributes,
        response: { 200: UserAttributesReply, ...errors },
      },
      handler: async (request) => {
        const { tenantId } = callerOf(request);
        const { userAttributes } = request.body;
        const results = await turns.take(tenantId, () =>
          database.inTenant(tenantId, (tx) =>
            storeAttributes(tx, tenantId, userAttributes, new Date(clock())),
          ),
        );
        return { timestamp: timestamp(), results };
      },
    });
  }

  const manage = {
    config: { access: { scheme: 'bearer', roles: ROLES } satisfies Access },
    url: '/v1/manage/provisioning',
  } as const;
  const described = { tags: ['Management'], security: [{ bearer: [] }] };
  app.route({
    ...manage,
    method: 'GET',
    schema: {
      ...described,
      summary: 'How provisioned groups are kept',
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
      ...described,
      summary: 'Choose how provisioned groups are kept',
      description: 'Groups that there are get the type, too, and keep their ids.',
      body: ProvisioningSettings,
      response: { 200: ProvisioningSettings, ...problems(400, 401, 403, 409, 413, 415, 503) },
    },
    handler: async (request) => {
      const { tenantId } = callerOf(request);
      const { groupType } = request.body;
      return {
        groupType: await turns.take(tenantId, () =>
          inTenantWithRetries(database, tenantId, (tx) => chooseGroupType(tx, tenantId, groupType)),
        ),
      };
    },
  });
};
