import { Readable } from 'node:stream';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type TSchema, Type } from 'typebox';
import { type Access, callerOf } from '../auth/guard.ts';
import { parseGuid } from '../http/guid.ts';
import { problems } from '../http/schema.ts';
import type { ExportQuery } from '../store/datasets.ts';
import type { Database } from '../store/db.ts';
import { type Dataset, datasets } from './datasets.ts';
import { parseWindow } from './window.ts';

export interface WarehouseRoutesOptions {
  database: Database;
}

const READERS = ['data-warehouse', 'all'] as const;

/** GET /v1/analytics/… and the `/basic` twin of each, all from the registry. */
export const warehouseRoutes: FastifyPluginAsyncTypebox<WarehouseRoutesOptions> = async (
  app,
  { database },
) => {
  for (const dataset of datasets) {
    const row = rowSchema(dataset);
    for (const [suffix, scheme] of [
      ['', 'bearer'],
      ['/basic', 'basic'],
    ] as const) {
      app.route({
        method: 'GET',
        url: `/v1/analytics/${dataset.path}${suffix}`,
        config: { access: { scheme, roles: READERS } satisfies Access },
        schema: {
          tags: ['Warehouse'],
          summary: dataset.summary,
          security: [{ [scheme]: [] }],
          querystring: querySchema(dataset),
          response: { 200: Type.Array(row), ...problems(400, 401, 403, 503) },
        },
        handler: async (request, reply) => sendRows(dataset, { ...row }, database, request, reply),
      });
    }
  }
};

const FILTERS = {
  dates: {
    startDate: Type.String({
      description: 'first day: YYYYMMDD, YYYY-MM-DD or an ISO instant, of which the date counts',
    }),
    endDate: Type.String({ description: 'last day, inclusive; at most 31 dates in all' }),
  },
  locationIds: {
    locationIds: Type.Optional(Type.String({ description: 'comma list; any node, with all beneath it' })),
  },
  userIds: { userIds: Type.Optional(Type.String({ description: 'comma list' })) },
} satisfies Record<Dataset['filters'][number], Record<string, TSchema>>;

function querySchema(dataset: Dataset) {
  return Type.Object(
    Object.assign({}, ...dataset.filters.map((filter) => FILTERS[filter])) as Record<string, TSchema>,
  );
}

function rowSchema(dataset: Dataset) {
  const members = Object.entries(dataset.columns).map(([name, { schema, provenance, optional }]) => {
    const documented = { ...schema, 'x-provenance': provenance };
    return [name, optional ? Type.Optional(documented) : documented] as const;
  });
  return Type.Object(Object.fromEntries(members) as Record<string, TSchema>);
}

async function sendRows(
  dataset: Dataset,
  row: Record<string, unknown>,
  database: Database,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const query = readQuery(dataset, callerOf(request).tenantId, request.query as Record<string, string>);
  const serialize: RowSerializer = reply.compileSerializationSchema(row);
  const chunks = toJsonArray(
    dataset,
    database.stream(query.tenantId, (tx) => dataset.read(tx, query)),
    serialize,
  );
  // Whatever fails before the first rows are there is still an ordinary error answer.
  const first = await chunks.next();
  return reply
    .header('cache-control', 'private, no-cache')
    .type('application/json; charset=utf-8')
    .send(Readable.from(resume(first, chunks), { objectMode: false }));
}

function readQuery(dataset: Dataset, tenantId: string, parameters: Record<string, string>): ExportQuery {
  const { startDate = '', endDate = '', locationIds, userIds } = parameters;
  return {
    tenantId,
    window: dataset.filters.includes('dates') ? parseWindow(startDate, endDate) : { from: '', before: '' },
    locationIds: idList(locationIds),
    userIds: idList(userIds),
  };
}

/** The GUIDs of a comma list; any other text is an unknown id and selects nothing. Empty: not given. */
function idList(list: string | undefined): string[] | undefined {
  if (!list) return undefined;
  return list.split(',').flatMap((id) => parseGuid(id.trim()) ?? []);
}

type RowSerializer = (row: Record<string, unknown>) => string;

/** A JSON array in pieces, one for each batch of rows. */
async function* toJsonArray(
  dataset: Dataset,
  batches: AsyncIterable<Record<string, unknown>[]>,
  serialize: RowSerializer,
): AsyncGenerator<string, void> {
  const optional = Object.keys(dataset.columns).filter((name) => dataset.columns[name]?.optional);
  let opening = '[';
  for await (const rows of batches) {
    const texts = rows.map((row) => serialize(withoutUnknown(row, optional)));
    yield opening + texts.join(',');
    opening = ',';
  }
  yield opening === '[' ? '[]' : ']';
}

function withoutUnknown(row: Record<string, unknown>, optional: string[]): Record<string, unknown> {
  for (const name of optional) if (row[name] === null) row[name] = undefined;
  return row;
}

/**
 * The whole of an iteration whose first step is taken already. No generator: one that was never started ends
 * without its `finally`, and a client that hung up by now would keep its export connection for good.
 */
function resume<T>(
  first: IteratorResult<T, void>,
  rest: AsyncGenerator<T, void>,
): AsyncIterableIterator<T, void> {
  let taken: IteratorResult<T, void> | undefined = first;
  return {
    async next() {
      const result = taken;
      taken = undefined;
      return result ?? rest.next();
    },
    return: () => rest.return(),
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
