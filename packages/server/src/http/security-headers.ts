import { IncomingMessage, type OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import helmet from 'helmet';

/**
 * The headers that helmet gives every answer. All of them are the same for each, so they are made once: a call for each
 * header of each answer is a noticeable part of a login.
 *
 * @param hsts whether browsers are to insist on TLS from now on
 */
export function securityHeaders(hsts: boolean): OutgoingHttpHeaders {
  const answer = new ServerResponse(new IncomingMessage(new Socket()));
  const apply = helmet({ contentSecurityPolicy: false, strictTransportSecurity: hsts });
  apply(answer.req, answer, () => undefined);
  return { ...answer.getHeaders() };
}
