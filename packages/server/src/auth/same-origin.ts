import type { FastifyRequest } from 'fastify';
import { HttpProblem } from '../http/errors.ts';
import { hasBody } from '../http/unread-body.ts';

const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS'];
/** A page of another origin cannot send these without asking the server first (CORS). */
const CONTENT_TYPES: readonly (string | undefined)[] = [
  'application/json',
  'text/csv',
  'image/png',
  'image/jpeg',
  'image/svg+xml',
];

/**
 * Refuses a change that a page of another origin sends with the browser's cookie (CSRF). Browsers say where a request
 * comes from in `Sec-Fetch-Site`; older ones say it in `Origin`. Throws a 403.
 */
export function requireSameOrigin(request: FastifyRequest): void {
  if (SAFE_METHODS.includes(request.method)) return;
  const { headers } = request;
  if (headers['sec-fetch-site'] === undefined && headers.origin === undefined) {
    throw new HttpProblem(
      403,
      'A change with the cookie of a session needs the header Sec-Fetch-Site or Origin; programs log in with a key.',
    );
  }
  refuseOtherOrigin(request);
  if (hasBody(request.raw) && !CONTENT_TYPES.includes(mediaTypeOf(headers['content-type']))) {
    throw new HttpProblem(
      403,
      'A change with the cookie of a session needs the content type application/json, or text/csv or image/… for a file.',
    );
  }
}

/** As `requireSameOrigin`, for signing in: a client that is no browser sends neither header. Throws a 403. */
export function refuseOtherOrigin(request: FastifyRequest): void {
  const { 'sec-fetch-site': site, origin } = request.headers;
  const isOwn =
    site === undefined
      ? origin === undefined || isSameOrigin(origin, `${request.protocol}://${request.host}`)
      : site === 'same-origin';
  if (!isOwn) throw new HttpProblem(403, 'The request comes from a page of another origin.');
}

function isSameOrigin(origin: string, own: string): boolean {
  return URL.canParse(origin) && URL.canParse(own) && new URL(origin).origin === new URL(own).origin;
}

function mediaTypeOf(contentType: string | undefined): string | undefined {
  return contentType?.split(';', 1)[0]?.trim().toLowerCase();
}
