import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addUser } from './support/directory.ts';
import { localDate, moveTo, redate, redatingOf } from './support/redating.ts';
import { startTestServer, type TestServer } from './support/server.ts';
import { Workplace } from './support/submissions.ts';
import { storeDays } from './support/workday.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  server.clock.nowMs = Date.parse('2026-05-01T12:00:00Z');
});
afterAll(() => server.close());

// A window of 31 days. London's, Sydney's and Lord Howe's clocks change in it.
const [FIRST, LAST] = ['2026-03-15', '2026-04-14'];
const WINDOW = `startDate=${FIRST}&endDate=${LAST}`;
const DAY_MS = 86_400_000;
const QUARTER_MS = 900_000;
const days = Array.from({ length: 31 }, (_, n) =>
  new Date(Date.parse(`${FIRST}T00:00:00Z`) + n * DAY_MS).toISOString().slice(0, 10),
);

/** The last millisecond of each local day in and around the window, and the first of the next day. */
function midnights(timeZone: string): string[] {
  const found: string[] = [];
  const end = Date.parse(`${LAST}T00:00:00Z`) + 2 * DAY_MS;
  for (let at = Date.parse(`${FIRST}T00:00:00Z`) - DAY_MS; at < end; at += QUARTER_MS) {
    if (localDate(at - 1, timeZone) === localDate(at, timeZone)) continue;
    found.push(new Date(at - 1).toISOString(), new Date(at).toISOString());
  }
  return found;
}

type Row = Record<string, string>;

/** Submits an event of each kind at each instant. */
async function submitAll(work: Workplace, instants: string[]): Promise<void> {
  const { office, user } = work;
  for (let from = 0; from < instants.length; from += 100) {
    const events = instants.slice(from, from + 100).map((timestamp) => ({
      ...{ eventId: timestamp, timestamp, locationId: office.locationId, locationType: 'location' },
      ...{ userId: user.userId, occupancy: 1, visitorName: 'Ada' },
    }));
    for (const [path, member] of [
      ['presence', 'presenceEvents'],
      ['occupancy', 'occupancyEvents'],
      ['visitor-arrival', 'visitorArrivals'],
    ] as const) {
      const { results } = await work.submit<{ results: { resultCode: number }[] }>(path, {
        sourceId: 'test',
        [member]: events,
      });
      expect(results.filter(({ resultCode }) => resultCode !== 0)).toEqual([]);
    }
  }
}

/** The days of the events in four exports. */
async function exported(work: Workplace) {
  const dated = async (dataset: string) =>
    ((await work.exported(dataset, WINDOW)) as Row[]).map(({ eventId, day }) => `${day} ${eventId}`).sort();
  const attendance = (await work.exported('user-booking-attendance', WINDOW)) as Row[];
  return {
    presence: await dated('presence'),
    occupancy: await dated('occupancy'),
    visitors: await dated('visitors'),
    attendance: attendance.map(({ day, plan, attendanceType }) => `${day} ${plan} ${attendanceType}`).sort(),
  };
}

/**
 * The same, calculated from the instants and the time zone. The user, and another one without events, plan the office
 * on `planned`.
 */
function computed(instants: string[], timeZone: string, planned: string[]) {
  const wireDay = (day: string) => `${day}T00:00:00.000Z`;
  const dated = instants
    .map((instant) => ({ instant, day: localDate(instant, timeZone) }))
    .filter(({ day }) => days.includes(day));
  const seen = new Set(dated.map(({ day }) => day));
  const events = dated.map(({ instant, day }) => `${wireDay(day)} ${instant}`).sort();
  const attendance = days.flatMap((day) => {
    const types = seen.has(day) ? ['confirmed', 'noShow'] : ['unconfirmed', 'unconfirmed'];
    if (planned.includes(day)) return types.map((type) => `${wireDay(day)} o ${type}`);
    return seen.has(day) ? [`${wireDay(day)} a walkIn`] : [];
  });
  return { presence: events, occupancy: events, visitors: events, attendance: attendance.sort() };
}

describe('Presence, occupancy, visitors and attendance agree with the instants and the time zone', () => {
  test.each([
    ['Europe/London', 'Australia/Lord_Howe'],
    ['Australia/Lord_Howe', 'Australia/Sydney'],
    ['Pacific/Kiritimati', 'Pacific/Pago_Pago'],
    ['Pacific/Pago_Pago', 'Pacific/Kiritimati'],
    ['Asia/Kathmandu', 'America/St_Johns'],
  ])('before and after a move from %s to %s', async (from, to) => {
    const work = await Workplace.open(server, from);
    const { office, user, tenantId } = work;
    // Not every midnight, so that some days have no event.
    const every = [...midnights(from), ...midnights(to)].sort();
    const instants = [...new Set(every.filter((_, n) => n % 7 < 3))];
    await submitAll(work, instants);
    const planned = days.filter((_, n) => n % 2 === 0);
    const absent = await addUser(server.db.owner, tenantId);
    const plans = [user, absent].flatMap(({ userId }) =>
      planned.map((day) => ({ userId, day, plan: 'o' as const, locationId: office.locationId })),
    );
    await storeDays(server.db.owner, tenantId, plans);

    expect(await exported(work)).toEqual(computed(instants, from, planned));
    await moveTo(work, to);
    // Until the job has run, the exports stay the same.
    expect(await exported(work)).toEqual(computed(instants, from, planned));
    await redate(server);
    expect(await exported(work)).toEqual(computed(instants, to, planned));
    expect(computed(instants, to, planned)).not.toEqual(computed(instants, from, planned));
    expect(await redatingOf(work, office.locationId)).toMatchObject({
      ...{ fromTimeZone: from, toTimeZone: to },
      ...{ eventsDone: 3 * instants.length, eventsTotal: 3 * instants.length },
    });

    // Later events have the days of the new time zone.
    const later = every.filter((instant) => !instants.includes(instant));
    await submitAll(work, later);
    expect(await exported(work)).toEqual(computed([...new Set([...instants, ...later])], to, planned));
  });
});

describe('GET /v1/manage/locations/…/redating', () => {
  const get = ({ token }: Workplace, id: string) =>
    server.app.inject({
      url: `/v1/manage/locations/${id}/redating`,
      headers: { authorization: `Bearer ${token}` },
    });

  test('is 404 for an id that is not a location of the organisation', async () => {
    const [work, other] = [await Workplace.open(server), await Workplace.open(server)];
    for (const id of ['nonsense', work.user.userId, work.office.zoneId, other.office.locationId]) {
      expect((await get(work, id)).statusCode).toBe(404);
    }
  });

  test('shows the progress, or null if the time zone never changed', async () => {
    const work = await Workplace.open(server, 'Europe/London');
    const { locationId } = work.office;
    expect((await get(work, locationId.toUpperCase())).json()).toEqual({ redating: null });
    await submitAll(work, ['2026-03-20T23:30:00.000Z']);
    await moveTo(work, 'Europe/Paris');
    const asked = { locationId, fromTimeZone: 'Europe/London', toTimeZone: 'Europe/Paris' };
    expect((await get(work, locationId)).json()).toEqual({
      redating: { ...asked, startedAt: null, finishedAt: null, eventsDone: 0, eventsTotal: 0 },
    });
    await redate(server);
    const now = new Date(server.clock.nowMs).toISOString();
    expect((await get(work, locationId)).json()).toEqual({
      redating: { ...asked, startedAt: now, finishedAt: now, eventsDone: 3, eventsTotal: 3 },
    });
  });
});
