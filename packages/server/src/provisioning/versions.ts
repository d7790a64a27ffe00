import type { FastifyRequest } from 'fastify';
import { HttpProblem } from '../http/errors.ts';
import { listsTag } from '../http/etag.ts';
import type { Precondition } from './resource-type.ts';

/**
 * Judges a version by the If-Match of a request, RFC 7644 section 3.14. Weak tags are compared, as SCIM's own
 * examples do, though RFC 9110 would have If-Match take strong ones only.
 */
export function ifMatch({ headers }: FastifyRequest): Precondition {
  const wanted = headers['if-match'];
  return (version) => {
    if (wanted !== undefined && !listsTag(wanted, version)) {
      throw new HttpProblem(412, 'The resource has changed: its version is not the one in If-Match.');
    }
  };
}
