import { createHmac } from 'node:crypto';
import type { LightMyRequestResponse } from 'fastify';
import { expect } from 'vitest';
import type { TestServer } from './server.ts';

/** What the tests of /v1/auth ask of it: bodies as given (text and bytes untouched), and both shapes of answer. */
export function loginsOf({ app, clock }: TestServer) {
  const now = (): number => clock.nowS;

  const post = (payload: unknown, headers: Record<string, string> = {}): Promise<LightMyRequestResponse> =>
    app.inject({
      method: 'POST',
      url: '/v1/auth',
      headers: { 'content-type': 'application/json', ...headers },
      payload: typeof payload === 'string' || Buffer.isBuffer(payload) ? payload : JSON.stringify(payload),
    });

  /**
   * Asserts that the login succeeds and that the answer gives the token a life of `lifeS` seconds. Returns the token.
   */
  async function expectSuccess(payload: unknown, lifeS = 3_600): Promise<string> {
    const reply = await post(payload);
    expect(reply.json()).toEqual({
      authenticated: true,
      message: 'Authentication successful',
      token: expect.stringMatching(/^ey/),
      expiration: now() + lifeS,
    });
    expect(reply.statusCode).toBe(200);
    expect(reply.headers['cache-control']).toBe('no-store');
    return reply.json().token;
  }

  /** Asserts that the login fails with an answer of the usual shape. Returns the message. */
  async function expectFailure(
    status: 400 | 401 | 415,
    payload: unknown,
    headers: Record<string, string> = {},
  ): Promise<string> {
    const reply = await post(payload, headers);
    const { errors, ...body } = reply.json();
    expect([payload, reply.statusCode]).toEqual([payload, status]);
    expect(body).toEqual({
      authenticated: false,
      message: expect.stringMatching(/^\S+( \S+)+$/),
      correlationId: reply.headers.correlationid,
    });
    if (status === 400) {
      expect(errors.length).toBeGreaterThan(0);
      for (const error of errors) {
        expect(error).toEqual({ path: expect.any(String), message: expect.stringMatching(/\S/) });
      }
    } else {
      expect(errors).toBeUndefined();
    }
    expect(reply.headers['content-type']).toMatch(/^application\/json/);
    expect(reply.headers['cache-control']).toBe('no-store');
    expect(reply.headers['www-authenticate'] !== undefined).toBe(status === 401);
    return body.message;
  }

  return { now, post, expectSuccess, expectFailure };
}

/** HMAC-SHA256 as hexadecimal text, without the product's own code. */
export function hmac(secret: string, message: string): string {
  return createHmac('sha256', secret).update(message).digest('hex');
}
