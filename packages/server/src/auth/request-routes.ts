import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { Page, PageQuery, pageOf, readLimit, wrongParameter } from '../http/bulk.ts';
import { REFUSALS } from '../http/errors.ts';
import { OrNull, problems } from '../http/schema.ts';
import { positionText, readPosition } from '../http/time-position.ts';
import type { Database } from '../store/connections/db.ts';
import { listAnsweredRequests } from '../store/events/answered-requests.ts';
import { foldApiKey } from './credentials.ts';
import { callerOf } from './guard.ts';
import { CONFIG, DOCUMENTED } from './management.ts';

const Bytes = Type.Union([Type.Integer(), Type.Null()], {
  description: 'by the header Content-Length; null if there was none',
});

const RequestView = Type.Object({
  requestId: Type.String(),
  answeredAt: Type.String({ format: 'date-time' }),
  method: Type.String(),
  route: Type.String({ description: 'the pattern of the route, such as /v1/manage/users/:userId' }),
  status: Type.Integer(),
  caller: Type.Union([Type.String(), Type.Null()], {
    description: 'id of the key or of the SCIM token; null for a person',
  }),
  refusal: OrNull(
    Type.String({ enum: [...REFUSALS] }),
    'the rule that refused it with 403: the role of the caller, or the networks or offices of the key; null if none did',
  ),
  durationMs: Type.Number(),
  requestBytes: Bytes,
  responseBytes: Bytes,
  correlationId: Type.String(),
  further: Type.Integer({
    description: 'further requests of the same seconds with this method, route, status, refusal and caller',
  }),
});

/** The route for the answered requests of the last day. */
export const requestRoutes: FastifyPluginAsyncTypebox<{ database: Database }> = async (app, { database }) => {
  app.route({
    method: 'GET',
    url: '/v1/manage/requests',
    config: CONFIG,
    schema: {
      ...DOCUMENTED,
      summary: 'List answered requests of the last 24 hours, the newest first',
      description:
        'Without personal data: no path, no query, no body, and no person. Of successes that are alike, the server lists three in five seconds, and counts the others in `further`. Requests of callers that are not authenticated are missing.',
      querystring: Type.Object({
        failed: Type.Optional(
          Type.String({ enum: ['true', 'false'], description: 'true: only with a status of 400 or more' }),
        ),
        route: Type.Optional(Type.String()),
        caller: Type.Optional(Type.String()),
        correlationId: Type.Optional(Type.String()),
        ...PageQuery,
      }),
      response: { 200: Page(RequestView), ...problems(400, 401, 403, 503) },
    },
    handler: async (request) => {
      const { tenantId } = callerOf(request);
      const { failed, route, caller, correlationId } = request.query;
      const limit = readLimit(request.query.limit);
      const after = readPosition(request.query.after);
      for (const [name, text] of Object.entries({ route, caller, correlationId }))
        if (text?.includes('\0')) throw wrongParameter(name, 'must not contain NUL');
      const filter = {
        failed: failed === undefined ? undefined : failed === 'true',
        route,
        caller: caller === undefined ? undefined : foldApiKey(caller),
        correlationId,
      };
      const rows = await database.inTenant(tenantId, (tx) =>
        listAnsweredRequests(tx, tenantId, filter, { limit: limit + 1, after }),
      );
      const { items, next } = pageOf(rows, { limit }, ({ answeredAt, requestId }) =>
        positionText({ at: answeredAt, id: requestId }),
      );
      return {
        items: items.map(({ answeredAt, ...row }) => ({ ...row, answeredAt: answeredAt.toISOString() })),
        next,
      };
    },
  });
};
