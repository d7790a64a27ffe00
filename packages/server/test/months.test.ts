import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { migrate } from '../src/store/schema/migrate.ts';
import { dropMonths, makeMonths, partitionByMonth } from '../src/store/schema/months.ts';
import { seeingAll } from './support/backup.ts';
import { createTestDatabase, type TestDatabase } from './support/database.ts';
import {
  addRows,
  createNewDatabase,
  createUpgradedDatabase,
  monthsOf,
  NOW,
  schemaOf,
  TENANT,
} from './support/months.ts';

let fresh: TestDatabase;
let upgraded: TestDatabase;
beforeAll(async () => {
  [fresh, upgraded] = await Promise.all([createNewDatabase(), createUpgradedDatabase()]);
});
afterAll(() => Promise.all([fresh.drop(), upgraded.drop()]));

let db: TestDatabase;
beforeEach(async () => {
  db = await createTestDatabase({ copyOf: fresh });
});
afterEach(() => db.drop());

/** Continues with a database that has rows from before there were partitions. */
async function upgrade(): Promise<void> {
  await db.drop();
  db = await createTestDatabase({ copyOf: upgraded });
}

/** The schema of a database that was made anew. */
async function freshSchema(): Promise<unknown[]> {
  const copy = await createTestDatabase({ copyOf: fresh });
  return schemaOf(copy).finally(() => copy.drop());
}

const owner = <T>(work: Parameters<typeof seeingAll<T>>[1]) => seeingAll(db.target, work);
const make = (at: Date) => owner((client) => makeMonths(client, at));

test('a new database has the month of now, three months ahead, and one partition of all before', async () => {
  for (const table of ['action_log', 'occupancy_events', 'presence_events', 'visitor_arrivals'])
    expect(await monthsOf(db, table)).toEqual([
      [`${table}_before`, null, '2026-03-01'],
      [`${table}_2026_03`, '2026-03-01', '2026-04-01'],
      [`${table}_2026_04`, '2026-04-01', '2026-05-01'],
      [`${table}_2026_05`, '2026-05-01', '2026-06-01'],
      [`${table}_2026_06`, '2026-06-01', '2026-07-01'],
    ]);
  expect(await make(NOW)).toBe(0);
});

test('the months of a long pause are one partition, so that there is neither a gap nor a multitude', async () => {
  expect(await make(new Date('2031-11-30T23:00:00Z'))).toBe(4 * 5);
  expect((await monthsOf(db, 'presence_events')).slice(-6)).toEqual([
    ['presence_events_2026_06', '2026-06-01', '2026-07-01'],
    ['presence_events_2026_07', '2026-07-01', '2031-11-01'],
    ['presence_events_2031_11', '2031-11-01', '2031-12-01'],
    ['presence_events_2031_12', '2031-12-01', '2032-01-01'],
    ['presence_events_2032_01', '2032-01-01', '2032-02-01'],
    ['presence_events_2032_02', '2032-02-01', '2032-03-01'],
  ]);
});

test('servers that start at the same time make each month once', async () => {
  const made = await Promise.all([1, 2, 3].map(() => make(new Date('2026-05-20T00:00:00Z'))));
  expect(made.toSorted()).toEqual([0, 0, 4 * 2]);
});

test('months are made while others read and write the tables', async () => {
  await owner(async (client) => {
    await client.query('BEGIN');
    await addRows(client, ['2026-03-10T09:00:00Z']);
    await client.query('SELECT FROM presence_events');
    expect(await make(new Date('2026-05-20T00:00:00Z'))).toBe(4 * 2);
    await client.query('COMMIT');
  });
});

test('nobody reads or writes a partition itself', async () => {
  await owner((client) => addRows(client, ['2026-03-10T09:00:00Z']));
  await expect(
    db.restricted.inTenant(TENANT, (tx) => tx.query('SELECT FROM presence_events_2026_03')),
  ).rejects.toThrow(/permission denied/);
  const { rows } = await owner((client) =>
    client.query(`SELECT DISTINCT c.relrowsecurity AND c.relforcerowsecurity AS forced, c.relacl::text AS acl,
                         EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid) AS "hasPolicy"
                  FROM months m JOIN pg_class c ON c.relname = m.partition_name`),
  );
  expect(rows).toEqual([{ forced: true, acl: null, hasPolicy: false }]);
});

