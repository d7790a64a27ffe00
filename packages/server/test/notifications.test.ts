import { afterAll, expect, test } from 'vitest';
import { revokeKey } from '../src/auth/manage-keys.ts';
import { basic, startTestServer } from './support/server.ts';

const server = await startTestServer();
afterAll(() => server.close());
const tenantId = await server.organisation();

const NOT_OURS = [
  '',
  'no JSON',
  '{"apiKey":',
  'null',
  '5',
  '[]',
  '"apiKey"',
  '{}',
  '{"apiKey":5}',
  '{"apiKey":null}',
];

test('foreign messages on the channel of changes have no effect; the server logs the first one and keeps listening', async () => {
  const key = await server.key(tenantId);
  const call = async () =>
    (await server.app.inject({ url: '/v1/analytics/users/basic', headers: { authorization: basic(key) } }))
      .statusCode;
  expect(await call()).toBe(200);
  for (const payload of NOT_OURS) {
    await server.db.owner.inSystem((tx) => tx.query("SELECT pg_notify('rollcall_changes', $1)", [payload]));
  }
  const lines = () => server.logs.filter((line) => line.includes('rollcall_changes'));
  await expect.poll(() => lines().length).toBe(1);
  // PostgreSQL delivers messages in order. When the server has this one, it had the others.
  await revokeKey(key.apiKey, { owner: server.db.owner, clock: server.clock.read });
  await expect.poll(call).toBe(401);
  expect(lines()).toHaveLength(1);
  expect(JSON.parse(lines()[0] ?? '')).toMatchObject({ level: 'warn' });
});
