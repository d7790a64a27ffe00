import { afterAll, beforeAll, expect, test } from 'vitest';
import { createLogger } from '../src/http/logging.ts';
import { TASKS } from '../src/jobs/tasks.ts';
import { type Json, type ManageClient, manageClient } from './support/manage.ts';
import { basic, startTestServer, type TestServer } from './support/server.ts';

const LONDON = '10000000-0000-4000-8000-000000000001';
const NEW_YORK = '10000000-0000-4000-8000-000000000002';
const LEVEL = '20000000-0000-4000-8000-000000000001';
const DESK = '40000000-0000-4000-8000-000000000001';
const ANN = '50000000-0000-4000-8000-000000000001';

let server: TestServer;
let manage: ManageClient;
let badges: string;
let reads: string;

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

/** Sets the clock to this instant. Tokens live for an hour, so that the management client logs in again. */
async function at(instant: string): Promise<void> {
  server.clock.nowMs = Date.parse(instant);
  manage = await manageClient(server, manage?.tenantId);
}

/** Runs the job as servers do in the background. */
async function runHorizon(): Promise<void> {
  const task = TASKS.find(({ name }) => name === 'horizon') ?? expect.fail('no job');
  await task.run({
    database: server.db.restricted,
    target: server.db.target,
    clock: server.clock.read,
    log: createLogger('silent'),
    signal: new AbortController().signal,
  });
}

async function badge(userEmail: string, locationType: string, locationId: string): Promise<void> {
  const timestamp = new Date(server.clock.nowMs).toISOString();
  const event = { eventId: `badge ${timestamp}`, timestamp, locationType, locationId, userEmail };
  const reply = await server.app.inject({
    method: 'POST',
    url: '/v1/presence/basic/',
    headers: { authorization: badges },
    payload: { sourceId: 'doors', presenceEvents: [event] },
  });
  expect(reply.json().results).toEqual([{ eventId: event.eventId, resultCode: 0, message: 'Success' }]);
}

async function takeOff(eventType: string, startDate: string, endDate: string): Promise<void> {
  const key = await server.key(manage.tenantId, { role: 'submitting-events', authentication: 'hmac' });
  const event = {
    eventId: '1',
    email: 'ann@example.com',
    eventType,
    startDate,
    endDate,
    timeOffType: 'holiday',
  };
  const reply = await server.app.inject({
    method: 'POST',
    url: '/v1/timeoff/',
    headers: { authorization: `Bearer ${await server.token(key)}` },
    payload: { timeOffEvents: [event] },
  });
  expect(reply.json().results).toEqual([{ eventId: '1', resultCode: 0, message: 'Success' }]);
}

/** Ann's rows of an export, each as a line of these columns, with `-` for missing values. */
async function table(dataset: string, columns: (row: Json) => unknown[]): Promise<string> {
  const query = dataset === 'user-booking-attendance' ? '' : `&userIds=${ANN}`;
  const reply = await server.app.inject({
    url: `/v1/analytics/${dataset}/basic?startDate=2026-03-05&endDate=20260315${query}`,
    headers: { authorization: reads },
  });
  expect(reply.statusCode).toBe(200);
  return (reply.json() as Json[])
    .filter(({ userId }) => userId === ANN)
    .map((row) =>
      columns(row)
        .map((cell) => cell ?? '-')
        .join(' | '),
    )
    .join('\n');
}

const lines = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => line.trim().replace(/ +/g, ' '))
    .join('\n');

