import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { formatInstant, parseInstant } from '../src/http/instants.ts';
import { addNode, addUser } from './support/directory.ts';
import {
  addSite,
  goodEvent,
  type Members,
  presenceRows,
  results,
  type Site,
  submit,
} from './support/presence.ts';
import { basic, startTestServer, type TestServer } from './support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

/**
 * An organisation whose office and user have the same ids as those of another one. The same events give the same
 * exports.
 */
async function twinOf({ office, user }: Site): Promise<Site> {
  const { owner } = server.db;
  const tenantId = await server.organisation();
  const key = await server.key(tenantId);
  const nodes = [
    { kind: 'location', nodeId: office.locationId, timeZone: 'UTC' },
    { kind: 'level', nodeId: office.levelId, parentId: office.locationId },
    { kind: 'zone', nodeId: office.zoneId, parentId: office.levelId },
    { kind: 'place', nodeId: office.placeId, parentId: office.zoneId },
  ] as const;
  for (const node of nodes) await addNode(owner, tenantId, node);
  await addUser(owner, tenantId, user);
  return { tenantId, key, headers: { authorization: basic(key) }, office, user };
}

/** Events by the members that distinguish them, with few different values, so that repeats are common. */
const told = fc.record({
  eventId: fc.constantFrom('a', 'b', ''),
  timestamp: fc.constantFrom(
    '2026-03-10T09:00:00Z',
    '2026-03-10T20:00:00+11:00',
    '2026-03-09T23:59:59.999999Z',
    '2026-03-10T00:00:00.000Z',
  ),
  locationType: fc.constantFrom('place', 'level', 'location', 'zone', 'nowhere'),
  sourceId: fc.constantFrom('door', 'wifi'),
});
type Told = typeof told extends fc.Arbitrary<infer T> ? T : never;

function toEvent(site: Site, { eventId, timestamp, locationType }: Told): Members {
  const locationId = (site.office as unknown as Record<string, string>)[`${locationType}Id`] ?? 'x';
  return goodEvent(site, { eventId, timestamp, locationType, locationId });
}

/** Sends the events in calls of at most `size` events. Each call has one source. */
async function tell(site: Site, events: Told[], size: number): Promise<void> {
  for (const sourceId of new Set(events.map((event) => event.sourceId))) {
    const own = events.filter((event) => event.sourceId === sourceId).map((event) => toEvent(site, event));
    for (let start = 0; start < own.length; start += size) {
      await results(server, site, own.slice(start, start + size), sourceId);
    }
  }
}

test('order, batches and repetition of events never change the export', async () => {
  const history = fc.array(told, { minLength: 1, maxLength: 20 });
  const retelling = history.chain((events) =>
    fc.record({
      events: fc.constant(events),
      // Every event comes at least once, and some several times, in any order.
      again: fc
        .tuple(
          fc.shuffledSubarray(events, { minLength: events.length }),
          fc.array(fc.constantFrom(...events), { maxLength: 10 }),
        )
        .map(([all, more]) => [...more, ...all]),
      size: fc.integer({ min: 1, max: 8 }),
    }),
  );
  await fc.assert(
    fc.asyncProperty(retelling, async ({ events, again, size }) => {
      const one = await addSite(server);
      const other = await twinOf(one);
      await tell(one, events, 100);
      await tell(other, again, size);
      expect(await presenceRows(server, other)).toEqual(await presenceRows(server, one));
    }),
    { numRuns: 15 },
  );
});

