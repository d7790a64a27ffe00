import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { createLogger } from '../src/http/logging.ts';
import { EventQuotas } from '../src/ingest/event-quotas.ts';
import { TASKS } from '../src/jobs/tasks.ts';
import { getEventDay, setEventQuota } from '../src/store/events/event-days.ts';
import { addSite, goodEvent, presenceRows, type Site, submit } from './support/presence.ts';
import { replicaOf, startTestServer, type TestServer } from './support/server.ts';
import { until } from './support/waiting.ts';

const DAY = '2026-03-10';

let server: TestServer;
let site: Site;
beforeAll(async () => {
  // Only the servers' storing of counts runs on this clock.
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  server = await startTestServer({ dailyEventQuota: 5 });
});
beforeEach(async () => {
  server.clock.nowMs = Date.parse(`${DAY}T12:00:00Z`);
  server.logs.length = 0;
  site = await addSite(server);
});
afterAll(async () => {
  await server.close();
  vi.useRealTimers();
});

function events(...ids: string[]) {
  return ids.map((eventId) => goodEvent(site, { eventId }));
}
async function statusOf(presenceEvents: unknown, of = site): Promise<number> {
  return (await submit(server, of, presenceEvents)).statusCode;
}
/** Lets the servers exchange their counts with the database. */
async function exchange(): Promise<void> {
  server.stopwatch.nowMs += 5_000;
  vi.advanceTimersByTime(5_000);
}
async function storedToday(of = site, day = DAY): Promise<number> {
  const { stored } = await server.db.owner.inTenant(of.tenantId, (tx) => getEventDay(tx, of.tenantId, day));
  return stored;
}
async function setQuota(quota: number | null, of = site): Promise<void> {
  await server.db.owner.inSystem((tx) => setEventQuota(tx, of.tenantId, quota));
}
async function readQuota(of = site) {
  const token = await server.token(of.key);
  const reply = await server.app.inject({
    url: '/v1/manage/event-quota',
    headers: { authorization: `Bearer ${token}` },
  });
  return reply.json();
}
function warnings(): string[] {
  return server.logs.filter((line) => line.includes('quota') && line.includes(site.tenantId));
}