test('a database with rows becomes what a new one is, with all its rows, and its oldest partition is the old table', async () => {
  await upgrade();
  const before = await owner((client) => client.query('SELECT * FROM presence_events ORDER BY observed_at'));
  const { rows: files } = await owner((client) =>
    client.query("SELECT pg_relation_filenode('presence_events') AS node"),
  );
  expect(await monthsOf(db, 'presence_events')).toEqual([]);
  await partitionByMonth(db.target, NOW);

  const after = await owner((client) => client.query('SELECT * FROM presence_events ORDER BY observed_at'));
  expect(after.rows).toEqual(before.rows);
  expect(await monthsOf(db, 'presence_events')).toEqual([
    ['presence_events_before', null, '2026-06-01'],
    ['presence_events_2026_06', '2026-06-01', '2026-07-01'],
  ]);
  const { rows: old } = await owner((client) =>
    client.query("SELECT pg_relation_filenode('presence_events_before') AS node"),
  );
  expect(old).toEqual(files);
  expect(await schemaOf(db)).toEqual(await freshSchema());
});

test('a migration to partitions waits for nobody for long, and continues where it was', async () => {
  await upgrade();
  const once = { lockTries: 1 };
  await owner(async (client) => {
    await client.query('BEGIN; SELECT FROM visitor_arrivals');
    await expect(partitionByMonth(db.target, NOW, once)).rejects.toThrow(/lock timeout/);
    await client.query('COMMIT');
  });
  // The other tables, which come first, are done.
  expect((await monthsOf(db, 'presence_events')).length).toBe(2);
  expect(await monthsOf(db, 'visitor_arrivals')).toEqual([]);
  const done: number[] = [];
  await partitionByMonth(db.target, NOW, { ...once, onProgress: (tables) => done.push(tables) });
  expect(done).toEqual([3, 4]);
  expect((await monthsOf(db, 'visitor_arrivals')).length).toBe(2);
  await partitionByMonth(db.target, NOW, once);
});

test('a constraint that a cut-off migration left never refuses an event: the next start moves it', async () => {
  await upgrade();
  await owner((client) =>
    client.query(
      "ALTER TABLE presence_events ADD CONSTRAINT before_month CHECK (observed_at < '2026-06-01T00:00:00Z') NOT VALID",
    ),
  );
  const later = new Date('2026-05-31T12:00:00Z');
  await migrate(db.target, { now: later });
  await owner((client) => addRows(client, ['2026-06-01T09:00:00Z']));
  await partitionByMonth(db.target, later);
  expect((await monthsOf(db, 'presence_events'))[0]).toEqual(['presence_events_before', null, '2026-08-01']);
});

test('a start does not wait for a locked table, and the next one makes the months', async () => {
  const later = new Date('2026-05-20T00:00:00Z');
  await owner(async (client) => {
    await client.query('BEGIN; LOCK TABLE presence_events, action_log IN ACCESS EXCLUSIVE MODE');
    await migrate(db.target, { now: NOW });
    await migrate(db.target, { now: later });
    await client.query('COMMIT');
  });
  expect((await monthsOf(db, 'presence_events')).length).toBe(5);
  await migrate(db.target, { now: later });
  expect((await monthsOf(db, 'presence_events')).length).toBe(7);
});

test('a start does not wait for a locked table whose constraint ends soon', async () => {
  await upgrade();
  await owner(async (client) => {
    await client.query(
      "ALTER TABLE presence_events ADD CONSTRAINT before_month CHECK (observed_at < '2026-06-01T00:00:00Z') NOT VALID",
    );
    await client.query('BEGIN; LOCK TABLE presence_events IN ACCESS EXCLUSIVE MODE');
    await migrate(db.target, { now: new Date('2026-05-31T12:00:00Z') });
    await client.query('COMMIT');
  });
  expect(await monthsOf(db, 'presence_events')).toEqual([]);
});