test('concurrent clients with overlapping batches, each in its own order, all succeed and store each event once', async () => {
  const site = await addSite(server);
  const people = [site.user, await addUser(server.db.owner, site.tenantId)];
  const events = Array.from({ length: 200 }, (_, index) =>
    goodEvent(site, {
      eventId: `e${index}`,
      userId: people[index % 2]?.userId,
      timestamp: new Date(Date.UTC(2026, 2, 9) + (index % 50) * 60_000).toISOString(),
    }),
  );
  const bad = goodEvent(site, { eventId: 'bad', locationType: 'nowhere' });
  const random = fc.sample(fc.shuffledSubarray(events, { minLength: 99, maxLength: 99 }), {
    numRuns: 40,
    seed: 7,
  });
  const halves = [events.slice(0, 100), events.slice(100)].flatMap((half) => [half, half.toReversed()]);
  const replies = await Promise.all(
    [...random.map((batch) => [...batch, bad]), ...halves].map((batch) => submit(server, site, batch)),
  );
  expect(new Set(replies.map((reply) => reply.statusCode))).toEqual(new Set([200]));
  const rows = await presenceRows(server, site);
  expect(rows.map((row) => row.eventId).toSorted()).toEqual(events.map((event) => event.eventId).toSorted());
});

describe('instants', () => {
  const EARLIEST_US = Date.UTC(2000, 0, 1) * 1_000;
  const LATEST_US = Date.UTC(2200, 0, 1) * 1_000;
  const instants = fc.integer({ min: EARLIEST_US, max: LATEST_US });
  const offsets = fc.integer({ min: -23 * 60 - 59, max: 23 * 60 + 59 });

  test('are exported as they were sent', () => {
    fc.assert(
      fc.property(instants, (us) => {
        expect(parseInstant(formatInstant(us))).toBe(us);
      }),
    );
  });

  test('sort as text in the order of their values, if they are whole milliseconds apart', () => {
    const written = (us: number) => formatInstant(us - (us % 1_000));
    fc.assert(
      fc.property(instants, instants, (a, b) => {
        expect(written(a) <= written(b)).toBe(a - (a % 1_000) <= b - (b % 1_000));
      }),
    );
  });

  test('are the same with any offset, and in any notation of ISO 8601', () => {
    const two = (value: number) => String(value).padStart(2, '0');
    fc.assert(
      fc.property(instants, offsets, fc.boolean(), fc.boolean(), (us, offsetMinutes, basic, comma) => {
        const local = formatInstant(us + offsetMinutes * 60_000_000).slice(0, -1);
        const [hours, minutes] = [Math.floor(Math.abs(offsetMinutes) / 60), Math.abs(offsetMinutes) % 60];
        const extended = `${local}${offsetMinutes < 0 ? '-' : '+'}${two(hours)}:${two(minutes)}`;
        const date = extended.slice(0, 10);
        const time = comma ? extended.slice(10).replace('.', ',') : extended.slice(10);
        const text = basic ? date.replaceAll('-', '') + time.replaceAll(':', '') : date + time;
        expect(parseInstant(text)).toBe(us);
      }),
    );
  });

  test('without an offset are in UTC', () => {
    fc.assert(
      fc.property(instants, (us) => {
        expect(parseInstant(formatInstant(us).slice(0, -1))).toBe(us);
      }),
    );
  });

  test('come from no other texts, and from no dates that do not exist', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(!/^\d{4}-?\d{2}-?\d{2}[T ]/i.test(text));
        expect(parseInstant(text)).toBeUndefined();
      }),
    );
    const fields = fc.tuple(
      fc.integer({ min: 2000, max: 2100 }),
      fc.integer({ min: 0, max: 19 }),
      fc.integer({ min: 0, max: 39 }),
    );
    fc.assert(
      fc.property(fields, ([year, month, day]) => {
        const text = `${year}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}T00:00:00Z`;
        const us = parseInstant(text);
        const lastOfMonth = new Date(Date.UTC(year, month, 0)).getUTCDate();
        const exists = month >= 1 && month <= 12 && day >= 1 && day <= lastOfMonth;
        expect(us === undefined ? undefined : formatInstant(us).slice(0, 10)).toBe(
          exists ? text.slice(0, 10) : undefined,
        );
      }),
    );
  });
});
