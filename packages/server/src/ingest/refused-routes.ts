import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { callerOf } from '../auth/guard.ts';
import { CONFIG, DOCUMENTED } from '../auth/management.ts';
import { Page, PageQuery, pageOf, readLimit } from '../http/bulk.ts';
import { HttpProblem } from '../http/errors.ts';
import { problems } from '../http/schema.ts';
import { positionText, readPosition } from '../http/time-position.ts';
import {
  listRefusalCauses,
  listRefusalReasons,
  listRefusedEvents,
  type RefusedEvent,
} from '../store/events/refused-event-lists.ts';
import type { RefusalCause } from './refusal-causes.ts';
import { cursorText, readCursor, readFilter } from './refused-filter.ts';
import {
  FILTER,
  RefusalCauseRow,
  RefusalReasonRow,
  RefusedEventView,
  RetryReply,
  RetryRequest,
  STATE,
} from './refused-schemas.ts';
import {
  MOST_RETRIED,
  type RetryDeps,
  type RetryResult,
  type RetryStep,
  retryRefusedEvents,
  whyNotTried,
} from './retry.ts';

const PROBLEMS = problems(400, 401, 403, 503);
const RETRY_PROBLEMS = problems(400, 401, 403, 404, 413, 415, 503);

interface RefusedRoutesOptions extends RetryDeps {
  /** Throws a 429 if the organisation of the caller may store no further events today. */
  requireQuota: (request: FastifyRequest) => Promise<void>;
}

/** Routes for the refused events of the last 30 days, as `rollcall events list` shows them. */
export const refusedRoutes: FastifyPluginAsyncTypebox<RefusedRoutesOptions> = async (app, options) => {
  const { database, requireQuota } = options;

  app.route({
    method: 'GET',
    url: '/v1/manage/refused-events',
    config: CONFIG,
    schema: {
      ...DOCUMENTED,
      summary: 'List refused events and malformed requests, the newest first',
      querystring: Type.Object({ ...FILTER, ...STATE, ...PageQuery }),
      response: { 200: Page(RefusedEventView), ...PROBLEMS },
    },
    handler: async (request) => {
      const { tenantId } = callerOf(request);
      const limit = readLimit(request.query.limit);
      const after = readPosition(request.query.after);
      const filter = readFilter(request.query);
      const rows = await database.inTenant(tenantId, (tx) =>
        listRefusedEvents(tx, tenantId, filter, { limit: limit + 1, after }),
      );
      const { items, next } = pageOf(rows, { limit }, ({ refusedAt, refusalId }) =>
        positionText({ at: refusedAt, id: refusalId }),
      );
      return { items: items.map(toJson), next };
    },
  });

  app.route({
    method: 'GET',
    url: '/v1/manage/refused-events/reasons',
    config: CONFIG,
    schema: {
      ...DOCUMENTED,
      summary: 'Count refused events by endpoint and reason, the commonest first',
      querystring: Type.Object({ ...FILTER, ...STATE, limit: PageQuery.limit }),
      response: { 200: Type.Object({ items: Type.Array(RefusalReasonRow) }), ...PROBLEMS },
    },
    handler: async (request) => {
      const { tenantId } = callerOf(request);
      const limit = readLimit(request.query.limit);
      const filter = readFilter(request.query);
      const rows = await database.inTenant(tenantId, (tx) => listRefusalReasons(tx, tenantId, filter, limit));
      return { items: rows.map(countsToJson) };
    },
  });

  app.route({
    method: 'GET',
    url: '/v1/manage/refused-events/causes',
    config: CONFIG,
    schema: {
      ...DOCUMENTED,
      summary: 'Count refused events by cause, the commonest first',
      querystring: Type.Object({ ...FILTER, ...STATE }),
      response: { 200: Type.Object({ items: Type.Array(RefusalCauseRow) }), ...PROBLEMS },
    },
    handler: async (request) => {
      const { tenantId } = callerOf(request);
      const filter = readFilter(request.query);
      const rows = await database.inTenant(tenantId, (tx) => listRefusalCauses(tx, tenantId, filter));
      return { items: rows.map(countsToJson) };
    },
  });

  app.route({
    method: 'POST',
    url: '/v1/manage/refused-events/retry',
    config: CONFIG,
    onRequest: requireQuota,
    schema: {
      ...DOCUMENTED,
      summary: 'Try refused events again, the oldest first, in steps',
      description:
        'Each event goes the way of a new one, on behalf of the key that sent it, which must still be valid. Stored events are marked as mended. Call it again with `after` until `next` is null.',
      body: RetryRequest,
      response: { 200: RetryReply, ...RETRY_PROBLEMS },
    },
    handler: async (request) => {
      const { tenantId, name: by } = callerOf(request);
      const { after, limit = MOST_RETRIED, ...rest } = request.body;
      const filter = readFilter(rest);
      const cursor = readCursor(after);
      const step = await retryRefusedEvents(
        { tenantId, by, filter, cursor, limit },
        { ...options, log: request.log },
      );
      if (step.results.length > 0) {
        const { mended, refused, skipped } = stepToJson(step);
        const metadata = { mended, refused, skipped, complete: true };
        request.server.audit.note(request, 'events.retried', { metadata });
      }
      if (step.results.length > 0 || filter.refusalId === undefined || cursor) return stepToJson(step);
      const result = await whyNotTried(tenantId, filter.refusalId, options);
      if (!result) throw new HttpProblem(404, 'There is no refused event with this refusalId.');
      return stepToJson({ ...step, results: [result] });
    },
  });
};

function stepToJson({ results, remaining, next }: RetryStep) {
  const count = (wanted: RetryResult['result']) => results.filter(({ result }) => result === wanted).length;
  return {
    mended: count('mended'),
    refused: count('refused'),
    skipped: count('skipped'),
    remaining,
    next: next ? cursorText(next) : null,
    results,
  };
}

function countsToJson<Row extends { cause: string | null; firstRefusedAt: Date; lastRefusedAt: Date }>(
  row: Row,
) {
  return {
    ...row,
    cause: row.cause as RefusalCause | null,
    firstRefusedAt: row.firstRefusedAt.toISOString(),
    lastRefusedAt: row.lastRefusedAt.toISOString(),
  };
}

function toJson({ refusedAt, triedAt, cause, ...row }: RefusedEvent) {
  return {
    ...row,
    cause: cause as RefusalCause | null,
    refusedAt: refusedAt.toISOString(),
    triedAt: triedAt?.toISOString() ?? null,
  };
}
