import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { createLogger } from '../src/http/logging.ts';
import { SourceActivity } from '../src/ingest/source-activity.ts';
import { TASKS } from '../src/jobs/tasks.ts';
import { addUser } from './support/directory.ts';
import { addSite, goodEvent, results } from './support/presence.ts';
import { startTestServer, type TestServer } from './support/server.ts';
import { until } from './support/waiting.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

let server: TestServer;
let tenantId: string;
let key: { apiKey: string; secret: string };
beforeAll(async () => {
  // Only the servers' storing of counts runs on this clock.
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  server = await startTestServer();
});
beforeEach(async () => {
  // A Tuesday, in the summer time of Berlin.
  server.clock.nowMs = Date.parse('2026-06-09T12:30:00Z');
  tenantId = await server.organisation({ timeZone: 'Europe/Berlin' });
  key = await server.key(tenantId);
});
afterAll(async () => {
  await server.close();
  vi.useRealTimers();
});

interface Source {
  endpoint: string;
  sourceId: string | null;
  firstEventAt: string;
  lastEventAt: string;
  quiet: boolean;
  missedHours: number;
  hours: { from: string; accepted: number[]; refused: number[] };
  days: { from: string; accepted: number[]; refused: number[] };
}

async function list(query = ''): Promise<{ items: Source[]; next: string | null }> {
  const reply = await server.app.inject({
    url: `/v1/manage/sources?${query}`,
    headers: { authorization: `Bearer ${await server.token(key)}` },
  });
  if (reply.statusCode !== 200) throw new Error(`${reply.statusCode} ${reply.body}`);
  return reply.json();
}
async function only(): Promise<Source> {
  const { items } = await list();
  expect(items).toHaveLength(1);
  return items[0] as Source;
}

/** Lets the server store its counts, until as many sources are listed. */
async function stored(sources: number): Promise<void> {
  vi.advanceTimersByTime(5_000);
  await until(async () => (await list()).items.length === sources);
}

/** Stores counts as a server does that has received events at these instants. */
async function count(
  sourceId: string,
  instantsMs: readonly number[],
  { endpoint = 'presence', refused = 0 } = {},
): Promise<void> {
  const activity = new SourceActivity({ database: server.db.restricted, log: createLogger('silent') });
  for (const atMs of instantsMs)
    activity.note(tenantId, { endpoint, sourceId, accepted: 1 - refused, refused, atMs });
  await activity.close();
}

/** The instants at each full hour of office hours (8 to 17 o'clock of Berlin) on the workdays before now. */
function officeHours(weeks: number, lastMs = server.clock.nowMs): number[] {
  const instants: number[] = [];
  for (let ms = server.clock.nowMs - weeks * 7 * DAY_MS; ms <= lastMs; ms += HOUR_MS) {
    const local = new Date(ms).toLocaleString('en-GB', {
      timeZone: 'Europe/Berlin',
      weekday: 'short',
      hour: '2-digit',
    });
    const hour = Number(local.slice(-2));
    if (!/^S/.test(local) && hour >= 8 && hour < 18) instants.push(ms);
  }
  return instants;
}

