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

/** What Node.js has, and its types do not tell of. */
interface Internal {
  _storeHeader(statusLine: string, headers: unknown): void;
}

/**
 * Answers that have these headers, whatever else they have, as text that was made once: as headers among others they are checked and
 * put together for each answer anew, for a tenth of what a login takes. Nothing may set one of them again.
 */
export function answersWith(headers: OutgoingHttpHeaders): typeof ServerResponse {
  const text = Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('');
  const parent = ServerResponse.prototype as unknown as Internal;
  return class Answer<Request extends IncomingMessage> extends ServerResponse<Request> {
    _storeHeader(statusLine: string, given: unknown): void {
      parent._storeHeader.call(this, statusLine + text, given);
    }
  };
}
