import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { callerOf } from '../auth/guard.ts';
import { PageQuery, pageOf, readPage } from '../http/bulk.ts';
import { FORMAT_QUERY, pageOrCsv, sendCsv, wantsCsv } from '../http/csv-download.ts';
import { OrNull, problems } from '../http/schema.ts';
import type { Tx } from '../store/connections/db.ts';
import { listPositions, readPositions } from '../store/floor/positions.ts';
import { parseGuid } from '../store/values/guid.ts';
import { CONFIG, DOCUMENTED, type FloorDeps, ID } from './common.ts';
import { POSITION_COLUMNS } from './position-file.ts';

const Position = Type.Object({
  nodeId: ID,
  kind: Type.String({ enum: ['place', 'space', 'zone'], description: '`place` is a desk' }),
  name: Type.String(),
  zoneName: OrNull(Type.String(), 'the zone of a desk; null for other kinds'),
  levelName: Type.String(),
  locationName: Type.String(),
  x: Type.Number(),
  y: Type.Number(),
  width: OrNull(Type.Number(), 'null for a desk'),
  height: OrNull(Type.Number(), 'null for a desk'),
});

/** The positions on all published plans, as a list or as a file that `POST /v1/manage/imports/floor-positions` takes. */
export const positionRoutes: FastifyPluginAsyncTypebox<FloorDeps> = async (app, { database, transfers }) => {
  app.route({
    method: 'GET',
    url: '/v1/manage/floor-positions',
    config: CONFIG,
    schema: {
      ...DOCUMENTED,
      summary: 'List where published floor plans show desks, rooms and zones, in the order of their ids',
      querystring: Type.Object({
        ...PageQuery,
        levelId: Type.Optional(Type.String({ description: 'only places of this level' })),
        locationId: Type.Optional(Type.String({ description: 'only places of this office' })),
        ...FORMAT_QUERY,
      }),
      response: {
        200: pageOrCsv(Position),
        ...problems(400, 401, 403, 503),
      },
    },
    handler: async (request, reply) => {
      const { tenantId } = callerOf(request);
      const { levelId, locationId, format, ...page } = request.query;
      const isFile = wantsCsv(format);
      const filter = { levelId: idFilter(levelId), locationId: idFilter(locationId) };
      const window = readPage(page);
      if (!isFile) {
        const rows = await database.inTenant(tenantId, (tx) => listPositions(tx, tenantId, filter, window));
        return pageOf(rows, window, ({ nodeId }) => nodeId);
      }
      const file = {
        ...{ tenantId, name: 'floor-positions.csv', columns: POSITION_COLUMNS },
        read: (tx: Tx) => readPositions(tx, tenantId, filter),
      };
      return sendCsv({ database, transfers }, file, request, reply) as never;
    },
  });
};

function idFilter(text: string | undefined): string | null | undefined {
  return text === undefined ? undefined : (parseGuid(text) ?? null);
}
