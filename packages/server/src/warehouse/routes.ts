import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyBaseLogger, FastifyReply, FastifyRequest } from 'fastify';
import { type TSchema, Type } from 'typebox';
import { type Access, callerOf } from '../auth/guard.ts';
import { CODINGS, compress } from '../http/compression.ts';
import { isKnown } from '../http/etag.ts';
import { idList } from '../http/guid.ts';
import type { Monitor } from '../http/monitoring/monitor.ts';
import { preferredCoding, preferredRange } from '../http/negotiation.ts';
import { CommaList } from '../http/query-parameters.ts';
import { problems } from '../http/schema.ts';
import type { Transfers } from '../http/transfers.ts';
import { LONGEST_WINDOW_DAYS } from '../http/window.ts';
import type { ApiKeyRole } from '../store/auth/api-keys.ts';
import type { Database } from '../store/connections/db.ts';
import { VERSION } from '../store/release.ts';
import { ALL_DAYS } from '../store/values/day-window.ts';
import { parseGuid } from '../store/values/guid.ts';
import { METRIC_PERIODS } from '../store/warehouse/metrics.ts';
import type { ExportQuery } from '../store/warehouse/query.ts';
import { type ReadObserver, WarehouseReads } from '../store/warehouse/warehouse-reads.ts';
import type { AggregateKeeper } from './aggregates.ts';
import { auditRead, readActions } from './audit-read.ts';
import { scopeOf, withinScope } from './caller-scope.ts';
import { encodeCursor } from './cursor.ts';
import type { Dataset } from './dataset.ts';
import { datasets } from './datasets.ts';
import type { Format } from './format.ts';
import { formats } from './formats.ts';
import {
  changedColumns,
  cursorOf,
  describeChanges,
  INCREMENT_HEADERS,
  INCREMENT_QUERY,
  type Increment,
  linkTo,
  readExportWindow,
  readIncrement,
  removalsOf,
  takePage,
} from './increments.ts';
import { metricsFilters, readMetricsQuery, readUsageQuery, usageFilters } from './metrics-query.ts';
import { possibleDays } from './periods.ts';
import { rowSchema } from './row-schema.ts';

export interface WarehouseRoutesOptions {
  database: Database;
  /** Milliseconds since the epoch. */
  clock: () => number;
  /** The URL at which clients reach this server; undefined if it is not configured. */
  publicUrl: string | undefined;
  transfers: Transfers;
  aggregates: AggregateKeeper;
  log: FastifyBaseLogger;
  monitor?: Pick<Monitor, keyof ReadObserver | 'noteCursor' | 'noteRows'> | undefined;
}

type WarehouseDeps = WarehouseRoutesOptions & { reads: WarehouseReads };

const ROWS_PER_BATCH = 250;
const READERS = ['data-warehouse', 'all'] as const;
const ADMINISTRATORS = ['all'] as const;
const READERS_OF_STATISTICS = ['data-warehouse', 'statistics', 'all'] as const;

/** GET /v1/analytics/… for each dataset, each also under `/basic`. */
export const warehouseRoutes: FastifyPluginAsyncTypebox<WarehouseRoutesOptions> = async (app, options) => {
  const reads = new WarehouseReads(options.database, { log: options.log, observer: options.monitor });
  for (const dataset of datasets) {
    const row = rowSchema(dataset);
    const { ofOffices } = dataset;
    const roles = rolesOf(dataset);
    for (const [suffix, scheme] of [
      ['', 'bearer'],
      ['/basic', 'basic'],
    ] as const) {
      app.route({
        method: 'GET',
        url: `/v1/analytics/${dataset.path}${suffix}`,
        config: { access: { scheme, roles, ofOffices } satisfies Access },
        schema: {
          tags: ['Warehouse'],
          summary: dataset.summary,
          description: [dataset.description, describeChanges(dataset)].filter(Boolean).join(' '),
          security: [{ [scheme]: [] }],
          querystring: querySchema(dataset),
          response: {
            200: answerSchema(row),
            ...unchangedSchema(dataset),
            ...problems(400, 401, 403, 410, 503),
          },
        },
        handler: async (request, reply) => sendRows(dataset, { ...options, reads }, request, reply),
      });
    }
  }
};

