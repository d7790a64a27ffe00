import cors from '@fastify/cors';
import type { FastifyInstance } from 'fastify';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];
/** Request headers of clients beyond those that CORS always allows. */
const REQUEST_HEADERS = [
  'Authorization',
  'Authentication',
  'Content-Type',
  'correlationId',
  'x-calven-region',
  'If-Match',
  'If-None-Match',
  'Prefer',
];
/** Response headers that pages may read, beyond those that CORS always allows. A date in `Retry-After` needs `Date`. */
const ANSWER_HEADERS = [
  'correlationId',
  'Date',
  'ETag',
  'Link',
  'Location',
  'Retry-After',
  'RateLimit',
  'RateLimit-Policy',
  'Rollcall-Cursor',
  'WWW-Authenticate',
  'Allow',
];
const PREFLIGHT_LIFE_S = 600;

/**
 * Lets pages of these origins, and of no others, call the server (CORS,
 * https://fetch.spec.whatwg.org/#http-cors-protocol). It never allows the browser's own credentials: a page sends a
 * token or a key, as every client does. Call it before the guard, because a preflight has no credentials.
 */
export async function allowOrigins(app: FastifyInstance, origins: readonly string[]): Promise<void> {
  if (origins.length === 0) return;
  // An OPTIONS request that is no preflight reaches the route of the plugin, which answers 404.
  app.addHook('onRoute', (route) => {
    if (route.method === 'OPTIONS') route.config = { ...route.config, access: 'public' };
  });
  await app.register(cors, {
    origin: async (origin: string | undefined) =>
      origin !== undefined && origins.includes(origin) ? origin : false,
    methods: METHODS,
    allowedHeaders: REQUEST_HEADERS,
    exposedHeaders: ANSWER_HEADERS,
    credentials: false,
    maxAge: PREFLIGHT_LIFE_S,
  });
  // A route that sets `Vary` would replace the `Vary` of the plugin.
  app.addHook('onSend', async (_request, reply) => {
    const vary = String(reply.getHeader('vary') ?? '');
    const names = vary.split(',').map((name) => name.trim().toLowerCase());
    if (!names.includes('origin')) reply.header('vary', vary ? `${vary}, Origin` : 'Origin');
  });
}