test('a view on a table stops its migration, because the view would miss all later rows', async () => {
  await upgrade();
  await owner((client) => client.query('CREATE VIEW mine AS SELECT event_id FROM presence_events'));
  await expect(partitionByMonth(db.target, NOW)).rejects.toThrow(/rule _RETURN on view mine/);
  await owner((client) => client.query('DROP VIEW mine'));
  await partitionByMonth(db.target, NOW);
  expect((await monthsOf(db, 'presence_events')).length).toBe(2);
});

test('triggers note events whichever partition they are in', async () => {
  await owner(async (client) => {
    await addRows(client, ['2026-01-10T09:00:00Z', '2026-03-10T09:00:00Z']);
    await client.query('UPDATE presence_events SET day = day + 1; DELETE FROM presence_events');
    const { rows } = await client.query('SELECT day::text FROM attendance_changes ORDER BY day');
    expect(rows.map(({ day }) => day)).toEqual(['2026-01-10', '2026-01-11', '2026-03-10', '2026-03-11']);
  });
});

const instantsOf = async (table: string, column = 'observed_at') => {
  const { rows } = await owner((client) =>
    client.query({ text: `SELECT ${column} FROM ${table} ORDER BY 1`, rowMode: 'array' }),
  );
  return rows.map(([instant]: Date[]) => instant?.toISOString().slice(0, 10));
};
const remove = (before: string) =>
  owner((client) => client.query('DELETE FROM presence_events WHERE observed_at < $1', [before]));
const APRIL = new Date('2026-04-01T00:00:00Z');

test('empty months that end before what is kept are dropped, and an event of them has a partition all the same', async () => {
  await owner((client) => addRows(client, ['2026-03-31T23:59:59Z', '2026-04-01T00:00:00Z']));
  await remove('2026-04-01');
  expect(await dropMonths(db.target, 'presence_events', new Date(APRIL.getTime() - 1))).toBe(0);
  expect(await dropMonths(db.target, 'presence_events', APRIL)).toBe(1);
  expect(await monthsOf(db, 'presence_events')).toEqual([
    ['presence_events_before', null, '2026-04-01'],
    ['presence_events_2026_04', '2026-04-01', '2026-05-01'],
    ['presence_events_2026_05', '2026-05-01', '2026-06-01'],
    ['presence_events_2026_06', '2026-06-01', '2026-07-01'],
  ]);
  expect((await monthsOf(db, 'visitor_arrivals')).length).toBe(5);
  expect(await dropMonths(db.target, 'presence_events', APRIL)).toBe(0);
  expect(await make(NOW)).toBe(0);

  expect(await schemaOf(db)).toEqual(await freshSchema());
  await owner((client) => addRows(client, ['2026-03-31T23:59:59Z']));
  expect(await instantsOf('presence_events')).toEqual(['2026-03-31', '2026-04-01']);
});

test('a month that has a row is never dropped, and neither is a later one', async () => {
  await owner((client) => addRows(client, ['2026-03-31T23:59:59Z']));
  const may = new Date('2026-05-01T00:00:00Z');
  expect(await dropMonths(db.target, 'presence_events', may)).toBe(0);
  await remove('2026-04-01');
  await owner((client) => addRows(client, ['2025-03-31T23:59:59Z']));
  expect(await dropMonths(db.target, 'presence_events', may)).toBe(0);
  expect((await monthsOf(db, 'presence_events')).length).toBe(5);
  expect(await instantsOf('presence_events')).toEqual(['2025-03-31']);
});

test('a drop waits for nobody for long, and loses no event that comes meanwhile', async () => {
  const once = { lockTries: 1 };
  await owner(async (reader) => {
    await reader.query('BEGIN; SELECT FROM presence_events');
    expect(await dropMonths(db.target, 'presence_events', APRIL, once)).toBe(0);
    const dropping = dropMonths(db.target, 'presence_events', APRIL, { lockPauseMs: 1 });
    await addRows(reader, ['2026-03-10T09:00:00Z']);
    await reader.query('COMMIT');
    expect(await dropping).toBe(0);
  });
  expect(await instantsOf('presence_events')).toEqual(['2026-03-10']);
  await remove('2026-04-01');
  expect(await dropMonths(db.target, 'presence_events', APRIL, once)).toBe(1);
});