function rolesOf({ ofStatistics, ofAdministrators }: Dataset): readonly ApiKeyRole[] {
  if (ofAdministrators) return ADMINISTRATORS;
  return ofStatistics ? READERS_OF_STATISTICS : READERS;
}

/** The parameters of both dates. A dataset with changes allows a call without them, with `changedSince`. */
function datesSchema({ longestWindowDays = LONGEST_WINDOW_DAYS, key }: Dataset) {
  const unless = key ? '; required, unless changedSince is given' : '';
  const startDate = Type.String({
    description: `first day: YYYYMMDD, YYYY-MM-DD or an ISO instant, whose date counts${unless}`,
  });
  const endDate = Type.String({
    description: `last day, inclusive; at most ${longestWindowDays} dates in all${unless}`,
  });
  return key
    ? { startDate: Type.Optional(startDate), endDate: Type.Optional(endDate) }
    : { startDate, endDate };
}

const FILTERS = {
  locationId: {
    locationId: Type.Optional(
      Type.String({
        description:
          'one office: rows with that attendanceLocationId, and rows without one of users with that primary ' +
          'location. Calls for all offices return every row exactly once, except rows that have neither',
      }),
    ),
  },
  locationIds: {
    locationIds: Type.Optional(
      CommaList({ description: 'comma-separated ids of nodes, each with all nodes beneath it' }),
    ),
  },
  userIds: { userIds: Type.Optional(CommaList({ description: 'comma-separated ids' })) },
  actions: {
    actions: Type.Optional(CommaList({ description: 'comma-separated actions of docs/audit.md' })),
  },
} satisfies Record<string, Record<string, TSchema>>;

function filterSchema(filter: Dataset['filters'][number], dataset: Dataset): Record<string, TSchema> {
  const { periods = METRIC_PERIODS } = dataset;
  if (filter === 'dates') return datesSchema(dataset);
  if (filter === 'metrics') return metricsFilters(periods);
  if (filter === 'usage') return usageFilters(periods);
  return FILTERS[filter];
}

const FORMAT = {
  format: Type.Optional(
    Type.String({
      enum: formats.map(({ name }) => name),
      description:
        'takes precedence over Accept. Accept counts if its preferred range names a media type of a format; else json',
    }),
  ),
};

function querySchema(dataset: Dataset) {
  return Type.Object(
    Object.assign(
      {},
      ...dataset.filters.map((filter) => filterSchema(filter, dataset)),
      dataset.key ? INCREMENT_QUERY : {},
      FORMAT,
    ) as Record<string, TSchema>,
  );
}

function answerSchema(row: TSchema) {
  return {
    description: 'All requested rows. A transfer that breaks off is incomplete.',
    headers: INCREMENT_HEADERS,
    content: Object.fromEntries(
      formats.map(({ mediaType, describe }) => [mediaType, { schema: describe(row) }] as const),
    ),
  };
}

function unchangedSchema(dataset: Dataset) {
  return dataset.fingerprint
    ? { 304: { description: 'If-None-Match contains the ETag of the answer.' } }
    : {};
}

