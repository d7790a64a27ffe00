import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify';
import { HttpProblem } from './errors.ts';

/** On these paths, an ignored member would change or select something else than the caller wants. */
const REFUSES_UNKNOWN = /^\/v1\/manage\//;
/** Takes the body of a PATCH, and says what the change would do. */
const EFFECTS = '/effects';
/** A body can have thousands of members. */
const MOST_FAULTS = 20;

/** The members of a JSON schema that this file reads. */
interface Schema {
  properties?: Record<string, unknown>;
}

/**
 * Below /v1/manage, a member of a body that the route does not know is a 400 that names it. What was read can be changed and
 * sent back, so the other members of a row are no fault where a row is changed; they change nothing. Items of a list, and
 * bodies elsewhere, may have any members besides those that count, because programs send rows of other systems.
 */
export function refuseUnknownMembers(app: FastifyInstance): void {
  /** The members of the rows that PATCH answers, by its URL. */
  const patched = new Map<string, readonly string[]>();
  app.addHook('onRoute', (route) => {
    const taken = (route.schema?.body as Schema | undefined)?.properties;
    if (!taken || !REFUSES_UNKNOWN.test(route.url)) return;
    const answered = changesRow(route) ? Object.keys(answerOf(route)) : [];
    if (route.method === 'PATCH') patched.set(route.url, answered);
    const known = new Set([...Object.keys(taken), ...answered]);
    const ofPatch = route.url.endsWith(EFFECTS) ? route.url.slice(0, -EFFECTS.length) : undefined;
    const isKnown = (name: string) =>
      known.has(name) || (ofPatch !== undefined && (patched.get(ofPatch)?.includes(name) ?? false));
    const check = async ({ body }: FastifyRequest) => {
      const isObject = typeof body === 'object' && body !== null && !Array.isArray(body);
      const unknown = isObject ? Object.keys(body).filter((name) => !isKnown(name)) : [];
      if (unknown.length > 0) throw unknownMembers(unknown.slice(0, MOST_FAULTS), route);
    };
    route.preValidation = [check, ...[route.preValidation ?? []].flat()];
  });
}

/** Whether a route takes a row that a caller may have read. The answer of another route is no row of its body. */
function changesRow({ method }: RouteOptions): boolean {
  return method === 'PATCH' || method === 'PUT';
}

function answerOf({ schema }: RouteOptions): Record<string, unknown> {
  return (schema?.response as Record<string, Schema> | undefined)?.['200']?.properties ?? {};
}

function unknownMembers(names: readonly string[], { schema }: RouteOptions): HttpProblem {
  const taken = Object.keys((schema?.body as Schema | undefined)?.properties ?? {});
  const message = `is not known; there are ${taken.join(', ')}`;
  const errors = names.map((name) => ({
    path: `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`,
    message,
  }));
  return new HttpProblem(400, `The request is malformed: ${errors[0]?.path} ${message}.`, { errors });
}
