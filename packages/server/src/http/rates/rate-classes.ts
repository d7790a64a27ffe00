import type { RouteOptions } from 'fastify';
import type { RateClass } from '../../store/auth/key-limits.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The member of the body that has the events of the request. */
    eventsIn?: string;
  }
}

/**
 * The units a minute of each key, SCIM token and account. They may come at once. The vendor's SDK logs in before each call, and
 * some hundred calls a second are far from these limits.
 */
export const DEFAULT_LIMITS: Readonly<Record<RateClass, number>> = {
  login: 120_000,
  events: 6_000_000,
  reads: 120_000,
  management: 120_000,
};
/** An organisation has so many times the default. */
export const ORGANISATION_TIMES = 4;

/** The class of a route, from what it declares. Undefined for a public route: a login counts in its handler. */
export function rateClassOf({
  method,
  config,
}: Pick<RouteOptions, 'method' | 'config'>): RateClass | undefined {
  const { access, eventsIn } = config ?? {};
  if (eventsIn !== undefined) return 'events';
  const isRead = [method].flat().every((each) => each === 'GET' || each === 'HEAD');
  if (access === 'public') return undefined;
  // An identity provider reads one user before each change.
  if (typeof access === 'object' && access.scimTokens) return 'management';
  return isRead ? 'reads' : 'management';
}
