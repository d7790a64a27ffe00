import { createHash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { HttpProblem } from './errors.ts';

/** 128 bits, in base64url. */
const TAG_CHARACTERS = 22;

/** The entity tag of an answer that is the JSON of `value`. */
export function etagOf(value: unknown): string {
  const digest = createHash('sha256').update(JSON.stringify(value)).digest('base64url');
  return `"${digest.slice(0, TAG_CHARACTERS)}"`;
}

/** Throws a 412 if the request has an If-Match header without the present tag. */
export function requireMatch({ headers }: Pick<FastifyRequest, 'headers'>, etag: string): void {
  const wanted = headers['if-match'];
  if (wanted === undefined || listsTag(wanted, etag)) return;
  throw new HttpProblem(
    412,
    'Somebody has changed it meanwhile: its version is not the one in If-Match. Nothing was stored; read it again.',
  );
}

/**
 * As `requireMatch`, for a thing that may not exist yet: `etag` is undefined then. `If-None-Match: *` asks that it does not
 * exist. Throws a 412.
 */
export function requireState(request: Pick<FastifyRequest, 'headers'>, etag: string | undefined): void {
  const { 'if-match': wanted, 'if-none-match': unwanted } = request.headers;
  if (etag !== undefined) requireMatch(request, etag);
  else if (wanted !== undefined)
    throw new HttpProblem(412, 'Somebody has removed it meanwhile. Nothing was stored; read it again.');
  if (etag !== undefined && unwanted !== undefined && listsTag(unwanted, etag))
    throw new HttpProblem(
      412,
      'It exists already. Nothing was stored; read it, and send its version in If-Match.',
    );
}

/** Whether an If-Match or If-None-Match header contains an entity tag. Weak and strong tags of one value are equal. */
export function listsTag(header: string, etag: string): boolean {
  const opaque = (tag: string) => tag.trim().replace(/^W\//, '');
  return header.trim() === '*' || header.split(',').some((tag) => opaque(tag) === opaque(etag));
}

/** Whether the If-None-Match header shows that the client has this version already. */
export function isKnown(ifNoneMatch: string | undefined, etag: string): boolean {
  return ifNoneMatch !== undefined && listsTag(ifNoneMatch, etag);
}
