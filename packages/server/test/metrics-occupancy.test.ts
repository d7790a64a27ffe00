import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { addOffice } from './support/directory.ts';
import { startTestServer, type TestServer } from './support/server.ts';
import { Workplace } from './support/submissions.ts';

const DAY = '2026-03-10';

let server: TestServer;
let workplace: Workplace;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());
beforeEach(async () => {
  server.clock.nowMs = Date.parse(`${DAY}T12:00:00Z`);
  await open();
  await server.db.owner.inTenant(workplace.tenantId, (tx) =>
    tx.query("UPDATE nodes SET capacity = 4 WHERE tenant_id = $1 AND kind = 'space'", [workplace.tenantId]),
  );
});

async function open(): Promise<void> {
  workplace = await Workplace.open(server, 'Europe/London');
}

/** Sets the clock, and logs in again, because the token may have expired by then. */
async function goTo(now: string): Promise<void> {
  server.clock.nowMs = Date.parse(now);
  const token = await server.token(await server.key(workplace.tenantId));
  const { tenantId, office, user } = workplace;
  workplace = new Workplace(server, { tenantId, office, user, token });
}

interface Seen {
  at: string;
  occupancy?: number;
  occupied?: boolean;
  nodeId?: string;
  kind?: string;
}

async function submit(...seen: Seen[]): Promise<void> {
  const { spaceId } = workplace.office;
  const occupancyEvents = seen.map(({ at, nodeId = spaceId, kind = 'space', ...values }, index) => ({
    eventId: String(index),
    timestamp: at,
    locationId: nodeId,
    locationType: kind,
    ...values,
  }));
  const { results } = await workplace.submit<{ results: { resultCode: number }[] }>('occupancy', {
    sourceId: 'sensor',
    occupancyEvents,
  });
  expect(results.filter(({ resultCode }) => resultCode !== 0)).toEqual([]);
}

interface Hour {
  day: string;
  hour: number;
  hourStart: string;
  knownMinutes: number;
  occupiedShare: number;
  averageOccupancy: number | null;
  maximumOccupancy: number | null;
  [column: string]: unknown;
}

async function hours(startDate = DAY, endDate = startDate, filter = ''): Promise<Hour[]> {
  const query = `startDate=${startDate}&endDate=${endDate}${filter}`;
  return (await workplace.exported('metrics/occupancy', query)) as unknown as Hour[];
}

const brief = (rows: Hour[]) =>
  rows.map((row) => [
    row.hour,
    row.knownMinutes,
    row.occupiedShare,
    row.averageOccupancy,
    row.maximumOccupancy,
  ]);

