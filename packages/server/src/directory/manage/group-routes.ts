import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { callerOf } from '../../auth/guard.ts';
import { Page, PageQuery, pageOf, readPage, searchDescription, wordsFilter } from '../../http/bulk.ts';
import { OrNull } from '../../http/schema.ts';
import { textFault } from '../../http/text.ts';
import { findGroup, listGroups } from '../../store/directory/group-list.ts';
import type { Status } from '../../store/directory/nodes.ts';
import { parseGuid } from '../../store/values/guid.ts';
import {
  CONFIG,
  DOCUMENTED,
  LIST_PROBLEMS,
  type ManageDeps,
  notFoundProblem,
  READ_PROBLEMS,
  statusFilter,
} from './common.ts';

const ID = Type.String({ format: 'uuid' });

const Group = Type.Object({
  groupId: ID,
  groupName: Type.String(),
  groupType: Type.String(),
  parentGroupId: OrNull(ID, 'the group that it is in; null at the top'),
  status: Type.String({ enum: ['active', 'inactive'] }),
});

/** The groups, to find one of many. Group relationships, attributes and identity providers make them. */
export const groupRoutes: FastifyPluginAsyncTypebox<ManageDeps> = async (app, { database }) => {
  app.route({
    method: 'GET',
    url: '/v1/manage/groups',
    config: CONFIG,
    schema: {
      ...DOCUMENTED,
      summary: 'List groups, active and inactive, by name',
      description:
        'In a search, groups come first whose name begins with all of it. Case makes no difference to the order.',
      querystring: Type.Object({
        ...PageQuery,
        status: Type.Optional(Type.String({ description: 'active or inactive' })),
        search: Type.Optional(
          Type.String({
            description: searchDescription('groups of which each of these words is a part of the name'),
          }),
        ),
      }),
      response: { 200: Page(Group), ...LIST_PROBLEMS },
    },
    handler: async (request) => {
      const { tenantId } = callerOf(request);
      const { status, search, ...page } = request.query;
      const window = readPage(page);
      const filter = {
        status: statusFilter(status) as Status | undefined,
        words: wordsFilter('search', search),
      };
      if (textFault(search ?? '')) return { items: [], next: null };
      const rows = await database.inTenant(tenantId, (tx) => listGroups(tx, tenantId, filter, window));
      return pageOf(rows, window, (row) => row.groupId);
    },
  });

  app.route({
    method: 'GET',
    url: '/v1/manage/groups/:groupId',
    config: CONFIG,
    schema: {
      ...DOCUMENTED,
      summary: 'Read one group',
      params: Type.Object({ groupId: Type.String() }),
      response: { 200: Group, ...READ_PROBLEMS },
    },
    handler: async (request) => {
      const { tenantId } = callerOf(request);
      const groupId = parseGuid(request.params.groupId);
      const group = groupId && (await database.inTenant(tenantId, (tx) => findGroup(tx, tenantId, groupId)));
      if (!group) throw notFoundProblem('group');
      return group;
    },
  });
};
