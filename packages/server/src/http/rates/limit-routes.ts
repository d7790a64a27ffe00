import type {
  FastifyInstance,
  HookHandlerDoneFunction,
  onErrorHookHandler,
  onRequestHookHandler,
  preHandlerHookHandler,
  RouteOptions,
} from 'fastify';
import type { RateClass } from '../../store/auth/key-limits.ts';
import { toProblem } from '../errors.ts';
import { problems } from '../schema.ts';
import { type LimitedCaller, limitedCallerOf } from './limited-caller.ts';
import { rateClassOf } from './rate-classes.ts';
import type { RateLimits } from './rate-limits.ts';

/**
 * Limits the rates of all routes. The guard runs before these hooks. A login proves its key in its handler, and counts there,
 * without fields in the answer: they cost more than the count.
 *
 * A request counts before the server reads its body. Events count when their body is parsed, all of them or none. If a caller
 * has no event left, the server does not read the body.
 */
export function limitRoutes(app: FastifyInstance, limits: RateLimits): void {
  app.addHook('onRoute', (route) => {
    const rateClass = rateClassOf(route);
    if (rateClass === undefined) return;
    documentRefusal(route);
    if (rateClass === 'events') limitEvents(route, limits);
    else limitRequests(route, rateClass, limits);
  });
}

function limitRequests(route: RouteOptions, rateClass: RateClass, limits: RateLimits): void {
  const count: onRequestHookHandler = (request, reply, done) =>
    orRefuse(done, () => {
      const caller = limitedCallerOf(request);
      if (!caller) return;
      limits.take(rateClass, caller, 1);
      reply.headers(limits.fields(rateClass, caller));
    });
  route.onRequest = [count, ...listOf(route.onRequest)];
}

function limitEvents(route: RouteOptions, limits: RateLimits): void {
  const eventsIn = route.config?.eventsIn ?? '';
  const requireOne: onRequestHookHandler = (request, _reply, done) =>
    orRefuse(done, () => {
      const caller = limitedCallerOf(request);
      if (caller) limits.requireOne('events', caller);
    });
  const count: preHandlerHookHandler = (request, reply, done) =>
    orRefuse(done, () => {
      const caller = limitedCallerOf(request);
      const { length } = (request.body as Record<string, unknown[]>)[eventsIn] ?? [];
      if (!caller) return;
      // An empty list costs the server a request, as a malformed one does.
      limits.take('events', caller, Math.max(length, 1));
      reply.headers(limits.fields('events', caller));
    });
  const countIfMalformed: onErrorHookHandler = (request, _reply, error, done) => {
    const caller = limitedCallerOf(request);
    if (caller && isMalformed(error)) countMalformed(limits, caller);
    done();
  };
  route.onRequest = [requireOne, ...listOf(route.onRequest)];
  route.preHandler = [count, ...listOf(route.preHandler)];
  route.onError = [countIfMalformed, ...listOf(route.onError)];
}

/** The hooks that a route has already. */
function listOf<Hook>(hooks: Hook | Hook[] | undefined): Hook[] {
  return hooks === undefined ? [] : ([hooks].flat() as Hook[]);
}

/** Runs `work`. A thrown problem is the answer. */
function orRefuse(done: HookHandlerDoneFunction, work: () => void): void {
  try {
    work();
    done();
  } catch (error) {
    done(error as Error);
  }
}

/** A malformed request has no events to count. The server keeps it with the refused events, so it counts as one. */
function countMalformed(limits: RateLimits, caller: LimitedCaller): void {
  try {
    limits.take('events', caller, 1);
  } catch {
    // Other requests have used up the quota meanwhile. This one is refused already.
  }
}

function isMalformed(error: Error): boolean {
  return [400, 408, 413, 415].includes(toProblem(error).status);
}

/** Documents the 429, unless the route has an error format of its own for it. */
function documentRefusal(route: RouteOptions): void {
  const { schema } = route;
  const response = schema?.response as Record<string, unknown> | undefined;
  if (schema && !response?.[429]) route.schema = { ...schema, response: { ...response, ...problems(429) } };
}
