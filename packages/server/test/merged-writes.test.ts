import { afterAll, beforeAll, expect, test } from 'vitest';
import { seeingAll } from './support/backup.ts';
import { whileLocked } from './support/locks.ts';
import { addSite, goodEvent, presenceRows, type Site, submit } from './support/presence.ts';
import { startTestServer, type TestServer } from './support/server.ts';

let server: TestServer;
let sites: Site[];
beforeAll(async () => {
  server = await startTestServer();
  sites = [await addSite(server), await addSite(server), await addSite(server)];
});
afterAll(() => server.close());

/** Sends `count` concurrent requests of one event each, alternating between the organisations. */
function sendAll(name: string, count: number) {
  return Promise.all(
    Array.from({ length: count }, async (_, turn) => {
      const site = sites[turn % sites.length] as Site;
      const reply = await submit(server, site, [goodEvent(site, { eventId: `${name} ${turn}` })]);
      return { turn, status: reply.statusCode, code: reply.json().results?.[0]?.resultCode };
    }),
  );
}

async function storedOf(site: Site, name: string): Promise<string[]> {
  const rows = await presenceRows(server, site);
  return rows
    .map(({ eventId }) => eventId)
    .filter((eventId) => eventId.startsWith(name))
    .sort();
}

test('concurrent requests share commits, and each organisation has its own events', async () => {
  await sendAll('warm', 3);
  // Both writers wait for this lock, and all other requests wait for the writers.
  const answers = await whileLocked(server.db.target, 'presence_events', 'SHARE', () =>
    sendAll('merged', 60),
  );
  expect(answers.filter(({ status, code }) => status !== 200 || code !== 0)).toEqual([]);
  for (const [index, site] of sites.entries()) {
    const own = answers.filter(({ turn }) => turn % sites.length === index);
    expect(await storedOf(site, 'merged')).toEqual(own.map(({ turn }) => `merged ${turn}`).sort());
  }
  const { rows } = await seeingAll(server.db.target, (client) =>
    client.query(
      `SELECT count(*)::int AS events, count(DISTINCT written_xid)::int AS commits,
              count(DISTINCT tenant_id)::int AS organisations FROM presence_events WHERE event_id LIKE 'merged %'`,
    ),
  );
  expect(rows[0]).toMatchObject({ events: 60, organisations: 3 });
  expect(rows[0].commits).toBeLessThan(20);
});

/**
 * The busy organisations send requests with a hundred events, and after them the calm one sends one event. Returns the
 * number of requests of the busy ones, and how many of them were answered before it.
 */
async function answeredBefore(calm: Site, busy: readonly Site[], turns: number) {
  let answered = 0;
  let before: number | undefined;
  const statuses = await whileLocked(server.db.target, 'presence_events', 'SHARE', async (onSent) => {
    const sent = Array.from({ length: turns }).flatMap((_, turn) =>
      busy.map(async (site) => {
        const events = Array.from({ length: 100 }, (_, at) =>
          goodEvent(site, { eventId: `many ${turn} ${at}` }),
        );
        const { statusCode } = await submit(server, site, events);
        answered++;
        return statusCode;
      }),
    );
    // These requests store nothing. Meanwhile, the many requests proceed as far as they can.
    for (let turn = 0; turn < 50; turn++) await submit(server, calm, []);
    const last = submit(server, calm, [goodEvent(calm, { eventId: `after ${busy.length}` })]);
    onSent();
    const { statusCode } = await last;
    before = answered;
    return [statusCode, ...(await Promise.all(sent))];
  });
  expect(new Set(statuses)).toEqual(new Set([200]));
  return { before, many: turns * busy.length };
}

test('a request does not wait for many earlier requests of another organisation', async () => {
  const [busy, calm] = sites as [Site, Site];
  const { before, many } = await answeredBefore(calm, [busy], 200);
  // Two transactions are running. The new request is in the next one.
  expect(before).toBeLessThan(many / 2);
});

test('a request does not wait for requests of many other organisations that do not fit into one transaction', async () => {
  const [calm] = sites as [Site];
  const busy = await Promise.all(Array.from({ length: 30 }, () => addSite(server)));
  const { before, many } = await answeredBefore(calm, busy, 8);
  expect(before).toBeLessThan(many / 2);
});

test('a request that the database cannot store fails alone, not with the other requests of its transaction', async () => {
  await seeingAll(server.db.target, (client) =>
    client.query(`
      CREATE FUNCTION refuse_poison() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN RAISE EXCEPTION 'poison'; END $$;
      GRANT EXECUTE ON FUNCTION refuse_poison() TO PUBLIC;
      CREATE TRIGGER refuse_poison BEFORE INSERT ON presence_events FOR EACH ROW
        WHEN (NEW.event_id = 'poisoned 20') EXECUTE FUNCTION refuse_poison()`),
  );
  const answers = await sendAll('poisoned', 40);
  expect(answers.filter(({ status }) => status !== 200).map(({ turn, status }) => [turn, status])).toEqual([
    [20, 500],
  ]);
  expect(answers.filter(({ code }) => code === 0)).toHaveLength(39);
  const stored = (await Promise.all(sites.map((site) => storedOf(site, 'poisoned')))).flat();
  expect(stored).toHaveLength(39);
  expect(stored).not.toContain('poisoned 20');
  expect(await sendAll('afterwards', 6)).toMatchObject(
    Array.from({ length: 6 }, () => ({ status: 200, code: 0 })),
  );
});

test('the same events in many concurrent requests are stored once, whichever request is first', async () => {
  const [site] = sites as [Site];
  const events = Array.from({ length: 50 }, (_, index) => goodEvent(site, { eventId: `same ${index}` }));
  const replies = await Promise.all(
    Array.from({ length: 30 }, (_, turn) => submit(server, site, turn % 2 ? events : events.toReversed())),
  );
  expect(replies.filter(({ statusCode }) => statusCode !== 200)).toEqual([]);
  expect(await storedOf(site, 'same')).toHaveLength(50);
});
