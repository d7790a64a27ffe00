import { afterAll, expect, test } from 'vitest';
import { restore } from '../../src/store/backup/restore.ts';
import { UnusableDatabaseError } from '../../src/store/connections/check-database.ts';
import { migrateJobQueue } from '../../src/store/schema/job-queue.ts';
import { migrate } from '../../src/store/schema/migrate.ts';
import { query } from '../embedded/support.ts';
import {
  backupToBuffer,
  createEmptyDatabase,
  createPlainlyOwnedDatabase,
  fillEveryTable,
  opening,
  readAll,
  state,
} from '../support/backup.ts';
import { carried } from '../support/backup-round-trip.ts';
import { asAdmin, createTestDatabase } from '../support/database.ts';

const drops: (() => Promise<void>)[] = [];
afterAll(() => Promise.all(drops.map((drop) => drop())));

const QUEUED = "SELECT task_identifier FROM rollcall_jobs.jobs WHERE task_identifier = 'left over'";

test('a plain owner creates the queue, also in several processes at once, and again', async () => {
  const { target, drop } = await createPlainlyOwnedDatabase();
  drops.push(drop);
  await migrate(target);
  await Promise.all(Array.from({ length: 5 }, () => migrateJobQueue(target)));
  await query(target, "SELECT rollcall_jobs.add_job('left over')");
  await migrateJobQueue(target);
  expect(await query(target, QUEUED)).toEqual([{ task_identifier: 'left over' }]);
});

test('a role without the right to create it gets one sentence', async () => {
  const { target, drop } = await createPlainlyOwnedDatabase();
  drops.push(drop);
  await asAdmin((admin) => admin.query(`ALTER DATABASE ${target.database} OWNER TO CURRENT_USER`));
  await expect(migrateJobQueue(target)).rejects.toThrow(UnusableDatabaseError);
  await asAdmin((admin) => admin.query(`ALTER DATABASE ${target.database} OWNER TO ${target.user}`));
});

test('a backup omits the queue, and a restore accepts a database with one', async () => {
  const source = await createTestDatabase();
  const into = await createEmptyDatabase();
  drops.push(source.drop, into.drop);
  await fillEveryTable(source.target);
  await migrateJobQueue(source.target);
  await query(source.target, "SELECT rollcall_jobs.add_job('left over')");
  const { file, summary } = await backupToBuffer(source.target);
  expect(Object.keys(summary.tables).filter((name) => /job/.test(name))).toEqual([]);

  await migrate(into.target);
  await migrateJobQueue(into.target);
  await restore({ target: into.target, input: opening(file) });
  expect(await state(into.target)).toEqual({ organisations: 2, unforced: [] });
  expect(await readAll(into.target)).toEqual(carried(await readAll(source.target)));
  await migrateJobQueue(into.target);
  expect(await query(into.target, QUEUED)).toEqual([]);
});

test('the restricted role cannot read the queue', async () => {
  const db = await createTestDatabase();
  drops.push(db.drop);
  await migrateJobQueue(db.target);
  await expect(db.restricted.inSystem((tx) => tx.query('SELECT FROM rollcall_jobs.jobs'))).rejects.toThrow(
    'permission denied for schema rollcall_jobs',
  );
});
