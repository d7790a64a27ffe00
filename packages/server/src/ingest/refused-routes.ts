import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { type Static, Type } from 'typebox';
import { callerOf } from '../auth/guard.ts';
import { CONFIG, DOCUMENTED } from '../auth/management.ts';
import { Page, PageQuery, readPage, wrongParameter } from '../http/bulk.ts';
import { parseInstant } from '../http/instants.ts';
import { problems } from '../http/schema.ts';
import type { Database } from '../store/connections/db.ts';
import {
  listRefusalReasons,
  listRefusedEvents,
  type RefusedEvent,
  type RefusedEventFilter,
  type RefusedEventPosition,
} from '../store/events/refused-event-lists.ts';
import { parseGuid } from '../store/values/guid.ts';

const ENDPOINTS = ['presence', 'occupancy', 'timeoff', 'visitor-arrival', 'access-credentials'] as const;

const RefusedEventView = Type.Object({
  refusedAt: Type.String({ format: 'date-time' }),
  endpoint: Type.String({ description: `the last part of the path: ${ENDPOINTS.join(', ')}` }),
  apiKey: Type.String({ description: 'id of the key that sent it' }),
  sourceId: Type.Union([Type.String(), Type.Null()]),
  eventId: Type.Union([Type.String(), Type.Null()]),
  resultCode: Type.Union([Type.Integer(), Type.Null()], {
    description: 'the code that the sender received; null where the whole request was malformed',
  }),
  reason: Type.String(),
  event: Type.Union([Type.String(), Type.Null()], {
    description: 'the event as it was sent, as JSON text; truncated if it was long',
  }),
});

const RefusalReasonRow = Type.Object({
  endpoint: Type.String(),
  resultCode: Type.Union([Type.Integer(), Type.Null()]),
  reason: Type.String(),
  count: Type.Integer(),
  firstRefusedAt: Type.String({ format: 'date-time' }),
  lastRefusedAt: Type.String({ format: 'date-time' }),
  lastSourceId: Type.Union([Type.String(), Type.Null()]),
  lastEventId: Type.Union([Type.String(), Type.Null()]),
});

const FILTER = {
  since: Type.Optional(
    Type.String({ description: 'only what was refused at this ISO 8601 instant or later' }),
  ),
  endpoint: Type.Optional(Type.String({ enum: [...ENDPOINTS] })),
  sourceId: Type.Optional(Type.String()),
  reason: Type.Optional(Type.String({ description: 'exactly this reason' })),
};
type Filter = Static<ReturnType<typeof Type.Object<typeof FILTER>>>;

const PROBLEMS = problems(400, 401, 403, 503);

/** Routes for the refused events of the last 30 days, as `rollcall events list` shows them. */
export const refusedRoutes: FastifyPluginAsyncTypebox<{ database: Database }> = async (app, { database }) => {
  app.addHook('onRequest', async (_request, reply) => {
    reply.header('cache-control', 'private, no-cache');
  });

  app.route({
    method: 'GET',
    url: '/v1/manage/refused-events',
    config: CONFIG,
    schema: {
      ...DOCUMENTED,
      summary: 'List refused events and malformed requests, the newest first',
      querystring: Type.Object({ ...FILTER, ...PageQuery }),
      response: { 200: Page(RefusedEventView), ...PROBLEMS },
    },
    handler: async (request) => {
      const { tenantId } = callerOf(request);
      const { limit } = readPage(request.query.limit === undefined ? {} : { limit: request.query.limit });
      const after = readPosition(request.query.after);
      const filter = readFilter(request.query);
      const rows = await database.inTenant(tenantId, (tx) =>
        listRefusedEvents(tx, tenantId, filter, { limit: limit + 1, after }),
      );
      const items = rows.slice(0, limit);
      const last = items.at(-1);
      return { items: items.map(toJson), next: rows.length > limit && last ? positionOf(last) : null };
    },
  });

  app.route({
    method: 'GET',
    url: '/v1/manage/refused-events/reasons',
    config: CONFIG,
    schema: {
      ...DOCUMENTED,
      summary: 'Count refused events by endpoint and reason, the commonest first',
      querystring: Type.Object({ ...FILTER, limit: PageQuery.limit }),
      response: { 200: Type.Object({ items: Type.Array(RefusalReasonRow) }), ...PROBLEMS },
    },
    handler: async (request) => {
      const { tenantId } = callerOf(request);
      const { limit } = readPage(request.query.limit === undefined ? {} : { limit: request.query.limit });
      const filter = readFilter(request.query);
      const rows = await database.inTenant(tenantId, (tx) => listRefusalReasons(tx, tenantId, filter, limit));
      return {
        items: rows.map((row) => ({
          ...row,
          firstRefusedAt: row.firstRefusedAt.toISOString(),
          lastRefusedAt: row.lastRefusedAt.toISOString(),
        })),
      };
    },
  });
};

function readFilter({ since, endpoint, sourceId, reason }: Filter): RefusedEventFilter {
  const sinceUs = since === undefined ? undefined : parseInstant(since);
  if (since !== undefined && sinceUs === undefined)
    throw wrongParameter('since', 'must be an ISO 8601 date and time that exists');
  for (const [name, text] of Object.entries({ sourceId, reason })) {
    if (text?.includes('\0')) throw wrongParameter(name, 'must not contain NUL');
  }
  return {
    // No refusal is older than 1970, and PostgreSQL has no instant before 4713 BC.
    since: sinceUs === undefined ? undefined : new Date(Math.max(0, sinceUs / 1_000)),
    endpoint,
    sourceId,
    reason,
  };
}

const POSITION = /^(\d{1,16})-([0-9a-f-]{36})$/;

/** The position after which the next page begins: milliseconds since the epoch, and the id. */
function positionOf({ refusedAt, refusalId }: RefusedEvent): string {
  return `${refusedAt.getTime()}-${refusalId}`;
}

function readPosition(after: string | undefined): RefusedEventPosition | undefined {
  if (after === undefined) return undefined;
  const [, ms, id = ''] = POSITION.exec(after) ?? [];
  const refusalId = parseGuid(id);
  const refusedAt = new Date(Number(ms));
  if (!refusalId || Number.isNaN(refusedAt.getTime()))
    throw wrongParameter('after', 'must be `next` of the previous page');
  return { refusedAt, refusalId };
}

function toJson({ refusalId: _, refusedAt, ...row }: RefusedEvent) {
  return { refusedAt: refusedAt.toISOString(), ...row };
}
