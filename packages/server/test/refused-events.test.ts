import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { trimRefusedEvents } from '../src/store/events/refused-events.ts';
import { countTransactions } from './support/database.ts';
import {
  addSite,
  goodEvent,
  presenceRows,
  refusedRows,
  results,
  type Site,
  submit,
} from './support/presence.ts';
import { startTestServer, type TestServer } from './support/server.ts';

const KEPT = 50;
const HOUR_MS = 3_600_000;
const DAY_S = 86_400;

let server: TestServer;
let site: Site;
beforeAll(async () => {
  // Only the hourly cleaning runs on this clock. Its work is real.
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  server = await startTestServer({ refusedEventsKept: KEPT });
});
beforeEach(async () => {
  site = await addSite(server);
});
afterEach(() => {
  server.clock.nowMs = Date.parse('2026-03-10T12:00:00Z');
});
afterAll(async () => {
  await server.close();
  vi.useRealTimers();
});

/** Refused events, because they name unknown users. */
const refusable = (to: Site, count: number, name = 'bad') =>
  Array.from({ length: count }, (_, index) =>
    goodEvent(to, { eventId: `${name} ${index}`, userId: undefined, userEmail: 'nobody@example.com' }),
  );
const keptIds = async (of: Site) => (await refusedRows(server, of)).map((row) => row.eventId);

/** Advances the clock by an hour, and waits for the cleaning. */
async function housekeep(): Promise<void> {
  const { rows } = await server.db.owner.inSystem((tx) => tx.query('SELECT FROM organisations'));
  const query = vi.spyOn(pg.Client.prototype, 'query');
  vi.advanceTimersByTime(HOUR_MS);
  const trimmings = () => query.mock.calls.filter(([text]) => String(text).includes("'rollcall trim '"));
  await expect.poll(() => trimmings().length).toBe(rows.length);
  query.mockRestore();
  await expect.poll(() => countTransactions(server.db)).toBe(0);
}

test('the newest are kept, as many as the setting says, separately for each organisation', async () => {
  const neighbour = await addSite(server);
  await results(server, neighbour, refusable(neighbour, 1, 'neighbour'));
  for (let call = 0; call < 40; call++) {
    server.clock.advanceS(1);
    await results(server, site, refusable(site, 25, `call ${call}`));
  }
  expect((await keptIds(site)).toSorted()).toEqual(
    [...refusable(site, 25, 'call 38'), ...refusable(site, 25, 'call 39')]
      .map((event) => event.eventId)
      .toSorted(),
  );
  expect(await keptIds(neighbour)).toEqual(['neighbour 0']);
});

test('of a call with more than that, the last ones are kept', async () => {
  await results(server, site, refusable(site, 100));
  expect((await keptIds(site)).toSorted()).toEqual(
    refusable(site, 100)
      .slice(-KEPT)
      .map((event) => event.eventId)
      .toSorted(),
  );
});

test('they are deleted after 30 days, within the hour, in every organisation', async () => {
  const neighbour = await addSite(server);
  for (const each of [site, neighbour]) await results(server, each, refusable(each, 1, 'old'));
  server.clock.advanceS(1);
  await results(server, site, refusable(site, 1, 'younger'));
  server.clock.advanceS(30 * DAY_S - 1);
  await housekeep();
  expect(await keptIds(site)).toEqual(['old 0', 'younger 0']);
  server.clock.advanceS(1);
  await housekeep();
  expect(await keptIds(neighbour)).toEqual([]);
  expect(await keptIds(site)).toEqual(['younger 0']);
});

test('concurrent clients with refused events are all answered, and none waits for the trimming', async () => {
  const replies = await Promise.all(
    Array.from({ length: 60 }, (_, call) =>
      submit(server, site, [
        ...refusable(site, 99, `call ${call}`),
        goodEvent(site, { eventId: `good ${call}` }),
      ]),
    ),
  );
  expect(new Set(replies.map((reply) => reply.statusCode))).toEqual(new Set([200]));
  expect(await presenceRows(server, site)).toHaveLength(60);
  // A batch that comes while another one trims leaves its rows to a later one.
  let later = 0;
  const keptAfterOneMore = async () => {
    await submit(server, site, refusable(site, 100, `later ${later++}`));
    return (await keptIds(site)).length;
  };
  await expect.poll(keptAfterOneMore).toBeLessThanOrEqual(KEPT + 1_000);
});

test('a batch does not wait for a trimming by another process', async () => {
  await results(server, site, refusable(site, 100, 'early'));
  await server.db.owner.inTenant(site.tenantId, async (tx) => {
    await trimRefusedEvents(tx, site.tenantId, { before: new Date(0), keep: 1, keptBytes: undefined });
    for (let call = 0; call < 10; call++) {
      server.clock.advanceS(1);
      await results(server, site, [...refusable(site, 99, `call ${call}`), goodEvent(site)]);
    }
  });
  expect(await presenceRows(server, site)).toHaveLength(1);
});

test('the kept data of one event are bounded, for any content', async () => {
  const long = 'x'.repeat(200_000);
  await submit(server, site, [goodEvent(site, { eventId: long, note: long })], long);
  const [row] = await refusedRows(server, site);
  for (const text of Object.values(row ?? {})) expect(String(text).length).toBeLessThanOrEqual(8_192);
});

test('an event of up to 16 KiB is kept whole, for any content', async () => {
  const event = (note: string) => refusable(site, 1).map((each) => ({ ...each, note }))[0] ?? {};
  const room = 16_384 - Buffer.byteLength(JSON.stringify(event('')));
  const notes = ['é'.repeat(room / 2), '\0\ud800 \\u0000', `${'é'.repeat(room / 2)}xx`];
  for (const note of notes) {
    server.clock.advanceS(1);
    await submit(server, site, [event(note)]);
  }
  const rows = await refusedRows(server, site);
  expect(rows.slice(0, 2).map((row) => JSON.parse(row.event ?? '').note)).toEqual(notes.slice(0, 2));
  expect(rows[2]?.event?.length).toBe(8_192);
});

test('the JSON that is kept is bounded for each organisation', async () => {
  const note = 'x'.repeat(16_000);
  const large = (name: string) => refusable(site, 5, name).map((each) => ({ ...each, note }));
  for (let call = 0; call < 8; call++) {
    server.clock.advanceS(1);
    await results(server, site, large(`call ${call}`));
  }
  const rows = await refusedRows(server, site);
  const bytes = rows.reduce((sum, { event }) => sum + Buffer.byteLength(event ?? ''), 0);
  // An eighth more may wait for the next trimming, with the events of the call that comes then.
  expect(bytes).toBeLessThanOrEqual((KEPT * 4_096 * 9) / 8 + 5 * 16_384);
  expect(rows.at(-1)?.eventId).toMatch(/^call 7/);
});

test('none are kept if the setting is 0, and the answers are the same', async () => {
  const forgetful = await startTestServer({ refusedEventsKept: 0 });
  const own = await addSite(forgetful);
  expect(await results(forgetful, own, refusable(own, 1))).toMatchObject([{ resultCode: 1 }]);
  expect((await submit(forgetful, own, 'nonsense')).statusCode).toBe(400);
  expect(await refusedRows(forgetful, own)).toEqual([]);
  await forgetful.close();
});
