import { afterAll, expect, test } from 'vitest';
import { seeingAll } from './support/backup.ts';
import { addSite, goodEvent, submit } from './support/presence.ts';
import { startTestServer } from './support/server.ts';
import { until } from './support/waiting.ts';
import { Horizon } from './workday/horizon-support.ts';

/** The settings of the test's server. */
const CONNECTIONS = 10;

const server = await startTestServer();
afterAll(() => server.close());

test('an organisation with many requests leaves connections for others, and its own requests wait', async () => {
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
  try {
    for (let turn = 0; turn < 5; turn++) expect((await ask(tokens[1])).statusCode).toBe(200);
    // New connections take their time.
    await until(() => begun > CONNECTIONS / 2);
    expect(begun).toBeLessThan(CONNECTIONS);
  } finally {
    release();
  }
  await Promise.all(work);
  expect((await waiting).statusCode).toBe(200);
  expect(begun).toBe(4 * CONNECTIONS);
});

test('an organisation whose requests wait too long for its own others gets an error that says so, and the log has no outage', async () => {
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

test('the booking of desk presence takes no connection beyond the share of its organisation', async () => {
  /** Four of five connections are the share of one organisation. */
  const [poolSize, share] = [5, 4];
  const small = await startTestServer({}, { database: { poolSize } });
  try {
    const [busy, calm] = [await addSite(small), await addSite(small)];
    await new Horizon(small.db, busy.tenantId).setOffice(busy.office.locationId, { desk_presence: 'book' });
    const [busyToken, calmToken] = [await small.token(busy.key), await small.token(calm.key)];
    const ask = (token: string, url: string) =>
      small.app.inject({ url, headers: { authorization: `Bearer ${token}` } });
    const days = `/v1/manage/users/${busy.user.userId}/days?startDate=2026-03-10&endDate=2026-03-10`;

    await seeingAll(small.db.target, async (client) => {
      const until = async (text: string, count: number) => {
        while ((await client.query(text)).rows[0].count < count) await new Promise(setImmediate);
      };
      await client.query('BEGIN; LOCK TABLE day_plans IN ACCESS EXCLUSIVE MODE');
      const reads = Array.from({ length: share }, () => ask(busyToken, days));
      await until('SELECT count(*)::int FROM pg_locks WHERE NOT granted', share);
      const presence = submit(small, busy, [goodEvent(busy)]);
      // The server books the desk after it has stored the event.
      await until('SELECT count(*)::int FROM presence_events', 1);
      for (let turn = 0; turn < 5; turn++) {
        expect((await ask(calmToken, '/v1/manage/locations')).statusCode).toBe(200);
      }
      await client.query('COMMIT');
      expect((await Promise.all(reads)).map(({ statusCode }) => statusCode)).toEqual([200, 200, 200, 200]);
      expect((await presence).json().results[0].resultCode).toBe(0);
    });
    const booked = (await ask(busyToken, days)).json()[0].booking;
    expect(booked.placeId).toBe(busy.office.placeId);
  } finally {
    await small.close();
  }
});
