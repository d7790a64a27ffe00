import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { addUser } from '../../server/test/support/directory.ts';
import { goodEvent, insertPresence, results } from '../../server/test/support/presence.ts';
import { storeDays } from '../../server/test/support/workday.ts';
import { ConflictError, GoneError, TimeoutError, TransferError, ValidationError } from '../src/index.ts';
import { type Setup, setUp } from './support/setup.ts';

const ROWS = 6000;
const MARCH = { startDate: '2026-03-01', endDate: '2026-03-31' };
const PATH = '/v1/analytics/presence';

let setup: Setup;
beforeAll(async () => {
  setup = await setUp();
  await insertPresence(setup.server, setup.site, ROWS);
});
afterEach(() => setup.proxy.reset());
afterAll(() => setup.close());

/** The id of a stored presence event. */
async function addEvent(timestamp: string): Promise<string> {
  const eventId = `at ${timestamp}`;
  await results(setup.server, setup.site, [goodEvent(setup.site, { eventId, timestamp })]);
  return eventId;
}

test('iterating over an export and awaiting it give the same rows', async () => {
  const rows = setup.client().analytics.presence(MARCH);
  expect(setup.proxy.seen).toEqual([]);
  const walked: unknown[] = [];
  for await (const row of rows) walked.push(row);
  expect(walked).toHaveLength(ROWS);
  expect(await rows).toEqual(walked);
});

test('the client requests a long range in windows of 30 days, one after the other, with the same filters', async () => {
  const year = { startDate: new Date('2026-01-01T00:00:00Z'), endDate: '20261231' };
  const { locationId } = setup.site.office;
  const locationIds = [locationId, '3f0c5a52-6d0e-4f0e-9d53-0a4f6b0f5c01'];
  expect(await setup.client().analytics.presence({ ...year, locationIds })).toHaveLength(ROWS);
  const calls = setup.proxy.seen.filter(({ path }) => path === PATH);
  expect(calls).toHaveLength(13);
  expect(new Set(calls.map(({ query }) => query.get('locationIds')))).toEqual(new Set([locationIds.join()]));
});

test('the server refuses an empty list, which means neither all users nor none', async () => {
  const { analytics } = setup.client();
  for (const filter of [{ userIds: [] }, { locationIds: [] }, { userIds: '' }]) {
    await expect(analytics.presence({ ...MARCH, ...filter }).then((rows) => rows)).rejects.toMatchObject({
      status: 400,
    });
  }
});

test('a dataset is a file in the format of the server, made by one call', async () => {
  const { analytics } = setup.client();
  const csv = await (
    await analytics.file(
      'metrics',
      { startDate: '2026-01-01', endDate: '2026-12-31', period: 'month' },
      'csv',
    )
  ).text();
  expect(csv).toMatch(/^by,period,periodStart,/);
  const parquet = await (await analytics.file('users', {}, 'parquet')).text();
  expect(parquet).toMatch(/^PAR1.*PAR1$/s);
});

test('the client requests metrics in one call, so that no window cuts a period', async () => {
  const { analytics } = setup.client();
  const year = { startDate: '2026-01-01', endDate: '2026-12-31' };
  const months = await analytics.metrics({
    ...year,
    period: 'month',
    locationIds: [setup.site.office.locationId],
  });
  expect(months).toMatchObject([{ periodStart: '2026-03-01T00:00:00.000Z', attendance: 1 }]);
  expect(setup.proxy.seen.filter(({ path }) => path === '/v1/analytics/metrics')).toHaveLength(1);
  const perDay = { ...MARCH, by: 'organisation' } as const;
  const [day] = await analytics.metrics(perDay);
  expect(await analytics.peopleMetrics(perDay)).toMatchObject([{ people: day?.attendance }]);
  expect(await analytics.comparisonMetrics({ ...perDay, period: 'range' })).toMatchObject([
    { attendance: day?.attendance, previousAttendance: 0 },
  ]);
  expect(await analytics.dwellMetrics(perDay)).toMatchObject([{ attendance: day?.attendance }]);
  expect(await analytics.arrivalMetrics(perDay)).toHaveLength(24);
  expect(await analytics.weekdayMetrics(MARCH)).toMatchObject([{ attendance: day?.attendance }]);
  expect(await analytics.daysPerWeekMetrics(MARCH)).toHaveLength(7);
  expect(await analytics.usageMetrics({ ...MARCH, by: 'zone' })).toMatchObject([{ usedDays: 1 }]);
  expect(await analytics.occupancyMetrics(MARCH)).toEqual([]);
});

test('leaving the loop early ends the transfer', async () => {
  let body: ReadableStream | null = null;
  const { baseUrl } = setup.proxy;
  const client = setup.client({
    fetch: async (input, init) => {
      const response = await fetch(input, init);
      if (String(input).startsWith(`${baseUrl}${PATH}`)) body = response.body;
      return response;
    },
  });
  for await (const row of client.analytics.presence(MARCH)) {
    expect(row.userId).toBe(setup.site.user.userId);
    break;
  }
  const rest = await (body as ReadableStream | null)?.getReader().read();
  expect(rest).toEqual({ done: true, value: undefined });
});