describe('GET /v1/manage/sources', () => {
  test('counts accepted and refused events of each source', async () => {
    const own = await addSite(server);
    const neighbour = key;
    key = own.key;
    await results(server, own, [goodEvent(own), goodEvent(own, { eventId: 'e2' })], 'north door');
    await results(server, own, [goodEvent(own, { userId: undefined, userEmail: 'nobody' })], 'north door');
    await server.app.inject({
      method: 'POST',
      url: '/v1/timeoff',
      headers: { authorization: `Bearer ${await server.token(key)}` },
      payload: {
        timeOffEvents: [
          {
            eventId: 't',
            email: 'x',
            eventType: 'scheduled',
            startDate: '2026-06-10',
            endDate: '2026-06-10',
          },
        ],
      },
    });
    expect((await list()).items).toEqual([]);
    await stored(2);
    const [door, timeOff] = (await list()).items;
    expect(door).toMatchObject({ endpoint: 'presence', sourceId: 'north door', quiet: false });
    expect([door?.hours.accepted.at(-1), door?.hours.refused.at(-1)]).toEqual([2, 1]);
    expect(timeOff).toMatchObject({ endpoint: 'timeoff', sourceId: null });
    key = neighbour;
    expect((await list()).items).toEqual([]);
  });

  test('has 48 hours and 30 days by the time zone of the organisation', async () => {
    const now = server.clock.nowMs;
    await count('door', [now, now - 60_000, now - 2 * HOUR_MS, Date.parse('2026-06-08T22:30:00Z')]);
    await count('door', [Date.parse('2026-06-08T21:30:00Z')], { refused: 1 });
    const { hours, days, firstEventAt, lastEventAt } = await only();
    expect([firstEventAt, lastEventAt]).toEqual(['2026-06-08T21:30:00.000Z', '2026-06-09T12:30:00.000Z']);
    expect(hours.from).toBe('2026-06-07T13:00:00.000Z');
    expect([hours.accepted.length, hours.refused.length]).toEqual([48, 48]);
    expect(hours.accepted.slice(-3)).toEqual([1, 0, 2]);
    expect(hours.refused.reduce((sum, each) => sum + each)).toBe(1);
    expect([days.from, days.accepted.length]).toEqual(['2026-05-11', 30]);
    // It was past midnight in Berlin.
    expect(days.accepted.slice(-2)).toEqual([0, 4]);
    expect(days.refused.slice(-2)).toEqual([1, 0]);
  });

  test('comes in pages', async () => {
    for (const sourceId of ['a', 'b', 'c']) await count(sourceId, [server.clock.nowMs]);
    const first = await list('limit=2');
    const second = await list(`limit=2&after=${first.next}`);
    expect([...first.items, ...second.items].map(({ sourceId }) => sourceId)).toEqual(['a', 'b', 'c']);
    expect(second.next).toBeNull();
    const reply = await server.app.inject({
      url: '/v1/manage/sources?after=x',
      headers: { authorization: `Bearer ${await server.token(key)}` },
    });
    expect(reply.statusCode).toBe(400);
  });

  test('a long sourceId costs no other source its counts', async () => {
    // PostgreSQL would compress repeated characters.
    const long = Array.from({ length: 1_024 }, (_, index) =>
      String.fromCharCode(0x4e00 + ((index * 7_919) % 20_000)),
    ).join('');
    const activity = new SourceActivity({ database: server.db.restricted, log: createLogger('silent') });
    for (const sourceId of [long, 'door'])
      activity.note(tenantId, {
        endpoint: 'presence',
        sourceId,
        accepted: 1,
        refused: 0,
        atMs: server.clock.nowMs,
      });
    await activity.close();
    expect((await only()).sourceId).toBe('door');
  });

  test('keeps at most a thousand sources', async () => {
    const now = server.clock.nowMs;
    const activity = new SourceActivity({ database: server.db.restricted, log: createLogger('silent') });
    const note = (sourceId: string) =>
      activity.note(tenantId, { endpoint: 'presence', sourceId, accepted: 1, refused: 0, atMs: now });
    for (let index = 0; index < 999; index++) note(`source ${index}`);
    await activity.flush();
    for (let index = 0; index < 1_500; index++) note(`source b${index}`);
    await activity.flush();
    note('one more');
    note('source 0');
    note('a\0b');
    await activity.close();
    const { items, next } = await list('limit=1000');
    expect([items.length, next]).toEqual([1_000, null]);
    expect(items[0]?.hours.accepted.at(-1)).toBe(2);
  });
});

