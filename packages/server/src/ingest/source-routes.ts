import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { type Static, Type } from 'typebox';
import { callerOf } from '../auth/guard.ts';
import { CONFIG, DOCUMENTED } from '../auth/management.ts';
import { Page, PageQuery, pageOf, readLimit, wrongParameter } from '../http/bulk.ts';
import { problems } from '../http/schema.ts';
import type { Database } from '../store/connections/db.ts';
import {
  listSources,
  SOURCE_HABIT,
  type Source,
  type SourceKey,
  type SourceWindow,
} from '../store/events/source-lists.ts';

const HOUR_MS = 3_600_000;
const HOURS = 48;
export const SOURCE_DAYS = SOURCE_HABIT.days;
const { weeks, usualIn, missedHours: MISSED_HOURS, leastEvents: LEAST_EVENTS } = SOURCE_HABIT;

const Counts = (description: string) => Type.Array(Type.Integer({ minimum: 0 }), { description });
const Instant = Type.String({ format: 'date-time' });

const SourceView = Type.Object({
  endpoint: Type.String({ description: 'the last part of the path to which it sends' }),
  sourceId: Type.Union([Type.String(), Type.Null()], {
    description: 'null for endpoints whose requests name no source',
  }),
  firstEventAt: Instant,
  lastEventAt: Type.String({ format: 'date-time', description: 'the last event, accepted or refused' }),
  quiet: Type.Boolean({
    description: `the source is silent in at least ${MISSED_HOURS} whole hours in which it sent something in ${usualIn} of the ${weeks} weeks before`,
  }),
  missedHours: Type.Integer({
    description: 'how many such hours have passed since its last event; of the first seven days only',
  }),
  hours: Type.Object({
    from: Type.String({ format: 'date-time', description: 'the first hour' }),
    accepted: Counts(`by hour of UTC, ${HOURS} hours`),
    refused: Counts('as accepted'),
  }),
  days: Type.Object({
    from: Type.String({ format: 'date', description: 'the first day' }),
    accepted: Counts(`by day of the organisation's time zone, ${SOURCE_DAYS} days`),
    refused: Counts('as accepted'),
  }),
});

/** The route for sources of events. */
export const sourceRoutes: FastifyPluginAsyncTypebox<{ database: Database; clock: () => number }> = async (
  app,
  { database, clock },
) => {
  app.route({
    method: 'GET',
    url: '/v1/manage/sources',
    config: CONFIG,
    schema: {
      ...DOCUMENTED,
      summary: 'List the sources of events, with their last event, counts, and whether they are quiet',
      description:
        'A source is a sourceId at an endpoint. Counts are a few seconds late, and so are the last refused event, time off and cards. Other last events are exact. A repeated event counts again.',
      querystring: Type.Object(PageQuery),
      response: { 200: Page(SourceView), ...problems(400, 401, 403, 503) },
    },
    handler: async (request) => {
      const { tenantId } = callerOf(request);
      const limit = readLimit(request.query.limit);
      const after = readKey(request.query.after);
      const window = windowAt(clock());
      const sources = await database.inTenant(tenantId, (tx) =>
        listSources(tx, tenantId, window, { limit: limit + 1, after }),
      );
      const { items, next } = pageOf(sources, { limit }, keyText);
      return { items: items.map((source) => toView(source, window)), next };
    },
  });
};

/** The times of a list at this moment. */
function windowAt(nowMs: number): SourceWindow {
  const hourMs = nowMs - (nowMs % HOUR_MS);
  return {
    now: new Date(nowMs),
    hoursFrom: new Date(hourMs - (HOURS - 1) * HOUR_MS),
    hours: HOURS,
    days: SOURCE_DAYS,
    weeks,
    usualIn,
  };
}

function toView(source: Source, { hoursFrom }: SourceWindow): Static<typeof SourceView> {
  const { endpoint, sourceId, firstEventAt, lastEventAt, missedHours, eventsBefore } = source;
  return {
    endpoint,
    sourceId: sourceId === '' ? null : sourceId,
    firstEventAt: firstEventAt.toISOString(),
    lastEventAt: lastEventAt.toISOString(),
    quiet: eventsBefore >= LEAST_EVENTS && missedHours >= MISSED_HOURS,
    missedHours,
    hours: {
      from: hoursFrom.toISOString(),
      accepted: source.acceptedByHour,
      refused: source.refusedByHour,
    },
    days: { from: source.daysFrom, accepted: source.acceptedByDay, refused: source.refusedByDay },
  };
}

function keyText({ endpoint, sourceId }: SourceKey): string {
  return Buffer.from(JSON.stringify([endpoint, sourceId])).toString('base64url');
}

function readKey(after: string | undefined): SourceKey | undefined {
  if (after === undefined) return undefined;
  try {
    const [endpoint, sourceId] = JSON.parse(Buffer.from(after, 'base64url').toString()) as unknown[];
    if (isStorable(endpoint) && isStorable(sourceId)) return { endpoint, sourceId };
  } catch {
    // It is no `next` of this list.
  }
  throw wrongParameter('after', 'must be `next` of the previous page');
}

function isStorable(value: unknown): value is string {
  return typeof value === 'string' && value.isWellFormed() && !value.includes('\0');
}