test.each(['break', 'shorten'] as const)(
  'a stream that breaks off throws a TransferError after its rows (%s); an awaited one is repeated',
  async (how) => {
    let count = 0;
    let onRow = () => {};
    const breakAfter = new Promise<void>((resolve) => {
      onRow = resolve;
    });
    const fate = how === 'break' ? { breakAfter } : how;
    const fates = [fate, fate];
    setup.proxy.fate = ({ path }) => (path === PATH ? (fates.shift() ?? 'pass') : 'pass');
    const rows = setup.client().analytics.presence(MARCH);
    const walk = async () => {
      for await (const _ of rows) {
        count++;
        onRow();
      }
    };
    const failure = await walk().catch((error) => error);
    expect(failure).toBeInstanceOf(TransferError);
    expect(failure).toMatchObject({ status: 200, correlationId: expect.stringMatching(/^[0-9a-f]{32}$/) });
    expect(count).toBeGreaterThan(0);
    expect(count).toBeLessThan(ROWS);
    expect(await rows).toHaveLength(ROWS);
  },
);

test('an export has a cursor at its end, and changedSince returns what changed after it', async () => {
  const { analytics } = setup.client();
  const users = analytics.users();
  expect(users.cursor).toBeUndefined();
  for await (const _ of users) break;
  expect(users.cursor).toBeUndefined();
  await users;
  const { cursor = '' } = users;
  const user = await addUser(setup.server.db.owner, setup.site.tenantId);
  const since = analytics.users({ changedSince: cursor });
  expect((await since).map(({ userId }) => userId)).toEqual([user.userId]);
  expect(since.cursor).not.toBe(cursor);
  // The cursor works for all datasets, with and without days.
  expect(await analytics.presence({ changedSince: cursor })).toEqual([]);
  expect(await analytics.presence({ ...MARCH, changedSince: cursor })).toEqual([]);
  await expect(analytics.users({ changedSince: 'none' })).rejects.toBeInstanceOf(ValidationError);
});

test('several windows have the cursor of the first, so that no write between them is missed', async () => {
  const { analytics } = setup.client();
  const rows = analytics.presence({ startDate: '2026-01-01', endDate: '2026-03-31' });
  let calls = 0;
  setup.proxy.fate = ({ path }) => {
    calls += path === PATH ? 1 : 0;
    return calls === 2 && path === PATH ? { delayMs: 1000 } : 'pass';
  };
  const walk = (async () => {
    let count = 0;
    for await (const _ of rows) count++;
    return count;
  })();
  await expect.poll(() => calls).toBe(2);
  // The first window was read already, and this event is on one of its days.
  const added = await addEvent('2026-01-05T09:00:00Z');
  await walk;
  const came = await analytics.presence({ changedSince: rows.cursor ?? '' });
  expect(came.map((row) => (row.deleted ? undefined : row.eventId))).toContain(added);
});

test('deleted rows of attendance come as their keys', async () => {
  const { tenantId, office, user } = setup.site;
  const { owner } = setup.server.db;
  const day = '2026-02-03';
  await storeDays(owner, tenantId, [{ userId: user.userId, day, plan: 'o', locationId: office.locationId }]);
  const { analytics } = setup.client();
  const rows = analytics.userBookingAttendance({ startDate: day, endDate: day });
  const [row] = await rows;
  expect(row?.plan).toBe('o');
  await owner.inTenant(tenantId, async (tx) => {
    await tx.query('DELETE FROM bookings WHERE tenant_id = $1 AND day = $2', [tenantId, day]);
    await tx.query('DELETE FROM day_plans WHERE tenant_id = $1 AND day = $2', [tenantId, day]);
  });
  const came = await analytics.userBookingAttendance({ changedSince: rows.cursor ?? '' });
  const gone = came.filter((each) => each.deleted);
  expect(gone).toEqual([
    {
      day: `${day}T00:00:00.000Z`,
      userId: user.userId,
      attendanceLocationId: office.locationId,
      deleted: true,
    },
  ]);
});

test('with a limit, rows come in pages, and the client repeats a page that breaks off', async () => {
  const { analytics } = setup.client();
  const expected = await analytics.presence(MARCH);
  setup.proxy.reset();
  const fates = ['pass', 'break', 'shorten', 'pass'] as const;
  let count = 0;
  setup.proxy.fate = ({ path }) => (path === PATH ? (fates[count++] ?? 'pass') : 'pass');
  const rows = analytics.presence({ ...MARCH, limit: 2500, userIds: [setup.site.user.userId] });
  const walked: unknown[] = [];
  for await (const row of rows) walked.push(row);
  expect(walked).toEqual(expected);
  const calls = setup.proxy.seen.filter(({ path }) => path === PATH);
  // Two windows: one with about 5,999 rows in 3 pages, and an empty one with 1 page. Two requests broke off.
  expect(calls).toHaveLength(6);
  expect(new Set(calls.map(({ query }) => [query.get('limit'), query.get('userIds')].join()))).toEqual(
    new Set([`2500,${setup.site.user.userId}`]),
  );
  expect(await analytics.presence({ changedSince: rows.cursor ?? '' })).toEqual([]);
  expect((await analytics.users({ limit: 1 })).length).toBeGreaterThan(1);
});

