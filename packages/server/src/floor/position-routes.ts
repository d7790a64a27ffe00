import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { stringify } from 'csv-stringify/sync';
import { Type } from 'typebox';
import { callerOf } from '../auth/guard.ts';
import { guard } from '../files/formula-guard.ts';
import { MOST_PAGE_ITEMS, Page, PageQuery, pageOf, readPage, wrongParameter } from '../http/bulk.ts';
import { OrNull, problems } from '../http/schema.ts';
import { listPositions, type PositionFilter, type PositionRow } from '../store/floor/positions.ts';
import { parseGuid } from '../store/values/guid.ts';
import { CONFIG, DOCUMENTED, type FloorDeps, ID } from './common.ts';

const COLUMNS = [
  'nodeId',
  'kind',
  'name',
  'zoneName',
  'levelName',
  'locationName',
  'x',
  'y',
  'width',
  'height',
] as const satisfies (keyof PositionRow)[];

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
export const positionRoutes: FastifyPluginAsyncTypebox<FloorDeps> = async (app, { database }) => {
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
        format: Type.Optional(
          Type.String({ description: 'json, the default; or csv: all rows as a file that can be imported' }),
        ),
      }),
      response: {
        200: {
          description: 'a page, or the file',
          content: {
            'application/json': { schema: Page(Position) },
            'text/csv': { schema: Type.String() },
          },
        },
        ...problems(400, 401, 403, 503),
      },
    },
    handler: async (request, reply) => {
      const { tenantId } = callerOf(request);
      const { levelId, locationId, format = 'json', ...page } = request.query;
      if (format !== 'json' && format !== 'csv') throw wrongParameter('format', 'must be json or csv');
      const filter = { levelId: idFilter(levelId), locationId: idFilter(locationId) };
      const window = readPage(page);
      if (format === 'json') {
        const rows = await database.inTenant(tenantId, (tx) => listPositions(tx, tenantId, filter, window));
        return pageOf(rows, window, ({ nodeId }) => nodeId);
      }
      const all = await database.inTenantSnapshot(tenantId, (tx) => readAll(tx, tenantId, filter));
      reply.type('text/csv; charset=utf-8; header=present');
      reply.header('content-disposition', 'attachment; filename="floor-positions.csv"');
      return reply.send(Readable.from(csvOf(all)) as never);
    },
  });
};

type Tx = Parameters<typeof listPositions>[0];

async function readAll(tx: Tx, tenantId: string, filter: PositionFilter): Promise<PositionRow[][]> {
  const pages: PositionRow[][] = [];
  for (let after: string | null = null; ; ) {
    const rows = await listPositions(tx, tenantId, filter, { limit: MOST_PAGE_ITEMS, after });
    const page = rows.slice(0, MOST_PAGE_ITEMS);
    pages.push(page);
    if (rows.length <= MOST_PAGE_ITEMS) return pages;
    after = page.at(-1)?.nodeId ?? null;
  }
}

/** The file in pieces. The thread does other work after each. */
async function* csvOf(pages: PositionRow[][]): AsyncGenerator<string, void> {
  yield `${COLUMNS.join(',')}\r\n`;
  for (const rows of pages) {
    yield stringify(
      rows.map((row) => COLUMNS.map((column) => cellOf(row[column]))),
      { record_delimiter: 'windows' },
    );
    await nextTurn();
  }
}

function cellOf(value: string | number | null): string {
  return typeof value === 'string' ? guard(value) : String(value ?? '');
}

function idFilter(text: string | undefined): string | null | undefined {
  return text === undefined ? undefined : (parseGuid(text) ?? null);
}
