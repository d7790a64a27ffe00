import { afterEach, beforeEach, expect, test } from 'vitest';
import { migrate } from '../src/store/schema/migrate.ts';
import { seeingAll } from './support/backup.ts';
import { createTestDatabase, type TestDatabase } from './support/database.ts';

let db: TestDatabase;
beforeEach(async () => {
  db = await createTestDatabase();
});
afterEach(() => db.drop());

/** The transaction that last wrote the privileges of roles on a table. */
const writtenBy = () =>
  seeingAll(db.target, async (client) => {
    const { rows } = await client.query("SELECT xmin::text FROM pg_class WHERE oid = 'users'::regclass");
    return rows[0].xmin as string;
  });

const readsUsers = () =>
  db.restricted
    .inSystem((tx) => tx.query('SELECT FROM users'))
    .then(
      () => true,
      () => false,
    );

test('a current schema gets no new grants, because each grant makes all sessions plan again', async () => {
  const before = await writtenBy();
  await migrate(db.target);
  expect(await writtenBy()).toBe(before);
});

test('missing grants in a copy of the database are made, although the copy has the comment of the schema', async () => {
  await seeingAll(db.target, (client) =>
    client.query(`REVOKE ALL ON SCHEMA rollcall FROM rollcall_app;
                  REVOKE ALL ON ALL TABLES IN SCHEMA rollcall FROM rollcall_app`),
  );
  expect(await readsUsers()).toBe(false);
  await migrate(db.target);
  expect(await readsUsers()).toBe(true);
});

test('a release with other grants makes its grants', async () => {
  await seeingAll(db.target, (client) =>
    client.query(`COMMENT ON SCHEMA rollcall IS 'Grants of Rollcall, sha256 of another release';
                  REVOKE SELECT ON users FROM rollcall_app`),
  );
  expect(await readsUsers()).toBe(false);
  await migrate(db.target);
  expect(await readsUsers()).toBe(true);
});