describe('the daily event quota', () => {
  test('refuses whole requests once it is used up, says when to send again, and stores nothing of them', async () => {
    expect(await statusOf(events('1', '2', '3', '4', '5'))).toBe(200);
    const reply = await submit(server, site, events('6', '7'));
    expect(reply.statusCode).toBe(429);
    expect(reply.headers).toMatchObject({
      'content-type': expect.stringContaining('application/problem+json'),
      'retry-after': '43200',
      'ratelimit-policy': '"stored-events";q=5;w=86400',
      ratelimit: '"stored-events";r=0;t=43200',
    });
    expect(reply.json().detail).toContain('Send it again from 2026-03-11T00:00:00.000Z');
    expect((await presenceRows(server, site)).map(({ eventId }) => eventId).sort()).toEqual([
      '1',
      '2',
      '3',
      '4',
      '5',
    ]);
  });

  test('begins anew with the next day of UTC', async () => {
    await statusOf(events('1', '2', '3', '4', '5'));
    server.clock.nowMs = Date.parse('2026-03-10T23:59:59.500Z');
    const reply = await submit(server, site, events('6'));
    expect(reply.statusCode).toBe(429);
    expect(reply.headers['retry-after']).toBe('1');
    server.clock.nowMs = Date.parse('2026-03-11T00:00:00Z');
    expect(await statusOf(events('6'))).toBe(200);
  });

  test('does not count repeated events, nor refused ones', async () => {
    const unknown = goodEvent(site, { eventId: 'x', userId: undefined, userEmail: 'nobody' });
    for (let times = 0; times < 3; times++) {
      expect(await statusOf([...events('1', '2'), unknown])).toBe(200);
    }
    expect(await statusOf(events('3', '4'))).toBe(200);
    expect(await statusOf(events('5'))).toBe(200);
    expect(await statusOf(events('6'))).toBe(429);
  });

  test('counts new events of requests that ask which ones are new', async () => {
    const send = (eventIds: string[]) =>
      server.app.inject({
        method: 'POST',
        url: '/v1/presence/basic',
        headers: { ...site.headers, prefer: 'tell-new' },
        payload: { sourceId: 'door', presenceEvents: events(...eventIds) },
      });
    await send(['1', '2', '3']);
    await send(['1', '2', '3', '4']);
    expect((await send(['5'])).statusCode).toBe(200);
    expect((await send(['6'])).statusCode).toBe(429);
  });

  test('counts occupancy and visitors together with presence', async () => {
    const token = await server.token(site.key);
    const post = (url: string, payload: object) =>
      server.app.inject({ method: 'POST', url, headers: { authorization: `Bearer ${token}` }, payload });
    const timestamp = '2026-03-10T09:00:00Z';
    const space = { locationId: site.office.spaceId, locationType: 'space' };
    const occupancyEvents = [1, 2].map((n) => ({ eventId: `o${n}`, timestamp, ...space, occupancy: n }));
    const occupied = await post('/v1/occupancy', { sourceId: 'sensor', occupancyEvents });
    expect(occupied.json().results.map((each: { resultCode: number }) => each.resultCode)).toEqual([0, 0]);
    const visitor = { eventId: 'v', timestamp, locationId: site.office.levelId, visitorName: 'Vi' };
    const visited = await post('/v1/visitor-arrival', { sourceId: 'desk', visitorArrivals: [visitor] });
    expect(visited.json()).toMatchObject({ results: [{ resultCode: 0 }] });
    expect(await statusOf(events('1', '2'))).toBe(200);
    for (const [url, payload] of [
      ['/v1/occupancy', { sourceId: 'sensor', occupancyEvents }],
      ['/v1/visitor-arrival', { sourceId: 'desk', visitorArrivals: [visitor] }],
      ['/v1/manage/refused-events/retry', {}],
    ] as const) {
      expect((await post(url, payload)).statusCode, url).toBe(429);
    }
    const timeOff = await post('/v1/timeoff', { timeOffEvents: [] });
    expect(timeOff.statusCode).not.toBe(429);
  });

  test('of one organisation never touches another', async () => {
    const neighbour = await addSite(server);
    await statusOf(events('1', '2', '3', '4', '5'));
    expect(await statusOf(events('6'))).toBe(429);
    expect(await statusOf([goodEvent(neighbour)], neighbour)).toBe(200);
    await exchange();
    await until(async () => (await storedToday(neighbour)) === 1);
    expect(await storedToday()).toBe(5);
  });

  test('of an organisation of its own holds instead of the default, within seconds of a change', async () => {
    await setQuota(2);
    expect(await statusOf(events('1', '2'))).toBe(200);
    expect(await statusOf(events('3'))).toBe(429);
    // An exchange with the database may have begun before the change.
    const isStoredSoon = (...ids: string[]) =>
      until(async () => {
        server.stopwatch.nowMs += 5_000;
        return (await statusOf(events(...ids))) === 200;
      });
    await setQuota(3);
    await isStoredSoon('3');
    expect(await statusOf(events('4'))).toBe(429);
    await setQuota(0);
    await isStoredSoon('4', '5', '6', '7');
    expect(await statusOf(events('8'))).toBe(200);
    expect(await readQuota()).toMatchObject({ quota: null, reachedPercent: 0 });
  });

  test('is told to the other replicas as soon as it is used up', async () => {
    await statusOf(events('1', '2', '3', '4', '5'));
    await until(async () => (await storedToday()) === 5);
    const replica = await replicaOf(server, { config: { dailyEventQuota: 5 } });
    const reply = await replica.inject({
      method: 'POST',
      url: '/v1/presence/basic',
      headers: site.headers,
      payload: { sourceId: 'door', presenceEvents: events('6') },
    });
    await replica.close();
    expect(reply.statusCode).toBe(429);
  });

  test('is read anew before a request passes, if the replica was idle for seconds', async () => {
    const stopwatch = () => server.stopwatch.nowMs;
    const replica = await replicaOf(server, { config: { dailyEventQuota: 5 }, stopwatch });
    const statusAtReplica = async (eventId: string) => {
      const reply = await replica.inject({
        method: 'POST',
        url: '/v1/presence/basic',
        headers: site.headers,
        payload: { sourceId: 'door', presenceEvents: events(eventId) },
      });
      return reply.statusCode;
    };
    expect(await statusAtReplica('1')).toBe(200);
    await statusOf(events('2', '3', '4', '5', '6'));
    await until(async () => (await storedToday()) === 5);
    server.stopwatch.nowMs += 12_000;
    // No timer of the replica has run meanwhile.
    expect(await statusAtReplica('7')).toBe(429);
    await replica.close();
  });

  test('is shown with its use', async () => {
    await statusOf(events('1', '2', '3', '4'));
    await exchange();
    await until(async () => (await storedToday()) === 4);
    expect(await readQuota()).toEqual({
      day: DAY,
      stored: 4,
      quota: 5,
      reachedPercent: 80,
      nextDayAt: '2026-03-11T00:00:00.000Z',
    });
  });

  test('is warned of in the log at 80 % and at 100 %, once a day each, whatever the number of replicas', async () => {
    await statusOf(events('1', '2', '3', '4'));
    await exchange();
    await until(async () => warnings().length === 1);
    expect(JSON.parse(warnings()[0] ?? '')).toMatchObject({
      msg: 'an organisation has used 80 % of its daily event quota',
      day: DAY,
      stored: 4,
      quota: 5,
    });
    await statusOf(events('5'));
    await until(async () => warnings().length === 2);
    expect(warnings()[1]).toContain('has used up its daily event quota');
    const lines: string[] = [];
    const other = new EventQuotas({
      ...{ database: server.db.restricted, defaultQuota: 5, processes: { count: 2 } },
      ...{ clock: server.clock.read, stopwatch: () => 0 },
      log: { warn: (_fields: unknown, text?: string) => lines.push(text ?? '') } as never,
    });
    await expect(other.require(site.tenantId)).rejects.toThrow('quota of 5 stored events');
    await other.close();
    expect(lines).toEqual([]);
  });

  test('is warned of at 80 % and at 100 % if one exchange reaches both', async () => {
    await statusOf(events('1', '2', '3', '4', '5'));
    await until(async () => warnings().length === 2);
    const texts = warnings().map((line) => JSON.parse(line).msg);
    expect(texts).toEqual([
      'an organisation has used 80 % of its daily event quota',
      expect.stringContaining('has used up its daily event quota'),
    ]);
  });
});

