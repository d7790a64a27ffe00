import pg from 'pg';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { runStatement } from '../src/store/connections/pipeline.ts';
import { resolve } from '../src/store/directory/directory-look-up.ts';
import { presenceEventsInsert } from '../src/store/events/presence-events.ts';
import { addNode } from './support/directory.ts';
import { addHistory, localDate, moveTo, redate, redatingOf } from './support/redating.ts';
import { startTestServer, type TestServer } from './support/server.ts';
import { Workplace } from './support/submissions.ts';
import { until } from './support/waiting.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  server.clock.nowMs = Date.parse('2026-05-01T12:00:00Z');
});
afterAll(() => server.close());

const ALL_MARCH = 'startDate=2026-03-01&endDate=2026-03-31';

interface PresenceRow {
  eventId: string;
  timestamp: string;
  day: string;
}

const presence = (work: Workplace) =>
  work.exported('presence', ALL_MARCH) as Promise<unknown> as Promise<PresenceRow[]>;

/** The events whose day is not the local date in `timeZone`. */
async function misdated(work: Workplace, timeZone: string): Promise<PresenceRow[]> {
  const rows = await presence(work);
  expect(rows.length).toBeGreaterThan(0);
  return rows.filter(({ timestamp, day }) => day.slice(0, 10) !== localDate(timestamp, timeZone));
}

/** The transaction that last wrote each event. */
async function writers({ tenantId }: Workplace): Promise<Map<string, string>> {
  const { rows } = await server.db.owner.inTenant(tenantId, (tx) =>
    tx.query('SELECT event_id, written_xid::text AS xid FROM presence_events WHERE tenant_id = $1', [
      tenantId,
    ]),
  );
  return new Map(rows.map(({ event_id, xid }) => [event_id, xid]));
}

describe('A run of the job', () => {
  test('that is stopped half-way is continued by the next one, and a further one changes nothing', async () => {
    const work = await Workplace.open(server, 'Europe/London');
    await addHistory(work, 7_000);
    await moveTo(work, 'Asia/Tokyo');
    const stopping = new AbortController();
    await redate(server, { signal: stopping.signal, onProgress: (done) => done > 0 && stopping.abort() });
    expect(await redatingOf(work, work.office.locationId)).toMatchObject({
      ...{ eventsDone: 5_000, eventsTotal: 7_000, finishedAt: null },
      startedAt: new Date(server.clock.nowMs).toISOString(),
    });
    expect(await misdated(work, 'Asia/Tokyo')).not.toEqual([]);
    const early = await writers(work);

    const progress: [number, number][] = [];
    await redate(server, { onProgress: (...step) => progress.push(step) });
    expect(progress).toEqual([[5_000, 7_000], ...Array.from({ length: 3 }, () => [7_000, 7_000])]);
    expect(await misdated(work, 'Asia/Tokyo')).toEqual([]);
    const late = await writers(work);
    for (let i = 1; i <= 5_000; i++) expect(late.get(`e${i}`)).toBe(early.get(`e${i}`));

    await redate(server);
    expect(await writers(work)).toEqual(late);
  });

  test('writes only the events whose day changes, and consumers of changes get them', async () => {
    const work = await Workplace.open(server, 'Europe/London');
    await addHistory(work, 1_000);
    const before = await writers(work);
    const rows = await presence(work);
    await moveTo(work, 'Europe/Paris');
    await redate(server);
    const after = await writers(work);
    const moved = rows.filter(
      ({ timestamp }) => localDate(timestamp, 'Europe/London') !== localDate(timestamp, 'Europe/Paris'),
    );
    expect(moved.length).toBeGreaterThan(10);
    const rewritten = [...after].filter(([eventId, xid]) => before.get(eventId) !== xid);
    expect(rewritten.map(([eventId]) => eventId).sort()).toEqual(moved.map(({ eventId }) => eventId).sort());
  });

  test('leaves other offices and other organisations alone', async () => {
    const [work, other] = [await Workplace.open(server, 'UTC'), await Workplace.open(server, 'UTC')];
    const annex = await addNode(server.db.owner, work.tenantId, { kind: 'location', timeZone: 'UTC' });
    for (const one of [work, other]) await addHistory(one, 500);
    await moveTo(work, 'Asia/Tokyo', annex);
    await redate(server);
    for (const one of [work, other]) expect(await misdated(one, 'UTC')).toEqual([]);
    expect(await redatingOf(work, annex)).toMatchObject({ eventsDone: 0, eventsTotal: 0 });
    expect(await redatingOf(work, work.office.locationId)).toBeNull();
  });

  test('that is concurrent with others shares the work with them', async () => {
    const work = await Workplace.open(server, 'Pacific/Kiritimati');
    await addHistory(work, 7_000);
    await moveTo(work, 'Pacific/Pago_Pago');
    await Promise.all([redate(server), redate(server), redate(server)]);
    await redate(server);
    expect(await misdated(work, 'Pacific/Pago_Pago')).toEqual([]);
    expect(await redatingOf(work, work.office.locationId)).toMatchObject({
      ...{ eventsDone: 7_000, eventsTotal: 7_000 },
      finishedAt: expect.any(String),
    });
  });
});