describe('a source is quiet', () => {
  const QUIET = { quiet: true };
  const NOT_QUIET = { quiet: false };
  const at = (iso: string) => {
    server.clock.nowMs = Date.parse(iso);
  };

  test('when two hours have passed in which it usually sends', async () => {
    await count('door', officeHours(4, Date.parse('2026-06-09T09:30:00Z')));
    at('2026-06-09T11:59:00Z');
    expect(await only()).toMatchObject({ ...NOT_QUIET, missedHours: 1 });
    at('2026-06-09T12:00:00Z');
    expect(await only()).toMatchObject({ ...QUIET, missedHours: 2 });
  });

  test('not in the night, nor on a weekend, nor when the first person of Monday is late', async () => {
    at('2026-06-12T16:00:00Z');
    await count('door', officeHours(4));
    for (const iso of ['2026-06-12T23:00:00Z', '2026-06-14T12:00:00Z', '2026-06-15T07:59:00Z']) {
      at(iso);
      expect(await only()).toMatchObject(NOT_QUIET);
    }
    at('2026-06-15T08:00:00Z');
    expect(await only()).toMatchObject(QUIET);
  });

  test('until the server forgets it, 31 days after its last event', async () => {
    const activity = TASKS.find(({ name }) => name === 'activity');
    const prune = () =>
      activity?.run({
        database: server.db.restricted,
        target: server.db.target,
        clock: server.clock.read,
        log: createLogger('silent'),
        signal: new AbortController().signal,
      });
    const lastMs = server.clock.nowMs;
    await count(
      'door',
      Array.from({ length: 32 * 24 }, (_, hours) => lastMs - hours * HOUR_MS),
    );
    server.clock.nowMs = lastMs + 26 * DAY_MS;
    await prune();
    key = await server.key(tenantId);
    expect(await only()).toMatchObject({ ...QUIET, missedHours: 7 * 24 });
    server.clock.nowMs = lastMs + 32 * DAY_MS;
    await prune();
    expect((await list()).items).toEqual([]);
  });

  test('by the clock of the organisation, also after clocks have changed', async () => {
    // Clocks went back on 25 October. Eight o'clock is 06:00 UTC before, and 07:00 UTC after.
    at('2026-10-23T16:00:00Z');
    await count('door', officeHours(4));
    at('2026-10-26T08:59:00Z');
    expect(await only()).toMatchObject(NOT_QUIET);
    at('2026-10-26T09:00:00Z');
    expect(await only()).toMatchObject(QUIET);
  });

  test('not before the server knows its habit', async () => {
    await count('new', officeHours(2, Date.parse('2026-06-08T16:00:00Z')));
    await count(
      'rare',
      [7, 14, 21, 28].flatMap((days) =>
        [0, 1, 2].map((hours) => server.clock.nowMs - days * DAY_MS - hours * HOUR_MS),
      ),
    );
    expect((await list()).items).toMatchObject([NOT_QUIET, NOT_QUIET]);
  });

  test('not while it sends refused events', async () => {
    await count('door', officeHours(4, Date.parse('2026-06-08T16:00:00Z')));
    expect(await only()).toMatchObject(QUIET);
    await count('door', [server.clock.nowMs], { refused: 1 });
    expect(await only()).toMatchObject(NOT_QUIET);
  });
});

describe('the last event', () => {
  test('is exact before the counts are stored, and does not move by a retry', async () => {
    const own = await addSite(server);
    key = own.key;
    const newcomer = { userId: undefined, userEmail: 'new@example.com' };
    await results(server, own, [goodEvent(own, { eventId: 'refused', ...newcomer })], 'door');
    await stored(1);
    server.clock.advanceS(60);
    await results(server, own, [goodEvent(own)], 'door');
    expect((await only()).lastEventAt).toBe('2026-06-09T12:31:00.000Z');
    await addUser(server.db.owner, own.tenantId, { userName: 'new@example.com', email: 'new@example.com' });
    server.clock.advanceS(60);
    const retried = await server.app.inject({
      method: 'POST',
      url: '/v1/manage/refused-events/retry',
      headers: { authorization: `Bearer ${await server.token(key)}` },
      payload: {},
    });
    expect(retried.json()).toMatchObject({ mended: 1 });
    expect((await only()).lastEventAt).toBe('2026-06-09T12:31:00.000Z');
  });
});
