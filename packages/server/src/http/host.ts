import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { HttpProblem } from './errors.ts';

/** RFC 9110 section 7.2: a name, an IPv4 address or an IPv6 address in brackets, and maybe a port. */
const HOST = /^(?:\[[\w.:%~-]+\]|[\w.~!$&'()*+,;=%-]*)(?::\d*)?$/;

/**
 * Refuses a request with several Host headers, or one whose value is no host (RFC 9112 section 3.2): a proxy before the
 * server might have read another one. Node refuses a request without one.
 */
export function refuseAmbiguousHosts(app: FastifyInstance): void {
  app.addHook('onRequest', ({ raw }, _reply, done) => {
    done(
      isAmbiguous(raw)
        ? new HttpProblem(400, 'A request needs exactly one Host header, with a host.')
        : undefined,
    );
  });
}

function isAmbiguous({ headers, rawHeaders }: Pick<IncomingMessage, 'headers' | 'rawHeaders'>): boolean {
  if (headers.host !== undefined && !HOST.test(headers.host)) return true;
  let count = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at];
    if (name?.length === 4 && name.toLowerCase() === 'host') count++;
  }
  return count > 1;
}
