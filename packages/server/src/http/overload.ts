import type { FastifyInstance } from 'fastify';
import { HttpProblem, sendProblem } from './errors.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Is answered 503 at once, its body unread, while the server has all in hand that it may. */
    isShedable?: boolean;
  }
}

export interface BacklogLimits {
  requests: number;
  bytes: number;
}

const RETRY_AFTER_S = 1;

/**
 * Bounds what is in hand of the routes that declare it: requests whose headers have arrived and that are not answered
 * yet, and the bytes of their bodies. What goes beyond is told to come again before anybody looks at it: an answer
 * now is worth more than a place at the end of a queue that only grows. Register it before whatever costs time.
 */
export function shedLoad(app: FastifyInstance, limits: BacklogLimits): void {
  let requests = 0;
  let bytes = 0;
  app.addHook('onRequest', (request, reply, done) => {
    const { config, bodyLimit } = request.route;
    if (!config.isShedable) return done();
    const size = Math.min(Number(request.headers['content-length'] ?? bodyLimit), bodyLimit);
    // One alone is always taken.
    const isTooMuch = requests >= limits.requests || (requests > 0 && bytes + size > limits.bytes);
    if (isTooMuch) {
      sendProblem(
        new HttpProblem(
          503,
          'The server has as much in hand as it can take; nothing of this was stored, please try again.',
          { headers: { 'retry-after': String(RETRY_AFTER_S) } },
        ),
        request,
        reply,
      );
      return;
    }
    requests++;
    bytes += size;
    // Answered, or given up by the client.
    reply.raw.once('close', () => {
      requests--;
      bytes -= size;
    });
    done();
  });
}
