import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Monitor } from '../src/http/monitoring/monitor.ts';
import { MOST_WAITING, shareOf } from '../src/http/slots.ts';
import { send } from './support/bodies.ts';
import { whileLocked } from './support/locks.ts';
import { addSite, goodEvent, type Site, submit } from './support/presence.ts';
import { basic, startTestServer, type TestServer } from './support/server.ts';
import { listen } from './support/sockets.ts';
import { until } from './support/waiting.ts';

/** Three quarters of the backlog, which has 8 requests, are the share of a key. */
const MOST_OF_A_KEY = 6;
const MIB = 1024 * 1024;
const CONNECTIONS = 10;

let monitor: Monitor;
let server: TestServer;
let site: Site;
let baseUrl: string;
beforeAll(async () => {
  monitor = new Monitor();
  const settings = { dailyEventQuota: 1, eventBacklog: 8, eventBacklogMib: 1 };
  server = await startTestServer(settings, { monitor });
  site = await addSite(server);
  baseUrl = await listen(server);
});
afterAll(() => server.close());

async function sampleOf(sample: string): Promise<number> {
  const line = (await monitor.registry.metrics()).split('\n').find((each) => each.startsWith(`${sample} `));
  return Number(line?.slice(sample.length + 1) ?? 0);
}

/** The part of a resource that an organisation holds now. */
function heldBy({ tenantId }: Site, resource: string): Promise<number> {
  return sampleOf(`rollcall_organisation_share_ratio{resource="${resource}",organisation="${tenantId}"}`);
}

/** How often requests have met each limit. */
async function metLimits(): Promise<Map<string, number>> {
  const samples = (await monitor.registry.metrics()).matchAll(
    /^rollcall_limit_refusals_total\{limit="(.*)",of="(.*)"\} (\d+)$/gm,
  );
  return new Map([...samples].map(([, limit, of, count]) => [`${limit} of ${of}`, Number(count)]));
}

/** Expects the limits that requests meet while `work` runs, and how often. An answer counts when its last byte is sent. */
async function expectMet(work: () => Promise<unknown>, met: Record<string, number>): Promise<void> {
  const before = await metLimits();
  await work();
  await expect
    .poll(async () => {
      const after = [...(await metLimits())].map(
        ([name, count]) => [name, count - (before.get(name) ?? 0)] as const,
      );
      return Object.fromEntries(after.filter(([, count]) => count > 0));
    })
    .toEqual(met);
}

const stalled = (headers: Record<string, string>) =>
  send(`${baseUrl}/v1/presence/basic`, { body: '{', announced: MIB, headers });
const EXPORT = '/v1/analytics/presence/basic?startDate=2026-03-01&endDate=2026-03-01';
const readPresence = (headers: Record<string, string> = site.headers) =>
  server.app.inject({ url: EXPORT, headers });

describe('The metrics count the requests that met', () => {
  test('a rate limit or the exports of a key', async () => {
    const limited = { authorization: basic(await server.key(site.tenantId, { limits: { reads: 1 } })) };
    const reads = async () => {
      for (let count = 0; count < 3; count++) await readPresence(limited);
    };
    await expectMet(reads, { 'reads of caller': 2 });

    const single = { authorization: basic(await server.key(site.tenantId, { limits: { exports: 1 } })) };
    const exports = () =>
      whileLocked(server.db.target, 'presence_events', 'ACCESS EXCLUSIVE', async () => {
        const answers = [readPresence(single), readPresence(single)];
        expect((await Promise.race(answers)).statusCode).toBe(429);
        return { answers };
      }).then(({ answers }) => Promise.all(answers));
    await expectMet(exports, { 'exports of caller': 1 });
  });

  test('the daily event quota', async () => {
    const events = ['1', '2', '3'].map((eventId) => [goodEvent(site, { eventId })]);
    const work = async () => {
      for (const each of events) await submit(server, site, each);
    };
    await expectMet(work, { 'stored events of organisation': 2 });
  });

  test('the share of requests and of bytes in progress', async () => {
    const other = await addSite(server);
    const held = Array.from({ length: MOST_OF_A_KEY }, () => stalled(other.headers));
    await until(async () => (await heldBy(other, 'event requests')) === MOST_OF_A_KEY / 8);
    const refused = async () => {
      const body = '{"sourceId":"door","presenceEvents":[]}';
      const { answer } = send(`${baseUrl}/v1/presence/basic`, { body, headers: other.headers });
      expect((await answer).status).toBe(503);
    };
    await expectMet(refused, { 'requests in progress of share': 1 });
    for (const { request } of held) request.destroy();

    const third = await addSite(server);
    const { headers } = third;
    const large = async () => {
      const body = `{"padding":"${'x'.repeat(0.9 * MIB)}"}`;
      const url = `${baseUrl}/v1/presence/basic`;
      const first = send(url, { body: body.slice(0, MIB / 2), announced: body.length, headers });
      // The other way round, it would be the first one that is refused.
      await until(async () => (await heldBy(third, 'body bytes')) > 0.4);
      expect((await send(url, { body, headers }).answer).status).toBe(503);
      first.request.destroy();
    };
    await expectMet(large, { 'bytes in progress of share': 1 });
  });

  test('the share of exports, and show how long the others waited for it', async () => {
    const waited = async () => ({
      count: await sampleOf('rollcall_slot_wait_seconds_count{resource="exports"}'),
      sumS: await sampleOf('rollcall_slot_wait_seconds_sum{resource="exports"}'),
    });
    const before = await waited();
    const share = shareOf(server.db.restricted.streamSizes.exports);
    const work = async () => {
      const { answers } = await whileLocked(
        server.db.target,
        'presence_events',
        'ACCESS EXCLUSIVE',
        async () => {
          const answers = Array.from({ length: share + MOST_WAITING + 1 }, () => readPresence());
          // From now on, all others hold a slot or wait for one.
          expect((await Promise.race(answers)).statusCode).toBe(503);
          server.stopwatch.nowMs += 5_000;
          return { answers };
        },
      );
      const statuses = (await Promise.all(answers)).map(({ statusCode }) => statusCode);
      expect(statuses.filter((status) => status === 200)).toHaveLength(share + MOST_WAITING);
    };
    await expectMet(work, { 'exports of share': 1 });
    const after = await waited();
    expect(after.count - before.count).toBe(share + MOST_WAITING);
    expect(after.sumS - before.sumS).toBe(5 * MOST_WAITING);
  });

  test('the share of connections', async () => {
    const busy = await server.organisation();
    const token = await server.token(await server.key(busy));
    const work = async () => {
      let release: () => void = () => undefined;
      const holding = new Promise<void>((resolve) => {
        release = resolve;
      });
      const held = Array.from({ length: 50 * CONNECTIONS }, () =>
        server.db.restricted.inTenant(busy, () => holding).catch(() => undefined),
      );
      const headers = { authorization: `Bearer ${token}` };
      const reply = await server.app.inject({ url: '/v1/manage/locations', headers });
      release();
      await Promise.all(held);
      expect(reply.statusCode).toBe(503);
    };
    await expectMet(work, { 'connections of share': 1 });
  });
});
