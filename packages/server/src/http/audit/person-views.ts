import type { FastifyInstance, FastifyRequest } from 'fastify';
import { parseGuid } from '../../store/values/guid.ts';

/** The operations that show one person, each with the parameter of its path that names the person. */
export const PERSON_VIEWS: Readonly<Record<string, 'userId'>> = {
  'GET /v1/manage/users/:userId': 'userId',
  'GET /v1/manage/users/:userId/week-plan': 'userId',
  'GET /v1/manage/users/:userId/days': 'userId',
  'GET /v1/manage/users/:userId/profile': 'userId',
  'GET /v1/manage/users/:userId/attendance': 'userId',
  'GET /v1/manage/users/:userId/changes': 'userId',
  'GET /v1/manage/users/:userId/erasure': 'userId',
};

/**
 * Notes each look at a single person. A look of a person names whom it shows. Those of a program are counted by operation:
 * programs that copy a directory look at everybody.
 */
export function auditPersonViews(app: FastifyInstance): void {
  app.addHook('onRoute', (route) => {
    const parameter = PERSON_VIEWS[`${String([route.method].flat()[0])} ${route.url}`];
    if (!parameter) return;
    route.onSend = [route.onSend ?? []].flat().concat((request, reply, payload, done) => {
      if (reply.statusCode < 400) noteView(request, `${request.method} ${route.url}`, parameter);
      done(null, payload);
    });
  });
}

function noteView(request: FastifyRequest, view: string, parameter: 'userId'): void {
  const userId = parseGuid((request.params as Record<string, string>)[parameter] ?? '');
  const isPerson = request.caller?.kind === 'account';
  const targets = isPerson && userId ? [{ kind: 'user', reference: userId } as const] : [];
  request.server.audit.noteCounted(request, 'person.viewed', { targets, metadata: { view, count: 1 } });
}
