import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { type Access, callerOf } from '../auth/guard.ts';
import { BULK_BODY_LIMIT_BYTES } from '../http/bulk.ts';
import { problems } from '../http/schema.ts';
import type { Transfers } from '../http/transfers.ts';
import type { Database } from '../store/connections/db.ts';
import type { TenantWriteQueue } from '../store/connections/tenant-write-queue.ts';
import {
  GroupRelationships,
  GroupRelationshipsReply,
  judgeRelationships,
  replaceRelationships,
} from './group-relationships.ts';
import { manageRoutes } from './manage/routes.ts';
import { redatingRoutes } from './redating-routes.ts';
import { storeAttributes, UserAttributes, UserAttributesReply } from './user-attributes.ts';

export interface DirectoryRoutesOptions {
  database: Database;
  clock: () => number;
  /** Shared by all writers of the directory. */
  writeQueue: TenantWriteQueue;
  transfers: Transfers;
}

const ROLES = ['all'] as const;
const SCHEMES = [
  { suffix: '', scheme: 'bearer' },
  { suffix: '/basic', scheme: 'basic' },
] as const;

/**
 * The routes by which the organisation's directory sends groups and user attributes, each also under `/basic`;
 * and the routes that manage the directory.
 */
export const directoryRoutes: FastifyPluginAsyncTypebox<DirectoryRoutesOptions> = async (
  app,
  { database, clock, writeQueue, transfers },
) => {
  await app.register(manageRoutes, { database, clock, writeQueue, transfers });
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
        summary: 'Replace the hierarchy of groups: all rows or none',
        body: GroupRelationships,
        response: { 200: GroupRelationshipsReply, ...errors },
      },
      handler: async (request) => {
        const { tenantId } = callerOf(request);
        const hierarchy = judgeRelationships(request.body.groupRelationships);
        await writeQueue.take(tenantId, () =>
          database.inTenant(tenantId, async (tx) => {
            await replaceRelationships(tx, tenantId, hierarchy);
            const metadata = { kind: 'group-relationships', items: hierarchy.relationships };
            await app.audit.add(tx, request, 'directory.changed', { metadata });
          }),
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
        summary: 'Merge attributes into the attributes of users',
        body: UserAttributes,
        response: { 200: UserAttributesReply, ...errors },
      },
      handler: async (request) => {
        const { tenantId } = callerOf(request);
        const { userAttributes } = request.body;
        const results = await writeQueue.take(tenantId, () =>
          database.inTenant(tenantId, async (tx) => {
            const results = await storeAttributes(tx, tenantId, userAttributes, new Date(clock()));
            const metadata = { kind: 'user-attributes', items: userAttributes.length };
            await app.audit.add(tx, request, 'directory.changed', { metadata });
            return results;
          }),
        );
        return { timestamp: timestamp(), results };
      },
    });
  }
};
