import { afterAll, beforeAll, expect, test } from 'vitest';
import { restore } from '../src/store/backup/restore.ts';
import { Database } from '../src/store/connections/db.ts';
import { keepPosition } from '../src/store/warehouse/kept-positions.ts';
import { type DatabaseSnapshot, isInPastOf, readSnapshot } from '../src/store/warehouse/snapshots.ts';
import { backupToBuffer, createEmptyDatabase, opening } from './support/backup.ts';
import { createTestDatabase, createTestOrganisation, type TestDatabase } from './support/database.ts';
import { addUser } from './support/directory.ts';

let source: TestDatabase;
let tenantId: string;
beforeAll(async () => {
  source = await createTestDatabase();
  tenantId = await createTestOrganisation(source.owner);
  await addUser(source.owner, tenantId);
});
afterAll(() => source.drop());

async function momentOf(database: Database): Promise<DatabaseSnapshot> {
  for await (const moment of database.stream('exports', tenantId, async function* (tx) {
    const moment = await readSnapshot(tx, database);
    expect(await keepPosition(database, moment)).toBe(true);
    yield moment;
  })) {
    return moment;
  }
  throw new Error('no moment');
}

const isPastOf = (database: Database, earlier: DatabaseSnapshot, now: DatabaseSnapshot) =>
  database.inTenant(tenantId, (tx) => isInPastOf(tx, earlier, now));

test('a snapshot is past in its own database, and never in one that was restored from a backup of it', async () => {
  const before = await momentOf(source.restricted);
  const { file } = await backupToBuffer(source.target);
  const after = await momentOf(source.restricted);
  expect(await isPastOf(source.restricted, before, after)).toBe(true);

  const { target, drop } = await createEmptyDatabase();
  await restore({ target, input: opening(file) });
  const restored = new Database({ target, as: 'restricted', poolSize: 2, exportPoolSize: 1 });
  const now = await momentOf(restored);
  for (const earlier of [before, after]) expect(await isPastOf(restored, earlier, now)).toBe(false);
  const { database, runId } = await momentOf(restored);
  expect(now).toMatchObject({ database, runId });
  await restored.close();
  await drop();
});

test('after a restart of PostgreSQL, the history continues', async () => {
  const before = await momentOf(source.restricted);
  // No run is noted for this start yet. This makes the noted run an earlier one.
  await source.owner.inSystem((tx) =>
    tx.query("UPDATE database_runs SET started_at = started_at - interval '1 hour'"),
  );
  const after = await momentOf(source.restricted);
  expect(after.runId).not.toBe(before.runId);
  expect(await isPastOf(source.restricted, before, after)).toBe(true);
  expect((await momentOf(source.restricted)).runId).toBe(after.runId);
});
