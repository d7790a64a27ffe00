import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { callerOf } from '../../auth/guard.ts';
import {
  Page,
  PageQuery,
  pageOf,
  readPage,
  searchDescription,
  wordsFilter,
  wrongParameter,
} from '../../http/bulk.ts';
import { OrNull } from '../../http/schema.ts';
import { textFault } from '../../http/text.ts';
import { listTreeNodes } from '../../store/directory/node-tree.ts';
import { NODE_KINDS, type NodeKind, type Status } from '../../store/directory/nodes.ts';
import { CONFIG, DOCUMENTED, idFilter, LIST_PROBLEMS, type ManageDeps, statusFilter } from './common.ts';

const ID = Type.String({ format: 'uuid' });
const MaybeId = Type.Union([ID, Type.Null()]);
const MaybeName = Type.Union([Type.String(), Type.Null()]);

const TreeNode = Type.Object({
  nodeId: ID,
  kind: Type.String({ enum: [...NODE_KINDS], description: '`place` is a desk' }),
  name: Type.String(),
  status: Type.String({ enum: ['active', 'inactive'] }),
  parentId: OrNull(ID, 'the node that it is directly in; null for an office'),
  children: Type.Integer({ description: 'how many nodes are directly in it' }),
  locationId: ID,
  locationName: Type.String(),
  levelId: MaybeId,
  levelName: MaybeName,
  zoneId: MaybeId,
  zoneName: MaybeName,
});

/** The tree of nodes of all kinds, without who has which desk. */
export const nodeRoutes: FastifyPluginAsyncTypebox<ManageDeps> = async (app, { database }) => {
  app.route({
    method: 'GET',
    url: '/v1/manage/nodes',
    config: CONFIG,
    schema: {
      ...DOCUMENTED,
      summary: 'List nodes of all kinds, active and inactive, in the order of their ids',
      querystring: Type.Object({
        ...PageQuery,
        parentId: Type.Optional(Type.String({ description: 'only nodes directly in this node' })),
        around: Type.Optional(
          Type.String({
            description: 'only the offices, and nodes directly in this node or in a node that contains it',
          }),
        ),
        kind: Type.Optional(
          Type.String({ description: `only nodes of this kind: ${NODE_KINDS.join(', ')}` }),
        ),
        status: Type.Optional(Type.String({ description: 'active or inactive' })),
        search: Type.Optional(
          Type.String({
            description: searchDescription('nodes of which each of these words is a part of the name'),
          }),
        ),
      }),
      response: { 200: Page(TreeNode), ...LIST_PROBLEMS },
    },
    handler: async (request) => {
      const { tenantId } = callerOf(request);
      const { parentId, around, kind, status, search, ...page } = request.query;
      const window = readPage(page);
      const filter = {
        parentId: idFilter(parentId),
        aroundId: idFilter(around),
        kind: kindFilter(kind),
        status: statusFilter(status) as Status | undefined,
        words: wordsFilter('search', search),
      };
      if (textFault(search ?? '')) return { items: [], next: null };
      const rows = await database.inTenant(tenantId, (tx) => listTreeNodes(tx, tenantId, filter, window));
      return pageOf(rows, window, (row) => row.nodeId);
    },
  });
};

function kindFilter(text: string | undefined): NodeKind | undefined {
  const kind = NODE_KINDS.find((each) => each === text);
  if (text !== undefined && kind === undefined) {
    throw wrongParameter('kind', `must be one of ${NODE_KINDS.join(', ')}`);
  }
  return kind;
}
