import type { LightMyRequestResponse } from 'fastify';
import { expect } from 'vitest';

/** Asserts that the reply is exactly an RFC 9457 problem document with this status. Returns its detail. */
export function expectProblem(reply: LightMyRequestResponse, status: number): string {
  expect(reply.statusCode).toBe(status);
  const correlationId = reply.headers.correlationid;
  expect(correlationId).toMatch(/^[\x21-\x7e]{1,128}$/);
  expect(reply.headers['content-type']).toMatch(/^application\/problem\+json/);
  expect(reply.headers['cache-control']).toBe('no-store');
  if (status === 401) expect(reply.headers['www-authenticate']).toMatch(/^(Bearer|Basic) realm="rollcall"/);
  // An answer to HEAD has the headers of the answer to GET, and no body.
  if (reply.raw.req.method === 'HEAD') return '';
  const { errors, ...body } = reply.json();
  expect(body).toEqual({
    type: 'about:blank',
    title: expect.any(String),
    status,
    detail: expect.stringMatching(/\S/),
    correlationId,
  });
  if (errors !== undefined) {
    expect(errors).toEqual(
      errors.map(() => ({ path: expect.any(String), message: expect.stringMatching(/\S/) })),
    );
  }
  return body.detail;
}