describe('A time zone that changes again', () => {
  test('before the job has finished the first change: the job starts again, from the first time zone', async () => {
    const work = await Workplace.open(server, 'Europe/London');
    await addHistory(work, 7_000);
    await moveTo(work, 'Asia/Tokyo');
    const stopping = new AbortController();
    await redate(server, { signal: stopping.signal, onProgress: (done) => done > 0 && stopping.abort() });
    await moveTo(work, 'Europe/London');
    expect(await redatingOf(work, work.office.locationId)).toEqual({
      locationId: work.office.locationId,
      ...{ fromTimeZone: 'Europe/London', toTimeZone: 'Europe/London' },
      ...{ startedAt: null, finishedAt: null, eventsDone: 0, eventsTotal: 0 },
    });
    await redate(server);
    expect(await misdated(work, 'Europe/London')).toEqual([]);
  });

  test('during a run: the run continues with the new time zone, or leaves it to the next run', async () => {
    const work = await Workplace.open(server, 'Europe/London');
    await addHistory(work, 7_000);
    await moveTo(work, 'Asia/Tokyo');
    let changed: Promise<void> | undefined;
    await redate(server, {
      onProgress: (done) => {
        if (done > 0) changed ??= moveTo(work, 'America/New_York');
      },
    });
    await changed;
    await redate(server);
    expect(await misdated(work, 'America/New_York')).toEqual([]);
    expect(await redatingOf(work, work.office.locationId)).toMatchObject({
      toTimeZone: 'America/New_York',
      finishedAt: expect.any(String),
    });
  });

  test('after the job has finished: the next change starts from the new time zone', async () => {
    const work = await Workplace.open(server, 'UTC');
    await moveTo(work, 'Asia/Tokyo');
    await redate(server);
    await moveTo(work, 'Asia/Kolkata');
    expect(await redatingOf(work, work.office.locationId)).toMatchObject({
      fromTimeZone: 'Asia/Tokyo',
      finishedAt: null,
    });
    await redate(server);
  });

  test('to its former value: nothing is re-dated', async () => {
    const work = await Workplace.open(server, 'UTC');
    await server.db.owner.inTenant(work.tenantId, (tx) =>
      tx.query(
        "UPDATE nodes SET time_zone = 'UTC', name = 'renamed' WHERE tenant_id = $1 AND kind = 'location'",
        [work.tenantId],
      ),
    );
    expect(await redatingOf(work, work.office.locationId)).toBeNull();
  });
});

test.each([
  ['had read the old time zone', 'reads'],
  ['had written the day in the old time zone', 'writes'],
] as const)(
  'an event whose transaction %s before the change, and commits after it, is re-dated too',
  async (_, how) => {
    const work = await Workplace.open(server, 'Pacific/Kiritimati');
    const { tenantId, office, user } = work;
    await addHistory(work, 10);
    let job: Promise<void> | undefined;
    await server.db.restricted.inTenant(tenantId, async (tx) => {
      await resolve(tx, tenantId, { nodeIds: [office.placeId] });
      const row = {
        ...{ userId: user.userId, locationId: office.locationId, nodeId: office.placeId },
        ...{ observedAtUs: Date.parse('2026-03-10T00:00:00Z') * 1_000, receivedAtMs: 0 },
        ...{ eventDigest: '00000000-0000-4000-8000-000000000001' },
        ...{ eventId: 'late', sourceId: 'slow', sourceUserId: null },
      };
      const write = () => runStatement(tx, presenceEventsInsert(tenantId, [row]));
      if (how === 'writes') await write();
      await moveTo(work, 'Pacific/Pago_Pago');
      const query = vi.spyOn(pg.Client.prototype, 'query');
      onTestFinished(() => query.mockRestore());
      job = redate(server);
      // The job checks for transactions that may use the old time zone, again and again while there are any.
      const looks = () => query.mock.calls.filter(([text]) => String(text).includes('virtualtransaction'));
      await until(() => looks().length >= 3);
      expect(await redatingOf(work, office.locationId)).toMatchObject({ startedAt: null, finishedAt: null });
      if (how === 'reads') await write();
    });
    await job;
    expect(await misdated(work, 'Pacific/Pago_Pago')).toEqual([]);
    expect((await presence(work)).map(({ eventId }) => eventId)).toContain('late');
    await until(async () => (await redatingOf(work, office.locationId))?.finishedAt);
  },
);

test('exports during a run have every event once, and attendance every user and day', async () => {
  const work = await Workplace.open(server, 'Europe/London');
  await addHistory(work, 8_000);
  const expected = (await presence(work)).map(({ eventId }) => eventId).sort();
  await moveTo(work, 'America/Los_Angeles');
  let done = false;
  const job = redate(server).finally(() => {
    done = true;
  });
  let readings = 0;
  for (; !done || readings < 3; readings++) {
    const rows = await presence(work);
    expect(rows.map(({ eventId }) => eventId).sort()).toEqual(expected.filter(inWindow(rows)));
    const attendance = await work.exported('user-booking-attendance', ALL_MARCH);
    expect(new Set(attendance.map(({ day }) => day)).size).toBe(attendance.length);
  }
  await job;
  expect(await misdated(work, 'America/Los_Angeles')).toEqual([]);

  /** The first hours of the window now belong to the day before it. */
  function inWindow(rows: PresenceRow[]) {
    const seen = new Set(rows.map(({ eventId }) => eventId));
    return (eventId: string) => seen.has(eventId) || Number(eventId.slice(1)) > 8 * 20;
  }
});