test("one user's week, through the public endpoints only, is what the exports show", async () => {
  await at('2026-03-05T09:00:00Z');
  badges = basic(await server.key(manage.tenantId, { role: 'submitting-events' }));
  reads = basic(await server.key(manage.tenantId, { role: 'data-warehouse' }));
  await manage.bulk('locations', [
    { locationId: LONDON, locationName: 'London', timeZone: 'Europe/London' },
    { locationId: NEW_YORK, locationName: 'New York', timeZone: 'America/New_York' },
  ]);
  await manage.bulk('desks', [
    {
      deskId: DESK,
      deskName: 'D1',
      zoneName: 'North',
      levelId: LEVEL,
      levelName: 'First',
      locationId: LONDON,
    },
  ]);
  const home = { primaryLocationId: LONDON };
  await manage.bulk('users', [
    { userId: ANN, userName: 'ann', email: 'ann@example.com', ...home },
    { userName: 'ben', email: 'ben@example.com', ...home },
  ]);
  await manage.patch(`locations/${LONDON}/settings`, { horizonDays: 8 });
  const [office, remote] = [{ plan: 'o' }, { plan: 'r' }];
  await manage.put(`users/${ANN}/week-plan`, {
    weekPlan: { monday: office, tuesday: office, wednesday: remote, thursday: office, friday: office },
  });
  await runHorizon();

  await at('2026-03-07T12:00:00Z');
  await takeOff('scheduled', '2026-03-10', '2026-03-10');
  await takeOff('scheduled', '2026-03-12', '2026-03-13');
  await at('2026-03-08T12:00:00Z');
  await takeOff('cancelled', '2026-03-12', '2026-03-13');
  await at('2026-03-09T07:00:00Z');
  await manage.put(`users/${ANN}/days/2026-03-11`, {
    plan: 'o',
    locationId: LONDON,
    booking: { nodeId: DESK },
    reason: 'Workshop',
  });
  await at('2026-03-09T08:55:00Z');
  await badge('ann@example.com', 'level', LEVEL);
  await at('2026-03-11T09:00:00Z');
  await badge('ben@example.com', 'location', LONDON);
  await at('2026-03-12T09:00:00Z');
  await badge('ben@example.com', 'location', LONDON);
  // In New York, where Ann went instead, it is still the 12th. In London, it is the 13th.
  await at('2026-03-13T01:30:00Z');
  await badge('ann@example.com', 'location', NEW_YORK);
  await at('2026-03-14T10:00:00Z');
  await badge('ann@example.com', 'place', DESK);

  await at('2026-03-16T12:00:00Z');
  const day = (row: Json) => String(row.day).slice(0, 10);
  expect(
    await table('user-booking-attendance', (row) => [
      day(row),
      row.plan,
      row.bookingDepth,
      row.bookingLocationName,
      row.bookingPlaceName,
      row.attendanceType,
      row.attendanceLocationName,
    ]),
  ).toBe(
    lines(`
      2026-03-05 | o | 1 | London | -  | unconfirmed | London
      2026-03-06 | o | 1 | London | -  | unconfirmed | London
      2026-03-09 | o | 1 | London | -  | confirmed   | London
      2026-03-10 | a | - | -      | -  | -           | -
      2026-03-11 | o | 3 | London | D1 | noShow      | London
      2026-03-12 | o | 1 | London | -  | noShow      | London
      2026-03-12 | o | - | -      | -  | walkIn      | New York
      2026-03-13 | o | 1 | London | -  | unconfirmed | London
      2026-03-14 | a | - | -      | -  | walkIn      | London`),
  );
  expect(
    await table('presence', (row) => [
      row.timestamp,
      day(row),
      row.userEmail,
      row.sourceId,
      row.locationType,
      row.locationName,
      row.levelName,
      row.placeName,
    ]),
  ).toBe(
    lines(`
      2026-03-09T08:55:00.000Z | 2026-03-09 | ann@example.com | doors | level    | London   | First | -
      2026-03-13T01:30:00.000Z | 2026-03-12 | ann@example.com | doors | location | New York | -     | -
      2026-03-14T10:00:00.000Z | 2026-03-14 | ann@example.com | doors | place    | London   | First | D1`),
  );
  expect(
    await table('change-log/user', (row) => [
      String(row.eventTime).slice(0, 16),
      day(row),
      row.category,
      row.description,
      row.changedBy,
      row.reason,
    ]),
  ).toBe(
    lines(`
2026-03-05T09:00 | 2026-03-05 | plan    | Plan set to office (London)                 | engine      | Horizon: the office without a seat
      2026-03-05T09:00 | 2026-03-05 | booking | Booking made of office (London)             | engine      | Horizon: the office without a seat
      2026-03-05T09:00 | 2026-03-06 | plan    | Plan set to office (London)                 | engine      | Horizon: the office without a seat
      2026-03-05T09:00 | 2026-03-06 | booking | Booking made of office (London)             | engine      | Horizon: the office without a seat
      2026-03-05T09:00 | 2026-03-09 | plan    | Plan set to office (London)                 | engine      | Horizon: the office without a seat
      2026-03-05T09:00 | 2026-03-09 | booking | Booking made of office (London)             | engine      | Horizon: the office without a seat
      2026-03-05T09:00 | 2026-03-10 | plan    | Plan set to office (London)                 | engine      | Horizon: the office without a seat
      2026-03-05T09:00 | 2026-03-10 | booking | Booking made of office (London)             | engine      | Horizon: the office without a seat
      2026-03-05T09:00 | 2026-03-11 | plan    | Plan set to remote                          | engine      | Horizon
      2026-03-05T09:00 | 2026-03-12 | plan    | Plan set to office (London)                 | engine      | Horizon: the office without a seat
      2026-03-05T09:00 | 2026-03-12 | booking | Booking made of office (London)             | engine      | Horizon: the office without a seat
      2026-03-05T09:00 | 2026-03-13 | plan    | Plan set to office (London)                 | engine      | Horizon: the office without a seat
      2026-03-05T09:00 | 2026-03-13 | booking | Booking made of office (London)             | engine      | Horizon: the office without a seat
      2026-03-07T12:00 | 2026-03-10 | plan    | Plan changed from office (London) to away   | integration | Leave scheduled (holiday)
      2026-03-07T12:00 | 2026-03-10 | booking | Booking of office (London) cancelled        | integration | Leave scheduled (holiday)
      2026-03-07T12:00 | 2026-03-12 | plan    | Plan changed from office (London) to away   | integration | Leave scheduled (holiday)
      2026-03-07T12:00 | 2026-03-12 | booking | Booking of office (London) cancelled        | integration | Leave scheduled (holiday)
      2026-03-07T12:00 | 2026-03-13 | plan    | Plan changed from office (London) to away   | integration | Leave scheduled (holiday)
      2026-03-07T12:00 | 2026-03-13 | booking | Booking of office (London) cancelled        | integration | Leave scheduled (holiday)
      2026-03-08T12:00 | 2026-03-12 | plan    | Plan changed from away to office (London)   | integration | Leave cancelled (holiday)
      2026-03-08T12:00 | 2026-03-12 | booking | Booking made of office (London)             | integration | Leave cancelled (holiday)
      2026-03-08T12:00 | 2026-03-13 | plan    | Plan changed from away to office (London)   | integration | Leave cancelled (holiday)
      2026-03-08T12:00 | 2026-03-13 | booking | Booking made of office (London)             | integration | Leave cancelled (holiday)
      2026-03-09T07:00 | 2026-03-11 | plan    | Plan changed from remote to office (London) | admin       | Workshop
      2026-03-09T07:00 | 2026-03-11 | booking | Booking made of desk D1 (London)            | admin       | Workshop`),
  );

  // A plan change and the booking change that it causes have one action id. No two actions share one.
  const log = await server.app.inject({
    url: `/v1/analytics/change-log/user/basic?startDate=2026-03-05&endDate=2026-03-15&userIds=${ANN}`,
    headers: { authorization: reads },
  });
  const actions = new Map<unknown, string[]>();
  for (const row of log.json() as Json[]) {
    actions.set(row.actionId, [...(actions.get(row.actionId) ?? []), `${day(row)} ${row.category}`]);
  }
  expect([...actions.values()].filter((entries) => entries.length === 1)).toEqual([['2026-03-11 plan']]);
  for (const [plan = '', booking] of actions.values()) {
    if (booking !== undefined) expect(booking).toBe(plan.replace('plan', 'booking'));
  }
  expect(actions.size).toBe(13);
});
