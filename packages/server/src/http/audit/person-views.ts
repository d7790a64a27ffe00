import type { FastifyInstance, FastifyRequest, preSerializationHookHandler } from 'fastify';
import type { AuditSubject } from '../../store/audit/entries.ts';
import { parseGuid } from '../../store/values/guid.ts';
import { PEOPLE_LISTS, type ShownPeople } from './people-lists.ts';

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

/** The parameters of path and query that an entry of a list has. Their values are in use, or the list is empty: they name nobody. */
const FILTERS = ['locationId', 'levelId', 'status', 'day', 'date'] as const;

/** Notes each look at a single person, and each list of people. */
export function auditPersonViews(app: FastifyInstance): void {
  app.addHook('onRoute', (route) => {
    const operation = `${String([route.method].flat()[0])} ${route.url}`;
    const parameter = PERSON_VIEWS[operation];
    if (parameter) {
      route.onSend = [route.onSend ?? []].flat().concat((request, reply, payload, done) => {
        if (reply.statusCode < 400) noteUsers(request, operation, [paramsOf(request)[parameter]]);
        done(null, payload);
      });
    }
    const peopleIn = PEOPLE_LISTS[operation];
    if (!peopleIn) return;
    const noteRows: preSerializationHookHandler = (request, reply, payload, done) => {
      if (reply.statusCode < 400) noteShown(request, operation, peopleIn(payload as object));
      done(null, payload);
    };
    route.preSerialization = [route.preSerialization ?? []].flat().concat(noteRows);
    route.onSend = [route.onSend ?? []].flat().concat((request, reply, payload, done) => {
      const { userId } = queryOf(request);
      // A file is a stream, which nobody serializes.
      const isFile = String(reply.getHeader('content-type')).startsWith('text/csv');
      if (reply.statusCode < 400 && isFile && userId !== undefined) noteUsers(request, operation, [userId]);
      done(null, payload);
    });
  });
}

const paramsOf = (request: FastifyRequest) => request.params as Record<string, string | undefined>;
const queryOf = (request: FastifyRequest) => request.query as Record<string, string | undefined>;

/** Notes the people whom a list shows: a look, if a parameter selects them or there is one alone. */
function noteShown(request: FastifyRequest, operation: string, shown: ShownPeople): void {
  const { audit } = request.server;
  const query = queryOf(request);
  const selecting = (PERSON_LOOK_UPS[operation] ?? []).filter((name) => query[name] !== undefined);
  const [first] = shown;
  if (selecting.includes('userId')) noteUsers(request, operation, [query.userId]);
  else if (!first) return;
  else if (selecting.length > 0) audit.noteLook(request, operation, shown);
  else if (shown.every(({ reference }) => reference === first.reference))
    audit.noteLook(request, operation, [first]);
  else audit.noteList(request, operation, { filters: filtersOf(request), rows: shown.length });
}

function filtersOf(request: FastifyRequest): Record<string, string> {
  const sent = { ...queryOf(request), ...paramsOf(request) };
  return Object.fromEntries(
    FILTERS.flatMap((name) => (sent[name] === undefined ? [] : [[name, sent[name]]])),
  );
}

function noteUsers(request: FastifyRequest, view: string, ids: readonly (string | undefined)[]): void {
  const userIds = ids.flatMap((id) => parseGuid(id ?? '') ?? []);
  const people = userIds.map((reference): AuditSubject => ({ kind: 'user', reference }));
  request.server.audit.noteLook(request, view, people);
}
