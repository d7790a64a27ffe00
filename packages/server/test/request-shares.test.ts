import { afterAll, expect, test } from 'vitest';
import { startTestServer } from './support/server.ts';

/** As the server of the test has them. */
const CONNECTIONS = 10;

const server = await startTestServer();
afterAll(() => server.close());

test('an organisation that keeps connections busy leaves some for the others, and its own requests wait their turn', async () => {
  const [busy, calm] = [await server.organisation(), await server.organisation()];
  const tokens = await Promise.all(
    [busy, calm].map(async (tenantId) => server.token(await server.key(tenantId))),
  );
  const ask = (token: string | undefined) =>
    server.app.inject({ url: '/v1/manage/locations', headers: { authorization: `Bearer ${token}` } });

  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  let begun = 0;
  const work = Array.from({ length: 4 * CONNECTIONS }, () =>
    server.db.restricted.inTenant(busy, async () => {
      begun++;
      await held;
    }),
  );
  const waiting = ask(tokens[0]);
  for (let turn = 0; turn < 5; turn++) expect((await ask(tokens[1])).statusCode).toBe(200);
  expect(begun).toBeLessThan(CONNECTIONS);
  expect(begun).toBeGreaterThan(CONNECTIONS / 2);
  release();
  await Promise.all(work);
  expect((await waiting).statusCode).toBe(200);
  expect(begun).toBe(4 * CONNECTIONS);
});

test('an organisation whose requests wait for too many of its others is told so, and no outage of the database is logged', async () => {
  const busy = await server.organisation();
  const token = await server.token(await server.key(busy));
  const since = server.logs.length;
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const work = Array.from({ length: 50 * CONNECTIONS }, () =>
    server.db.restricted.inTenant(busy, () => held).catch(() => undefined),
  );
  const reply = await server.app.inject({
    url: '/v1/manage/locations',
    headers: { authorization: `Bearer ${token}` },
  });
  release();
  await Promise.all(work);
  expect(reply.statusCode).toBe(503);
  expect(reply.headers['retry-after']).toMatch(/^\d+$/);
  expect(reply.json().detail).toContain('your organisation');
  expect(server.logs.slice(since).filter((line) => /"level":"(warn|error)"/.test(line))).toEqual([]);
});
