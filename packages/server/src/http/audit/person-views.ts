import type { FastifyInstance, FastifyRequest, preSerializationHookHandler } from 'fastify';
import { parseGuid } from '../../store/values/guid.ts';

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

/** The lists that a member of the request searches, each with this member. A search that finds one person is a look. */
export const PERSON_SEARCHES: Readonly<Record<string, 'search' | 'filter'>> = {
  'GET /v1/manage/users': 'search',
  'GET /scim/v2/Users': 'filter',
  'POST /scim/v2/Users/.search': 'filter',
};

type Ids = readonly (string | null | undefined)[];

/** Notes each look at a single person. */
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
    const [selecting = [], searching] = [PERSON_LOOK_UPS[operation], PERSON_SEARCHES[operation]];
    if (selecting.length === 0 && !searching) return;
    const noteRows: preSerializationHookHandler = (request, reply, payload, done) => {
      if (reply.statusCode < 400) {
        const shown = selecting.some((name) => queryOf(request)[name] !== undefined)
          ? selected(request, payload)
          : found(request, payload, searching);
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

/** An answer with a list: a page, or a list of SCIM. */
interface List {
  items?: { userId?: string | null }[];
  next?: string | null;
  totalResults?: number;
  Resources?: { id?: string }[];
}

/** The people whom a parameter selected. */
function selected(request: FastifyRequest, payload: unknown): Ids {
  const { userId } = queryOf(request);
  if (userId !== undefined) return [userId];
  return ((payload as List).items ?? []).map((item) => item.userId);
}

/** The person whom a search found, if it found no other one. */
function found(request: FastifyRequest, payload: unknown, member: string | undefined): Ids {
  // SCIM does not regard the case of names.
  const sent = Object.keys({ ...(request.query ?? {}), ...(request.body ?? {}) });
  if (!sent.some((name) => name.toLowerCase() === member)) return [];
  const { items, next, totalResults, Resources = [] } = payload as List;
  if (totalResults === 1) return Resources.map(({ id }) => id);
  const isAll = next === null && queryOf(request).after === undefined;
  return isAll && items?.length === 1 ? [items[0]?.userId] : [];
}

function noteView(request: FastifyRequest, view: string, ids: Ids): void {
  const userIds = new Set(ids.flatMap((id) => parseGuid(id ?? '') ?? []));
  request.server.audit.noteLook(request, view, [...userIds]);
}
