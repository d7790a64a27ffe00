import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { Database, type Tx } from '../src/store/connections/db.ts';
import {
  asAdmin,
  createTestDatabase,
  createTestOrganisation,
  type TestDatabase,
} from './support/database.ts';
import { counts, id, importFile, listNodes, listUsers } from './support/import.ts';
import { until } from './support/waiting.ts';

let db: TestDatabase;
let others: Database;
let tenant: string;
beforeAll(async () => {
  db = await createTestDatabase();
  others = new Database({ target: db.target, as: 'owner', poolSize: 6, exportPoolSize: 1 });
});
beforeEach(async () => {
  tenant = await createTestOrganisation(db.owner);
});
afterAll(async () => {
  await others.close();
  await db.drop();
});

const ROWS = Array.from({ length: 300 }, (_, n) => `u${String(n).padStart(3, '0')},First`);
const FILE = ['userName,firstName', ...ROWS];

interface OpenInsert {
  /** The server process of the transaction. */
  pid: number;
  commit: () => Promise<void>;
}

/** Inserts a user without the directory lock. The transaction stays open until `commit` is called. */
async function insertBehindTheLock(userName: string): Promise<OpenInsert> {
  let commit: () => void = () => undefined;
  const wait = new Promise<void>((resolve) => {
    commit = resolve;
  });
  let inserted: (pid: number) => void = () => undefined;
  const ready = new Promise<number>((resolve) => {
    inserted = resolve;
  });
  const done = others.inTenant(tenant, async (tx: Tx) => {
    const { rows } = await tx.query<{ pid: number }>(
      `INSERT INTO users (tenant_id, user_id, user_name, user_name_folded)
       VALUES ($1, gen_random_uuid(), $2, $2) RETURNING pg_backend_pid() AS pid`,
      [tenant, userName],
    );
    inserted(rows[0]?.pid ?? 0);
    await wait;
  });
  const pid = await Promise.race([ready, done.then(() => 0)]);
  return {
    pid,
    commit: () => {
      commit();
      return done;
    },
  };
}

/** Waits until the import waits for this transaction, which inserted the same name. */
async function untilBlockedBy({ pid }: OpenInsert): Promise<void> {
  await asAdmin((client) =>
    until(async () => {
      const blocked = await client.query(
        'SELECT FROM pg_stat_activity WHERE $1 = ANY (pg_blocking_pids(pid))',
        [pid],
      );
      return blocked.rowCount;
    }),
  );
}

for (const strict of [false, true]) {
  const how = strict ? 'in one transaction (strict)' : 'in batches';

  test(`${how}: a user whom another transaction inserts at the same time is found and updated, and no row is lost`, async () => {
    const other = await insertBehindTheLock('u150');
    const report = importFile(db.owner, tenant, 'users', FILE, { strict });
    await untilBlockedBy(other);
    await other.commit();
    expect(counts(await report)).toEqual([299, 1, 0, 0]);
    expect(await listUsers(db.owner, tenant)).toHaveLength(300);
  });

  test(`${how}: a batch with two write conflicts continues row by row`, async () => {
    const [first, second] = [await insertBehindTheLock('u010'), await insertBehindTheLock('u200')];
    const report = importFile(db.owner, tenant, 'users', FILE, { strict });
    await untilBlockedBy(first);
    await first.commit();
    // The second attempt gets past u010 and stops at u200.
    await untilBlockedBy(second);
    await second.commit();
    expect(counts(await report)).toEqual([298, 2, 0, 0]);
    expect((await listUsers(db.owner, tenant)).map((user) => user.first_name)).toEqual(
      ROWS.map(() => 'First'),
    );
  });
}

test('concurrent imports create each location, level and zone once', async () => {
  const files = {
    locations: ['locationName,timeZone', 'HQ,UTC', 'Annex,UTC'],
    desks: [
      'deskName,zoneName,levelName,locationName',
      ...Array.from({ length: 200 }, (_, n) => `D${n},Z${n % 3},L,HQ`),
    ],
    users: FILE,
  };
  for (const kind of ['locations', 'desks', 'users'] as const) {
    const reports = await Promise.all(
      Array.from({ length: 4 }, () => importFile(others, tenant, kind, files[kind])),
    );
    const rows = files[kind].length - 1;
    const total = (member: 'created' | 'unchanged') =>
      reports.reduce((sum, report) => sum + report[member], 0);
    expect([total('created'), total('unchanged')]).toEqual([rows, 3 * rows]);
  }
  const nodes = await listNodes(db.owner, tenant);
  expect(nodes.map((node) => node.kind).filter((kind) => kind !== 'place')).toEqual([
    'level',
    'location',
    'location',
    'zone',
    'zone',
    'zone',
  ]);
});

test('a row with a repeated write conflict is refused, and the file can be imported again', async () => {
  await db.owner.inSystem((tx) =>
    tx.query(`
      CREATE FUNCTION beat() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN RAISE EXCEPTION USING ERRCODE = 'unique_violation'; END $$;
      CREATE TRIGGER beat BEFORE INSERT ON users FOR EACH ROW WHEN (NEW.user_name = 'cursed') EXECUTE FUNCTION beat()`),
  );
  const file = ['userId,userName', `${id(1)},a`, ',cursed', `${id(2)},b`];
  for (const strict of [true, false]) {
    const report = await importFile(db.owner, tenant, 'users', file, { strict });
    expect(report.refused).toEqual([
      { line: 3, reason: 'another change to the directory conflicted twice; import the file again' },
    ]);
    expect((await listUsers(db.owner, tenant)).map((user) => user.user_name)).toEqual(
      strict ? [] : ['a', 'b'],
    );
  }
  await db.owner.inSystem((tx) => tx.query('DROP TRIGGER beat ON users'));
  expect(counts(await importFile(db.owner, tenant, 'users', file))).toEqual([1, 0, 2, 0]);
});