describe('an event', () => {
  test('holds until the next one, and averages are weighted by time', async () => {
    await submit(
      { at: `${DAY}T09:30:00Z`, occupancy: 2 },
      { at: `${DAY}T10:15:00Z`, occupancy: 4 },
      { at: `${DAY}T10:45:00Z`, occupancy: 0 },
    );
    const rows = await hours();
    expect(brief(rows)).toEqual([
      [9, 30, 1, 2, 2],
      // 15 minutes of 2, 30 of 4, 15 of 0.
      [10, 60, 0.75, 2.5, 4],
      [11, 60, 0, 0, 0],
    ]);
    const { office } = workplace;
    expect(rows[1]).toEqual({
      day: `${DAY}T00:00:00.000Z`,
      hour: 10,
      hourStart: `${DAY}T10:00:00.000Z`,
      locationType: 'space',
      locationId: office.locationId,
      locationName: expect.any(String),
      levelId: office.levelId,
      levelName: expect.any(String),
      zoneId: null,
      zoneName: null,
      placeId: null,
      placeName: null,
      spaceId: office.spaceId,
      spaceName: expect.any(String),
      knownMinutes: 60,
      occupiedShare: 0.75,
      averageOccupancy: 2.5,
      maximumOccupancy: 4,
      capacity: 4,
      utilisation: 0.625,
    });
  });

  test('holds to the end of its day at most, and never beyond now', async () => {
    await submit({ at: `${DAY}T11:20:00Z`, occupancy: 1 });
    expect(brief(await hours())).toEqual([[11, 40, 1, 1, 1]]);
    await goTo('2026-03-12T12:00:00Z');
    const rows = await hours(DAY, '2026-03-12');
    expect(rows.map(({ day, hour }) => `${day.slice(8, 10)} ${hour}`)).toEqual(
      Array.from({ length: 13 }, (_, n) => `10 ${11 + n}`),
    );
  });

  test('that is occupied without a number counts in the share, and gives no number of people', async () => {
    const place = { nodeId: workplace.office.placeId, kind: 'place' };
    await submit(
      { ...place, at: `${DAY}T09:00:00Z`, occupied: true },
      { ...place, at: `${DAY}T09:15:00Z`, occupied: false },
    );
    expect(brief(await hours())).toEqual([
      [9, 60, 0.25, null, null],
      [10, 60, 0, 0, 0],
      [11, 60, 0, 0, 0],
    ]);
  });

  test('with an impossible number counts as one without a number, and breaks nothing', async () => {
    await submit(
      { at: `${DAY}T09:00:00Z`, occupancy: 1.7e308 },
      { at: `${DAY}T10:00:00Z`, occupancy: 5e-324 },
      { at: `${DAY}T11:00:00Z`, occupancy: 2 },
    );
    expect(brief(await hours())).toEqual([
      [9, 60, 1, null, null],
      [10, 60, 1, 0, 0],
      [11, 60, 1, 2, 2],
    ]);
  });

  test('belongs to its own node, and the filter takes any node', async () => {
    const { placeId, spaceId, zoneId, locationId } = workplace.office;
    await submit(
      { at: `${DAY}T11:00:00Z`, occupancy: 3 },
      { at: `${DAY}T11:30:00Z`, occupied: true, nodeId: placeId, kind: 'place' },
    );
    const placesOf = async (filter: string) =>
      (await hours(DAY, DAY, filter)).map((row) => row.placeId ?? row.spaceId);
    expect(new Set(await placesOf(''))).toEqual(new Set([placeId, spaceId]));
    expect(await placesOf(`&locationIds=${locationId}`)).toHaveLength(2);
    expect(await placesOf(`&locationIds=${zoneId}`)).toEqual([placeId]);
    expect(await placesOf(`&locationIds=${spaceId}`)).toEqual([spaceId]);
    expect(await placesOf('&locationIds=nowhere')).toEqual([]);
    await open();
    expect(await placesOf(`&locationIds=${locationId}`)).toEqual([]);
  });
});

describe('the hours of a day', () => {
  async function dayOf(timeZone: string, day: string, firstInstant: string): Promise<Hour[]> {
    await goTo('2027-01-01T00:00:00Z');
    const { spaceId } = await addOffice(server.db.owner, workplace.tenantId, timeZone);
    await submit({ at: firstInstant, occupancy: 1, nodeId: spaceId });
    return hours(day, day, `&locationIds=${spaceId}`);
  }
  const starts = (rows: Hour[]) => rows.map(({ hour, hourStart }) => `${hour} ${hourStart.slice(11, 16)}`);

  test('are 25 if clocks are set back: the repeated hour has two rows', async () => {
    const rows = await dayOf('Europe/London', '2026-10-25', '2026-10-24T23:00:00Z');
    expect(starts(rows).slice(0, 4)).toEqual(['0 23:00', '1 00:00', '1 01:00', '2 02:00']);
    expect(rows).toHaveLength(25);
    expect(new Set(rows.map((row) => row.knownMinutes))).toEqual(new Set([60]));
  });

  test('are 23 if clocks are set forward: the skipped hour has no row', async () => {
    const rows = await dayOf('Europe/London', '2026-03-29', '2026-03-29T00:00:00Z');
    expect(starts(rows).slice(0, 3)).toEqual(['0 00:00', '2 01:00', '3 02:00']);
    expect(rows).toHaveLength(23);
  });

  test('are 24 and a half if clocks are set back by half an hour', async () => {
    const rows = await dayOf('Australia/Lord_Howe', '2026-04-05', '2026-04-04T13:00:00Z');
    expect(rows.slice(0, 4).map(({ hour, knownMinutes }) => [hour, knownMinutes])).toEqual([
      [0, 60],
      [1, 60],
      [1, 30],
      [2, 60],
    ]);
    expect(rows.reduce((sum, { knownMinutes }) => sum + knownMinutes, 0)).toBe(24.5 * 60);
  });

  test("begin at half past if the office's offset has half an hour, and end with the first of two midnights", async () => {
    const delhi = await dayOf('Asia/Kolkata', DAY, '2026-03-10T03:30:00Z');
    expect(starts(delhi)[0]).toBe('9 03:30');
    // Havana, 1 November: 01:00 becomes 00:00. The day before has ended by the first 00:00.
    const havana = await dayOf('America/Havana', '2026-10-31', '2026-11-01T03:00:00Z');
    expect(brief(havana)).toEqual([[23, 60, 1, 1, 1]]);
  });
});

