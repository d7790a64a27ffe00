import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

const VISIBLE_ASCII = /^[\x21-\x7e]{1,128}$/;

/** The caller's `correlationId` header if it is usable, otherwise the id of the trace of the request, or a new id. */
export function correlationIdOf(request: Pick<IncomingMessage, 'headers'>, traceId?: string): string {
  const given = request.headers.correlationid;
  return typeof given === 'string' && VISIBLE_ASCII.test(given) ? given : (traceId ?? randomUUID());
}
