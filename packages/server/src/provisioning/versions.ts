import type { FastifyRequest } from 'fastify';
import { HttpProblem } from '../http/errors.ts';
import { listsTag } from '../http/etag.ts';
import type { Precondition } from './resource-type.ts';

/**
 * Checks a version against the If-Match header of a request, RFC 7644 section 3.14. It compares weak tags, as the
 * examples of SCIM do, although RFC 9110 allows only strong tags in If-Match.
 */
export function ifMatch({ headers }: FastifyRequest): Precondition {
  const wanted = headers['if-match'];
  return (version) => {
    if (wanted !== undefined && !listsTag(wanted, version)) {
      throw new HttpProblem(412, 'The resource has changed: its version is not the one in If-Match.');
    }
  };
}
