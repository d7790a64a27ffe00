import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { AttendanceClient } from './support/attendance.ts';
import { addUser } from './support/directory.ts';
import { startTestServer, type TestServer } from './support/server.ts';
import { type LoggedChange, logChanges } from './support/workday.ts';

const id = (n: number) => `0000000${n}-0000-4000-8000-000000000000`;

let server: TestServer;
let tenantId: string;
let client: AttendanceClient;

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

beforeEach(async () => {
  tenantId = await server.organisation();
  client = new AttendanceClient(server, await server.key(tenantId, { role: 'data-warehouse' }));
  for (const n of [1, 2]) await addUser(server.db.owner, tenantId, { userId: id(n) });
});

const log = (...changes: LoggedChange[]) => logChanges(server.db.owner, tenantId, changes);
const read = (startDate: string, endDate: string, more: Record<string, string> = {}) =>
  client.rows<Record<string, unknown>>('change-log/user', { startDate, endDate, ...more });

test('a plan and the booking that it causes are two rows with every column, in order', async () => {
  const office = { plan: 'o', locationId: id(7) };
  const desk = {
    placeId: id(8),
    path: { level: 'One', zones: [id(9)] },
    depth: 3,
    released: false,
    note: null,
  };
  const shared = {
    loggedAt: '2026-03-09T10:00:00.123456Z',
    userId: id(1),
    day: '2026-03-12',
    actionId: id(5),
    changedBy: 'admin',
    changedByName: 'Ann Admin',
    reason: 'moved house',
  } as const;
  await log(
    { ...shared, entryId: id(1), action: 'set', description: 'Remote', before: office, after: { plan: 'r' } },
    {
      ...shared,
      entryId: id(2),
      category: 'booking',
      action: 'cancel',
      description: 'Desk cancelled',
      before: desk,
    },
  );
  const rows = await read('2026-03-09', '2026-03-09');
  expect(Object.entries(rows[0] ?? {})).toEqual([
    ['eventTime', '2026-03-09T10:00:00.123456Z'],
    ['userId', id(1)],
    ['day', '2026-03-12T00:00:00.000Z'],
    ['category', 'plan'],
    ['action', 'set'],
    ['description', 'Remote'],
    ['changedBy', 'admin'],
    ['changedByName', 'Ann Admin'],
    ['reason', 'moved house'],
    ['actionId', id(5)],
    ['before', office],
    ['after', { plan: 'r' }],
  ]);
  expect(rows.slice(1)).toEqual([
    expect.objectContaining({ category: 'booking', actionId: id(5), before: desk, after: null }),
  ]);
});

test('required members are null if unknown', async () => {
  await log({ loggedAt: '2026-03-09T10:00:00Z', userId: id(1), day: '2026-03-09', changedBy: 'engine' });
  expect(await read('2026-03-09', '2026-03-09')).toEqual([
    expect.objectContaining({ changedByName: null, reason: null, before: null, after: null }),
  ]);
});

test('the window has the UTC dates of the changes, for any day that they change', async () => {
  const times = [
    '2026-03-08T23:59:59.999999Z',
    '2026-03-09T00:00:00Z',
    '2026-03-10T23:59:59.999999Z',
    '2026-03-11T00:00:00Z',
  ];
  await log(...times.map((loggedAt) => ({ loggedAt, userId: id(1), day: '2026-06-01' })));
  const rows = await read('2026-03-09', '20260310');
  expect(rows.map((row) => row.eventTime)).toEqual([
    '2026-03-09T00:00:00.000Z',
    '2026-03-10T23:59:59.999999Z',
  ]);
  expect(await read('2026-06-01', '2026-06-01')).toEqual([]);
});

test('rows are ordered by the date of the change, then user, then time, then entry', async () => {
  const at = (loggedAt: string, n: number, entry: number) => ({
    loggedAt: `2026-03-${loggedAt}Z`,
    userId: id(n),
    day: '2026-03-01',
    entryId: id(entry),
    description: String(entry),
  });
  await log(
    at('10T00:00:00', 1, 5),
    at('09T08:00:00', 2, 4),
    at('09T20:00:00', 1, 3),
    at('09T10:00:00', 1, 2),
    at('09T10:00:00', 1, 1),
  );
  const rows = await read('2026-03-09', '2026-03-10');
  expect(rows.map((row) => row.description)).toEqual(['1', '2', '3', '4', '5']);
});

test('userIds selects users; unknown ids select nothing', async () => {
  await log(...[1, 2].map((n) => ({ loggedAt: '2026-03-09T10:00:00Z', userId: id(n), day: '2026-03-09' })));
  const usersOf = async (userIds: string) =>
    (await read('2026-03-09', '2026-03-09', { userIds })).map((row) => row.userId);
  expect(await usersOf(id(2))).toEqual([id(2)]);
  expect(await usersOf(`${id(2)}, nobody,${id(1)}`)).toEqual([id(1), id(2)]);
  expect(await usersOf(id(6))).toEqual([]);
  expect(await usersOf('nobody')).toEqual([]);
});

test('an organisation sees its own changes only', async () => {
  await log({ loggedAt: '2026-03-09T10:00:00Z', userId: id(1), day: '2026-03-09' });
  client = new AttendanceClient(server, await server.key(await server.organisation()));
  expect(await read('2026-03-09', '2026-03-09')).toEqual([]);
});
