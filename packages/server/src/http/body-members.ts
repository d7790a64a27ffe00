import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify';
import { HttpProblem } from './errors.ts';

/** On these paths, an ignored member would change or select something else than the caller wants. */
const REFUSES_UNKNOWN = /^\/v1\/manage\//;
/** A body can have thousands of members. */
const MOST_FAULTS = 20;

/** The members of a JSON schema that this file reads. */
interface Schema {
  properties?: Record<string, unknown>;
}

/**
 * Below /v1/manage, a member of a body that the route does not know is a 400 that names it. What was read can be sent back,
 * so the members of the route's answer are no fault. Items of a list, and bodies elsewhere, may have any members besides
 * those that count, because programs send rows of other systems.
 */
export function refuseUnknownMembers(app: FastifyInstance): void {
  app.addHook('onRoute', (route) => {
    const known = knownMembers(route);
    if (!known || !REFUSES_UNKNOWN.test(route.url)) return;
    const check = async ({ body }: FastifyRequest) => {
      const isObject = typeof body === 'object' && body !== null && !Array.isArray(body);
      const unknown = isObject ? Object.keys(body).filter((name) => !known.has(name)) : [];
      if (unknown.length > 0) throw unknownMembers(unknown.slice(0, MOST_FAULTS), route);
    };
    route.preValidation = [check, ...[route.preValidation ?? []].flat()];
  });
}

/** The members of a body that are no fault. Undefined if the route takes no object. */
function knownMembers({ schema }: RouteOptions): ReadonlySet<string> | undefined {
  const taken = (schema?.body as Schema | undefined)?.properties;
  if (!taken) return undefined;
  const answered = (schema?.response as Record<string, Schema> | undefined)?.['200']?.properties ?? {};
  return new Set([...Object.keys(taken), ...Object.keys(answered)]);
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
