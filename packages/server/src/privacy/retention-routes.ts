import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { type Static, Type } from 'typebox';
import { callerOf } from '../auth/guard.ts';
import { CONFIG, DOCUMENTED } from '../auth/management.ts';
import { type FieldError, HttpProblem } from '../http/errors.ts';
import { etagOf, requireMatch } from '../http/etag.ts';
import { callerFields } from '../http/logging.ts';
import { problems } from '../http/schema.ts';
import { inTenantWithRetries } from '../store/connections/conflict.ts';
import type { Database, Tx } from '../store/connections/db.ts';
import { lockDirectory } from '../store/connections/directory-lock.ts';
import {
  RETENTION,
  RETENTION_KINDS,
  type RetentionKindName,
  retentionFault,
  retentionKind,
} from '../store/privacy/retention-kinds.ts';
import {
  AUDIT_KEPT_BY_DEFAULT,
  AUDIT_TITLE,
  type Retention,
  readAuditRetention,
  readRetention,
  setRetention,
} from '../store/privacy/retention-settings.ts';
import { PERIOD_PATTERN, type Period } from '../store/values/period.ts';
import { effectsOf } from './retention-effects.ts';

export interface RetentionRoutesOptions {
  database: Database;
  /** Milliseconds since the epoch. */
  clock: () => number;
}

const URL = '/v1/manage/retention';
const Kept = Type.Union([Type.String({ pattern: PERIOD_PATTERN }), Type.Null()], {
  description: 'whole months or days, as an ISO 8601 duration: P13M, P90D; null: without limit',
});
const Kind = Type.Enum(RETENTION_KINDS);

const Item = Type.Object({
  kind: Kind,
  title: Type.String({ description: 'what it is' }),
  kept: Kept,
  byDefault: Kept,
  shortestDays: Type.Integer({
    description: 'the shortest retention that may be set; a month counts 31 days',
  }),
  longestDays: Type.Union([Type.Integer(), Type.Null()], {
    description: 'the longest one; null: there need not be a limit',
  }),
});
const Settings = Type.Object({
  items: Type.Array(Item),
  readOnly: Type.Array(
    Type.Object({
      kind: Type.Literal('audit'),
      title: Type.String({ description: 'what it is' }),
      kept: Kept,
      byDefault: Kept,
    }),
    { description: 'what only the operator of the server sets' },
  ),
});
type Settings = Static<typeof Settings>;

const Change = Type.Object(
  Object.fromEntries(RETENTION_KINDS.map((kind) => [kind, Type.Optional(Kept)])) as Record<
    RetentionKindName,
    ReturnType<typeof Type.Optional<typeof Kept>>
  >,
  { minProperties: 1 },
);
type Change = Static<typeof Change>;

const Effects = Type.Object({
  items: Type.Array(
    Type.Object({
      kind: Kind,
      firstKeptDay: Type.Union([Type.String(), Type.Null()], {
        description: 'YYYY-MM-DD; rows of earlier days would be removed. Null: none would be',
      }),
      months: Type.Array(
        Type.Object({
          month: Type.String({ description: 'YYYY-MM' }),
          rows: Type.Integer(),
          isMore: Type.Boolean({ description: 'there are more rows than that' }),
        }),
        { description: 'the rows that would be removed, the oldest month first' },
      ),
      isComplete: Type.Boolean({
        description: 'false: later months were not counted, because it took too long',
      }),
    }),
  ),
});

