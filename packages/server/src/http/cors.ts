import cors from '@fastify/cors';
import type { FastifyInstance } from 'fastify';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];
/** What clients send beyond what any page may send. */
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
/** What pages may read of an answer, beyond what any page may read. `Date` is what a date in `Retry-After` is told by. */
const ANSWER_HEADERS = [
  'correlationId',
  'Date',
  'ETag',
  'Link',
  'Location',
  'Retry-After',
  'Rollcall-Cursor',
  'WWW-Authenticate',
  'Allow',
];
const PREFLIGHT_LIFE_S = 600;

/**
 * Lets pages of these origins, and of no other, call the server (CORS, https://fetch.spec.whatwg.org/#http-cors-protocol).
 * Never with the browser's own credentials: a page shows a token or a key, as every client does. To be called before
 * the guard, since a preflight carries no credentials.
 */
export async function allowOrigins(app: FastifyInstance, origins: readonly string[]): Promise<void> {
  if (origins.length === 0) return;
  // What the plugin does not answer as a preflight reaches its route, which finds nothing there.
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
  // A route that says by what its answer differs would take the plugin's word of it away.
  app.addHook('onSend', async (_request, reply) => {
    const vary = String(reply.getHeader('vary') ?? '');
    const names = vary.split(',').map((name) => name.trim().toLowerCase());
    if (!names.includes('origin')) reply.header('vary', vary ? `${vary}, Origin` : 'Origin');
  });
}
