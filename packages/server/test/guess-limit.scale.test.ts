import { randomUUID } from 'node:crypto';
import { afterAll, expect, test } from 'vitest';
import { MOST_COUNTERS, MOST_FAILURES } from '../src/auth/guess-limit.ts';
import { login, startTestServer } from './support/server.ts';

const server = await startTestServer();
afterAll(() => server.close());
const tenantId = await server.organisation();

const AT_A_TIME = 100;

/** The status of a login with a wrong secret. */
async function guess(apiKey: string): Promise<number> {
  const payload = login({ apiKey, secret: randomUUID() }, server.clock.nowS);
  return (await server.app.inject({ method: 'POST', url: '/v1/auth', payload })).statusCode;
}

test('a stranger with more ids than the server counts loses neither an own limit nor own failures', async () => {
  const [limited, tried] = [await server.key(tenantId), await server.key(tenantId)];
  for (let turn = 0; turn < MOST_FAILURES; turn++) expect(await guess(limited.apiKey)).toBe(401);
  for (let turn = 0; turn < MOST_FAILURES - 1; turn++) expect(await guess(tried.apiKey)).toBe(401);
  for (let sent = 0; sent < MOST_COUNTERS * 1.5; sent += AT_A_TIME) {
    const statuses = await Promise.all(Array.from({ length: AT_A_TIME }, () => guess(randomUUID())));
    expect(new Set(statuses)).toEqual(new Set([401]));
  }
  expect(await guess(limited.apiKey)).toBe(429);
  expect(await guess(tried.apiKey)).toBe(401);
  expect(await guess(tried.apiKey)).toBe(429);
  server.clock.advanceS(60);
  expect(await guess(limited.apiKey)).toBe(401);
});