/** How long the organisation keeps each kind of data. */
export const retentionRoutes: FastifyPluginAsyncTypebox<RetentionRoutesOptions> = async (
  app,
  { database, clock },
) => {
  app.route({
    method: 'GET',
    url: URL,
    config: CONFIG,
    schema: {
      ...DOCUMENTED,
      summary: 'Read how long each kind of data is kept',
      response: { 200: Settings, ...problems(401, 403, 503) },
    },
    handler: async (request, reply) => {
      const { tenantId } = callerOf(request);
      const settings = await database.inTenant(tenantId, (tx) => readShown(tx, tenantId));
      reply.header('etag', etagOf(settings));
      return settings;
    },
  });

  app.route({
    method: 'PATCH',
    url: URL,
    config: CONFIG,
    schema: {
      ...DOCUMENTED,
      summary: 'Change how long kinds of data are kept',
      description:
        'Kinds that the body does not name stay as they are. The job `retention` removes rows whose retention has ended; ' +
        'nothing brings them back. POST /v1/manage/retention/effects says first how many that are. With the header If-Match ' +
        'and the ETag of the settings, the server changes only that version.',
      headers: Type.Object({
        'if-match': Type.Optional(Type.String({ description: 'the ETag of the settings' })),
      }),
      body: Change,
      response: { 200: Settings, ...problems(400, 401, 403, 412, 413, 415, 503) },
    },
    handler: async (request, reply) => {
      const caller = callerOf(request);
      const { tenantId } = caller;
      const change = readChange(request.body);
      const settings = await inTenantWithRetries(database, tenantId, async (tx) => {
        // The settings must not change between the comparison of their version and the change.
        await lockDirectory(tx, tenantId);
        requireMatch(request, etagOf(await readShown(tx, tenantId)));
        await setRetention(tx, tenantId, change);
        await app.audit.add(tx, request, 'settings.changed', {
          metadata: { of: 'retention', locationId: null, members: Object.keys(change) },
        });
        return readShown(tx, tenantId);
      });
      request.log.info({ ...callerFields(caller), retention: change }, 'the retention was changed');
      reply.header('etag', etagOf(settings));
      return settings;
    },
  });

  app.route({
    method: 'POST',
    url: `${URL}/effects`,
    config: CONFIG,
    schema: {
      ...DOCUMENTED,
      summary: 'Count what a change of the retention would remove',
      description:
        'The same body as for the change. Nothing is changed. The count of a month ends at 200,000 rows of a table, and the ' +
        'whole count after some seconds.',
      body: Change,
      response: { 200: Effects, ...problems(400, 401, 403, 413, 415, 503) },
    },
    handler: async (request) => {
      const { tenantId } = callerOf(request);
      return { items: await effectsOf({ database, clock }, tenantId, readChange(request.body)) };
    },
  });
};

async function readShown(tx: Tx, tenantId: string): Promise<Settings> {
  const retention = await readRetention(tx, tenantId);
  const audit = await readAuditRetention(tx, tenantId);
  return {
    items: RETENTION_KINDS.map((kind) => {
      const { title, byDefault, shortestDays, longestDays = null } = retentionKind(kind);
      return { kind, title, kept: retention[kind], byDefault, shortestDays, longestDays };
    }),
    readOnly: [{ kind: 'audit', title: AUDIT_TITLE, kept: audit, byDefault: AUDIT_KEPT_BY_DEFAULT }],
  };
}

/** Throws a 400 that names the kinds that would be kept for too short or too long. */
function readChange(body: Change): Partial<Retention> {
  const given = Object.entries(body).filter(([kind]) => Object.hasOwn(RETENTION, kind)) as [
    RetentionKindName,
    string | null,
  ][];
  if (given.length === 0)
    throw new HttpProblem(400, `Nothing was changed: name one of ${RETENTION_KINDS.join(', ')}.`);
  const errors = given.flatMap(([kind, kept]): FieldError[] => {
    const message = retentionFault(kind, kept);
    return message === undefined ? [] : [{ path: kind, message }];
  });
  if (errors.length > 0) {
    const detail = errors.map(({ path, message }) => `${path} ${message}`).join('; ');
    throw new HttpProblem(400, `Nothing was changed: ${detail}.`, { errors });
  }
  return Object.fromEntries(given) as Partial<Record<RetentionKindName, Period | null>>;
}