test('around clock changes, the hours equal a count of every minute', async () => {
  const changes = [
    ['Europe/London', '2026-10-25'],
    ['Europe/London', '2026-03-29'],
    ['America/New_York', '2026-11-01'],
    ['Australia/Lord_Howe', '2026-04-05'],
    ['Australia/Lord_Howe', '2026-10-04'],
    ['Asia/Kathmandu', '2026-06-01'],
  ] as const;
  await goTo('2027-01-01T00:00:00Z');
  const scenario = fc.record({
    change: fc.constantFrom(...changes),
    events: fc.array(fc.record({ minute: fc.nat(2 * 24 * 60), occupancy: fc.nat(5) }), {
      minLength: 1,
      maxLength: 12,
    }),
  });
  await fc.assert(
    fc.asyncProperty(scenario, async ({ change: [timeZone, day], events }) => {
      const { spaceId } = await addOffice(server.db.owner, workplace.tenantId, timeZone);
      const fromMs = Date.parse(`${day}T00:00:00Z`) - 14 * 3_600_000;
      // One event for each instant, because the order of two at the same instant is undefined.
      const unique = [...new Map(events.map((event) => [event.minute, event])).values()];
      await submit(
        ...unique.map(({ minute, occupancy }) => ({
          at: new Date(fromMs + minute * 60_000).toISOString(),
          occupancy,
          nodeId: spaceId,
        })),
      );
      const expected = new Map<string, number[]>();
      let now: number | undefined;
      let yesterday = '';
      for (const [minute, { date, hour, offset }] of clockOf(fromMs, timeZone).entries()) {
        if (date !== yesterday) now = undefined;
        yesterday = date;
        now = unique.find((event) => event.minute === minute)?.occupancy ?? now;
        if (date !== day || now === undefined) continue;
        const key = `${hour} ${offset}`;
        expected.set(key, [...(expected.get(key) ?? []), now]);
      }
      const rows = await hours(day, day, `&locationIds=${spaceId}`);
      expect(brief(rows)).toEqual(
        [...expected.entries()].map(([key, minutes]) => [
          Number(key.split(' ')[0]),
          minutes.length,
          expect.closeTo(minutes.filter((people) => people > 0).length / minutes.length, 9),
          expect.closeTo(minutes.reduce((sum, people) => sum + people, 0) / minutes.length, 9),
          Math.max(...minutes),
        ]),
      );
    }),
    { numRuns: 15 },
  );
});

interface LocalTime {
  date: string;
  hour: number;
  offset: string;
}

const clocks = new Map<string, LocalTime[]>();
/** The local time of each minute of three days, by the rules of the JavaScript runtime instead of the database's. */
function clockOf(fromMs: number, timeZone: string): LocalTime[] {
  const known = clocks.get(`${timeZone} ${fromMs}`);
  if (known) return known;
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    hourCycle: 'h23',
    timeZoneName: 'longOffset',
  });
  const clock = Array.from({ length: 3 * 24 * 60 }, (_, minute) => {
    const parts = Object.fromEntries(
      format.formatToParts(fromMs + minute * 60_000).map(({ type, value }) => [type, value]),
    );
    return {
      date: `${parts.year}-${parts.month}-${parts.day}`,
      hour: Number(parts.hour),
      offset: String(parts.timeZoneName),
    };
  });
  clocks.set(`${timeZone} ${fromMs}`, clock);
  return clock;
}