test('a cursor of another database is a GoneError, without a retry', async () => {
  const users = setup.client().analytics.users();
  await users;
  const [, ...parts] = JSON.parse(Buffer.from(users.cursor ?? '', 'base64url').toString());
  const foreign = Buffer.from(JSON.stringify(['elsewhere', ...parts])).toString('base64url');
  setup.proxy.reset();
  const failure = await Promise.resolve(setup.client().analytics.users({ changedSince: foreign })).catch(
    (error) => error,
  );
  expect(failure).toBeInstanceOf(GoneError);
  expect(failure).toMatchObject({ status: 410, detail: expect.stringContaining('whole') });
  expect(setup.proxy.count('/v1/analytics/users')).toBe(1);
});

test('a range that the server refuses is a ValidationError', async () => {
  const reversed = { startDate: '2026-03-02', endDate: '2026-03-01' };
  await expect(setup.client().analytics.presence(reversed)).rejects.toBeInstanceOf(ValidationError);
});

test('the timeout does not count the time of a slow reader, and an aborted loop throws its reason', async () => {
  const controller = new AbortController();
  const client = setup.client({ timeoutMs: 5000 });
  let count = 0;
  const walk = async () => {
    for await (const _ of client.analytics.presence(MARCH, { signal: controller.signal })) {
      if (count++ === 0) await new Promise((resolve) => setTimeout(resolve, 6000));
      if (count === 3000) controller.abort(new Error('enough'));
    }
  };
  const failure = await walk().catch((error) => error);
  expect(failure).not.toBeInstanceOf(TimeoutError);
  expect(failure).toEqual(new Error('enough'));
  expect(count).toBeGreaterThanOrEqual(3000);
});

test('management: lists have all pages, a page is one of them, an update returns the new row, and a refused item stops no other', async () => {
  const { manage } = setup.client();
  const { levelId } = setup.site.office as { levelId?: string };
  const items = Array.from({ length: 1500 }, (_, index) => ({
    userName: index === 7 ? ' ' : `person${index}@example.com`,
  }));
  const { results, refused } = await manage.users.submit(items);
  expect(results).toHaveLength(1500);
  expect(refused.map(({ index }) => index)).toEqual([7]);
  const active = await manage.users.list({ status: 'active' });
  const users = active.filter(({ userName }) => /^person\d+@/.test(userName));
  expect(users).toHaveLength(1499);
  const page = await manage.users.page({ status: 'active', limit: 2 });
  expect(page.items).toEqual(active.slice(0, 2));
  const after = page.next ?? '';
  expect((await manage.users.page({ status: 'active', limit: 2, after })).items).toEqual(active.slice(2, 4));
  const [first] = users;
  const changed = await manage.users.update(first?.userId ?? '', { firstName: 'Ada' });
  expect(changed).toMatchObject({ userId: first?.userId, firstName: 'Ada' });
  expect(await manage.users.get(first?.userId ?? '')).toEqual(changed);
  const range = { startDate: '2026-01-01', endDate: '2026-03-31' };
  expect(await manage.days.list(first?.userId ?? '', range)).toHaveLength(90);
  expect(levelId === undefined || (await manage.levels.get(levelId)).levelId === levelId).toBe(true);
});

test('management: a file is previewed and imported; a change says what it does, and fails for an old version', async () => {
  const { manage } = setup.client();
  expect((await manage.imports.kinds()).map(({ kind }) => kind)).toContain('locations');
  const file = new Blob(['locationName,timeZone\nImported,UTC\nWrong,Mars/Base']);
  const dry = await manage.imports.submit('locations', file, { dryRun: true });
  expect(dry).toMatchObject({ created: 1, refused: 1, stored: false });
  expect(await manage.nodes({ search: 'imported' })).toEqual([]);
  expect(await manage.imports.submit('locations', file, { strict: true })).toMatchObject({ stored: false });
  expect(await manage.imports.submit('locations', file)).toMatchObject({ created: 1, stored: true });
  await expect(manage.imports.submit('locations', '')).rejects.toBeInstanceOf(ValidationError);
  const [office] = await manage.nodes({ search: 'imported', kind: 'location' });
  const id = office?.nodeId ?? '';
  const { row, version } = await manage.locations.read(id);
  expect(row).toEqual(await manage.locations.get(id));
  expect(await manage.locations.effects(id, { status: 'inactive' })).toMatchObject({
    rebooked: 0,
    removed: 0,
  });
  await manage.locations.update(id, { address: 'Quay 1' }, { ifVersion: version });
  const stale = manage.locations.update(id, { address: 'Quay 2' }, { ifVersion: version });
  await expect(stale).rejects.toBeInstanceOf(ConflictError);
  expect(await manage.locations.get(id)).toEqual({ ...row, address: 'Quay 1' });
});