async function sendRows(
  dataset: Dataset,
  { database, reads, clock, publicUrl, transfers, aggregates, monitor }: WarehouseDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const parameters = request.query as Record<string, string | undefined>;
  const increment = readIncrement(parameters, dataset);
  const { changes, page } = increment;
  const caller = callerOf(request);
  const query: ExportQuery = {
    tenantId: caller.tenantId,
    now: new Date(clock()),
    ...readFilters(dataset, parameters, increment),
    changes,
    page: page && { rows: page.limit + 1, after: page.after },
  };
  if (changes) monitor?.noteCursor(query.now.getTime() - changes.at.getTime());
  const format = chooseFormat(parameters.format, request.headers.accept);
  const coding = format.isCompressed
    ? undefined
    : preferredCoding(request.headers['accept-encoding'], CODINGS);
  const isHead = request.method === 'HEAD';
  let cursor: string | undefined;
  let link: string | undefined;
  let etag: string | undefined;
  const isUnchanged = () => etag !== undefined && isKnown(request.headers['if-none-match'], etag);
  // A page is bounded, and a HEAD reads no rows.
  const kind = dataset.isShort || page || isHead ? 'lists' : 'exports';
  const transfer = await transfers.begin({ kind, tenantId: query.tenantId }, request, reply);
  const needed = isHead ? undefined : dataset.aggregated?.(query);
  const aggregated = needed && possibleDays(needed, query.now);
  if (aggregated) await aggregates.refresh(query.tenantId, aggregated);
  const { tenantId } = query;
  const cursors = [changes, page?.cursor].filter((each) => each !== undefined);
  const batches = reads.stream({ kind, tenantId, seen: cursors }, async function* (tx, source) {
    link = undefined;
    const seen = await cursorOf(tx, database, increment, {
      now: query.now,
      keptFrom: dataset.keptFrom,
      scope: scopeOf(caller),
      source,
    });
    cursor = encodeCursor(seen);
    const scoped = await withinScope(tx, query, caller);
    const fingerprint = changes || page ? undefined : await dataset.fingerprint?.(tx, scoped);
    if (fingerprint !== undefined)
      etag = toEtag(VERSION, dataset.path, fingerprint, format.name, coding ?? '');
    // A HEAD, and a client that has the rows already, need no rows.
    if (isHead || isUnchanged()) return;
    // The first page has them, so that a client deletes before it stores.
    const removals = page?.after ? [] : await removalsOf(tx, dataset, scoped);
    const rows = dataset.read(tx, scoped);
    if (!page) {
      if (removals.length > 0) yield removals;
      return yield* rows;
    }
    const { rows: taken, next } = await takePage(rows, page.limit);
    if (next) link = linkTo({ after: next, cursor: seen }, request, publicUrl);
    if (removals.length > 0) yield removals;
    // The rows of a batch are encoded without a pause, during which no other request runs. So batches are small.
    for (let from = 0; from < taken.length; from += ROWS_PER_BATCH)
      yield taken.slice(from, from + ROWS_PER_BATCH);
  });
  const counted = auditRead(dataset, { query, format: format.name, monitor }, request, reply);
  const pieces = format.encode(
    changes ? changedColumns(dataset) : dataset.columns,
    transfer.reading(counted(batches)),
  );
  const body = coding ? compress(pieces, coding) : pieces;
  // A failure before the first rows is still an ordinary error answer, without a format or coding.
  const first = await body.next();
  reply.header('vary', 'Accept, Accept-Encoding');
  reply.header('rollcall-cursor', cursor);
  if (link) reply.header('link', link);
  if (etag) reply.header('etag', etag);
  if (isUnchanged()) reply.code(304);
  else reply.type(format.contentType);
  if (coding && !isUnchanged()) reply.header('content-encoding', coding);
  if (!isHead && !isUnchanged()) {
    return reply.send(Readable.from(transfer.body(first, body), { objectMode: false }));
  }
  await body.return();
  return reply.send();
}

/** A strong entity tag from all parts that distinguish a representation. */
function toEtag(...parts: string[]): string {
  return `"${createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 27)}"`;
}

function chooseFormat(name: string | undefined, accept: string | undefined): Format {
  const range = preferredRange(accept);
  const isChosen = (format: Format) =>
    name === undefined ? format.mediaType === range : format.name === name;
  return formats.find(isChosen) ?? formats[0];
}

function readFilters(
  dataset: Dataset,
  parameters: Record<string, string | undefined>,
  increment: Increment,
): Omit<ExportQuery, 'tenantId' | 'now' | 'changes' | 'page'> {
  const { locationId, locationIds, userIds, actions } = parameters;
  const { filters, periods = METRIC_PERIODS } = dataset;
  return {
    window: filters.includes('dates') ? readExportWindow(dataset, parameters, increment) : ALL_DAYS,
    locationId: locationId === undefined ? undefined : (parseGuid(locationId.trim()) ?? null),
    locationIds: idList(locationIds),
    userIds: idList(userIds),
    actions: readActions(actions),
    metrics: filters.includes('metrics') ? readMetricsQuery(parameters, periods) : undefined,
    usage: filters.includes('usage') ? readUsageQuery(parameters, periods) : undefined,
  };
}