describe('the count of stored events', () => {
  const quotas = (count = 1, stopwatch = () => 0) =>
    new EventQuotas({
      ...{ database: server.db.restricted, defaultQuota: 1_000, processes: { count } },
      ...{ clock: server.clock.read, stopwatch, log: createLogger('silent') },
    });

  test('of others is read before a request passes, if this process was idle or little is left', async () => {
    let nowMs = 0;
    const [one, two] = [quotas(2, () => nowMs), quotas(2, () => nowMs)];
    const { tenantId } = site;
    await Promise.all([one.require(tenantId), two.require(tenantId)]);
    one.noteStored(tenantId, 998);
    await until(async () => (await storedToday()) === 998);
    nowMs = 12_000;
    await two.require(tenantId);
    one.noteStored(tenantId, 2);
    await until(async () => (await storedToday()) === 1_000);
    // It knows of 998 since this moment.
    await expect(two.require(tenantId)).rejects.toThrow('quota of 1000');
    await Promise.all([one.close(), two.close()]);
  });

  test('of others is read before a request passes after the process was idle', async () => {
    let nowMs = 0;
    const [one, two] = [quotas(2, () => nowMs), quotas(2, () => nowMs)];
    const { tenantId } = site;
    await Promise.all([one.require(tenantId), two.require(tenantId)]);
    one.noteStored(tenantId, 1_000);
    await until(async () => (await storedToday()) === 1_000);
    await two.require(tenantId);
    nowMs = 5_000;
    await expect(two.require(tenantId)).rejects.toThrow('quota of 1000');
    await Promise.all([one.close(), two.close()]);
  });

  test('adds up what several processes store, and each learns it', async () => {
    const [one, two] = [quotas(2), quotas(2)];
    await Promise.all([one.require(site.tenantId), two.require(site.tenantId)]);
    one.noteStored(site.tenantId, 400);
    two.noteStored(site.tenantId, 450);
    await one.flush();
    await two.flush();
    expect(await storedToday()).toBe(850);
    await one.require(site.tenantId);
    await one.flush();
    one.noteStored(site.tenantId, 100);
    // Two processes that both store as much would use up what is left, so this one tells the other at once.
    await until(async () => (await storedToday()) === 950);
    two.noteStored(site.tenantId, 50);
    await two.flush();
    await expect(two.require(site.tenantId)).rejects.toThrow('quota of 1000');
    await Promise.all([one.close(), two.close()]);
  });

  test('goes to the day on which the events came, also after midnight', async () => {
    const process = quotas();
    await process.require(site.tenantId);
    process.noteStored(site.tenantId, 3);
    server.clock.nowMs = Date.parse('2026-03-11T00:00:01Z');
    process.noteStored(site.tenantId, 4);
    await process.close();
    expect(await storedToday()).toBe(3);
    expect(await storedToday(site, '2026-03-11')).toBe(4);
  });

  test('is not written at all for requests without a new event', async () => {
    const process = quotas();
    await process.require(site.tenantId);
    process.noteStored(site.tenantId, 0);
    await process.close();
    const { rowCount } = await server.db.owner.inTenant(site.tenantId, (tx) =>
      tx.query('SELECT FROM event_days WHERE tenant_id = $1', [site.tenantId]),
    );
    expect(rowCount).toBe(0);
  });

  test('is deleted with the counts of sources', async () => {
    await statusOf(events('1'));
    await exchange();
    await until(async () => (await storedToday()) === 1);
    server.clock.nowMs += 40 * 86_400_000;
    const task = TASKS.find(({ name }) => name === 'activity');
    await task?.run({
      ...{ database: server.db.restricted, clock: server.clock.read, signal: new AbortController().signal },
      log: createLogger('silent'),
    } as never);
    expect(await storedToday()).toBe(0);
  });
});
