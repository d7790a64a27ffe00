import type { FastifyInstance, FastifyRequest, preSerializationHookHandler } from 'fastify';
import { parseGuid } from '../../store/values/guid.ts';
import { MOST_TARGETS } from './entry.ts';

/** The operations that show one person, each with the parameter of its path that names the person. */
export const PERSON_VIEWS: Readonly<Record<string, 'userId' | 'id'>> = {
  'GET /v1/manage/users/:userId': 'userId',
  'GET /v1/manage/users/:userId/week-plan': 'userId',
  'GET /v1/manage/users/:userId/days': 'userId',
  'GET /v1/manage/users/:userId/profile': 'userId',
  'GET /v1/manage/users/:userId/attendance': 'userId',
  'GET /v1/manage/users/:userId/changes': 'userId',
  'GET /v1/manage/users/:userId/erasure': 'userId',
  'GET /scim/v2/Users/:id': 'id',
};

/** The lists in which a parameter of the query can select one person, each with these parameters. */
export const PERSON_LOOK_UPS: Readonly<Record<string, readonly string[]>> = {
  'GET /v1/manage/users': ['userName', 'email', 'card'],
  'GET /v1/manage/desk-assignments': ['userId'],
};

/**
 * Notes each look at a single person. A look of a person names whom it shows. Those of a program are counted by operation:
 * programs that copy a directory look at everybody.
 */
export function auditPersonViews(app: FastifyInstance): void {
  app.addHook('onRoute', (route) => {
    const operation = `${String([route.method].flat()[0])} ${route.url}`;
    const parameter = PERSON_VIEWS[operation];
    if (parameter) {
      route.onSend = [route.onSend ?? []].flat().concat((request, reply, payload, done) => {
        if (reply.statusCode < 400) noteView(request, operation, [paramsOf(request)[parameter]]);
        done(null, payload);
      });
    }
    const selecting = PERSON_LOOK_UPS[operation];
    if (!selecting) return;
    const noteRows: preSerializationHookHandler = (request, reply, payload, done) => {
      const query = queryOf(request);
      if (reply.statusCode < 400 && selecting.some((name) => query[name] !== undefined)) {
        const { items = [] } = payload as { items?: { userId?: string | null }[] };
        const shown = query.userId === undefined ? items.map(({ userId }) => userId) : [query.userId];
        if (shown.length > 0) noteView(request, operation, shown);
      }
      done(null, payload);
    };
    route.preSerialization = [route.preSerialization ?? []].flat().concat(noteRows);
    route.onSend = [route.onSend ?? []].flat().concat((request, reply, payload, done) => {
      const { userId } = queryOf(request);
      // A file is a stream, which nobody serializes.
      const isFile = String(reply.getHeader('content-type')).startsWith('text/csv');
      if (reply.statusCode < 400 && isFile && userId !== undefined) noteView(request, operation, [userId]);
      done(null, payload);
    });
  });
}

const paramsOf = (request: FastifyRequest) => request.params as Record<string, string | undefined>;
const queryOf = (request: FastifyRequest) => request.query as Record<string, string | undefined>;

function noteView(request: FastifyRequest, view: string, ids: readonly (string | null | undefined)[]): void {
  const isPerson = request.caller?.kind === 'account';
  const userIds = new Set(isPerson ? ids.flatMap((id) => parseGuid(id ?? '') ?? []) : []);
  const targets = [...userIds]
    .slice(0, MOST_TARGETS)
    .map((reference) => ({ kind: 'user', reference }) as const);
  request.server.audit.noteCounted(request, 'person.viewed', { targets, metadata: { view, count: 1 } });
}
