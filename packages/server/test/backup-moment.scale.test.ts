import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable, Transform } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { backup } from '../src/store/backup/backup.ts';
import { readBackup } from '../src/store/backup/contents.ts';
import { restore } from '../src/store/backup/restore.ts';
import type { DatabaseTarget } from '../src/store/connections/db.ts';
import {
  backupToBuffer,
  CREATED_AT,
  createEmptyDatabase,
  MASTER_KEY,
  opening,
  readAll,
  seeingAll,
  state,
} from './support/backup.ts';
import { createTestDatabase, createTestOrganisation, type TestDatabase } from './support/database.ts';

const LOCATION = '00000000-0000-4000-8000-000000000001';

let source: TestDatabase;
let tenantId: string;
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rollcall-backup-'));
  source = await createTestDatabase();
  tenantId = await createTestOrganisation(source.owner);
  await source.owner.inTenant(tenantId, (tx) =>
    tx.query(
      `INSERT INTO nodes (tenant_id, node_id, kind, name, time_zone) VALUES ($1, $2, 'location', 'HQ', 'UTC')`,
      [tenantId, LOCATION],
    ),
  );
  await addPresence(60_000);
});
afterAll(() => Promise.all([source.drop(), rm(directory, { recursive: true })]));

async function addPresence(rows: number): Promise<void> {
  await source.owner.inTenant(tenantId, (tx) =>
    tx.query(
      `INSERT INTO presence_events (tenant_id, observed_at, event_digest, day, user_id, location_id, node_id, event_id, source_id, received_at)
       SELECT $1, '2026-01-01'::timestamptz + n * interval '1 second', gen_random_uuid(), '2026-01-01', gen_random_uuid(), $2, $2,
              'event ' || n, 'badge-readers', '2026-01-02' FROM generate_series(1, $3::int) n`,
      [tenantId, LOCATION, rows],
    ),
  );
}

/** Ends the connections of `name` to the database of `target`, and returns their number. */
function endConnections(target: DatabaseTarget, name: string): Promise<number> {
  return seeingAll(target, async (client) => {
    const { rows } = await client.query(
      `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
       WHERE application_name = $1 AND datname = current_database()`,
      [name],
    );
    return rows.length;
  });
}

function waitForLock(target: DatabaseTarget, name: string): Promise<void> {
  return seeingAll(target, async (client) => {
    for (let waiting = false; !waiting; await sleep(10)) {
      const { rows } = await client.query(
        `SELECT FROM pg_stat_activity
         WHERE application_name = $1 AND datname = current_database() AND wait_event_type = 'Lock'`,
        [name],
      );
      waiting = rows.length > 0;
    }
  });
}

test('a backup during writes is one snapshot, and blocks no write', async () => {
  let going = true;
  let written = 0;
  const writer = (async () => {
    while (going) {
      const other = await createTestOrganisation(source.owner);
      for (const tenant of [tenantId, other]) {
        await source.owner.inTenant(tenant, async (tx) => {
          const location = (await tx.query('SELECT gen_random_uuid() AS id')).rows[0].id;
          await tx.query(
            `INSERT INTO nodes (tenant_id, node_id, kind, name, time_zone) VALUES ($1, $2, 'location', 'new', 'UTC')`,
            [tenant, location],
          );
          await tx.query(
            `INSERT INTO users (tenant_id, user_id, user_name, user_name_folded, primary_location_id) VALUES ($1, $2, $3, $3, $2)`,
            [tenant, location, `user ${location}`],
          );
          await tx.query(
            `INSERT INTO refused_events (tenant_id, refused_at, refusal_id, api_key_folded, endpoint, reason)
             VALUES ($1, '2026-01-01', $2, 'k', 'presence', 'r')`,
            [tenant, location],
          );
        });
      }
      written++;
    }
  })();
  const chunks: Buffer[] = [];
  const slow = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      chunks.push(chunk);
      setTimeout(done, 40);
    },
  });
  slow.resume();
  while (written < 3) await sleep(5);
  const before = written;
  const summary = await backup({
    target: source.target,
    masterKeys: [MASTER_KEY],
    createdAt: CREATED_AT,
    output: slow,
  });
  const during = written - before;
  going = false;
  await writer;

  expect(during).toBeGreaterThan(3);
  expect(summary.tables.users).toBe(summary.tables.refused_events);
  expect(summary.tables.nodes).toBe((summary.tables.users ?? 0) + 1);
  const { target, drop } = await createEmptyDatabase();
  await restore({ target, input: opening(Buffer.concat(chunks)) });
  const rows = await readAll(target);
  expect(summary.tables).toEqual(
    Object.fromEntries(Object.entries(rows).map(([name, list]) => [name, list.length])),
  );
  await drop();
});

test('a killed restore leaves the database empty, ready for the next one', async () => {
  const path = join(directory, 'backup.tar.gz');
  await backup({
    target: source.target,
    masterKeys: [MASTER_KEY],
    createdAt: CREATED_AT,
    output: createWriteStream(path, { mode: 0o600 }),
  });
  const { target, drop } = await createEmptyDatabase();
  const module = fileURLToPath(new URL('../dist/store/backup/restore.js', import.meta.url));
  const script = join(directory, 'restore.mjs');
  await writeFile(
    script,
    `import { createReadStream } from 'node:fs';
     import { restore } from ${JSON.stringify(module)};
     await restore({
       target: ${JSON.stringify(target)},
       input: () => createReadStream(${JSON.stringify(path)}),
       onProgress: (rows, table) => {
         if (table !== 'presence_events' || rows < 20_000) return;
         console.log('half-way');
         Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
       },
     });`,
  );
  const child = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(child.stdout, 'data');
  expect(String(line)).toContain('half-way');
  child.kill('SIGKILL');
  await once(child, 'exit');

  // The tables stay locked until the server has noticed; this waits for it.
  expect(await state(target)).toEqual({ organisations: 0, unforced: [] });
  const summary = await restore({ target, input: opening((await backupToBuffer(source.target)).file) });
  expect(summary.tables.presence_events).toBe(60_000);
  await drop();
});

test('a lost connection ends a backup', async () => {
  const output = new PassThrough({ highWaterMark: 100 });
  const work = backup({ target: source.target, masterKeys: [MASTER_KEY], createdAt: CREATED_AT, output });
  const refused = expect(work).rejects.toThrow('The database does not answer.');
  await once(output, 'readable');
  expect(await endConnections(source.target, 'rollcall backup')).toBe(1);
  output.resume();
  await refused;
});

test('a lost connection ends a restore, which loads nothing', async () => {
  const { file } = await backupToBuffer(source.target);
  const { target, drop } = await createEmptyDatabase();
  let ended = Promise.resolve(0);
  const breaking = Readable.from(
    (async function* () {
      yield file.subarray(0, file.length / 2);
      ended = endConnections(target, 'rollcall restore');
      await ended;
      yield file.subarray(file.length / 2);
    })(),
  );
  const inputs = [opening(file)(), breaking];
  const input = () => inputs.shift() ?? breaking;
  await expect(restore({ target, input })).rejects.toThrow('The database does not answer.');
  expect(await ended).toBe(1);
  expect(await state(target)).toEqual({ organisations: 0, unforced: [] });
  await drop();
});

test('the snapshot of a backup that waits for a migration is after the migration, with its columns', async () => {
  const { target, drop } = await createTestDatabase();
  let file: Buffer | undefined;
  await seeingAll(target, async (migration) => {
    await migration.query('BEGIN; ALTER TABLE users ADD COLUMN added text');
    const made = backupToBuffer(target).then((result) => {
      file = result.file;
    });
    await waitForLock(target, 'rollcall backup');
    await migration.query('COMMIT');
    await made;
  });
  const parts = readBackup(opening(file ?? Buffer.alloc(0))());
  let next = await parts.next();
  // The instance's id is the only row.
  while (!next.done) next = await parts.next();
  expect(next.value.manifest.tables.find((table) => table.name === 'users')?.columns).toContain('added');
  await drop();
});

test('a reader that closes the stream early closes the file', async () => {
  const { file } = await backupToBuffer(source.target);
  for (const pieces of [1, 2, 3, 5, 10, 20, 40]) {
    const input = opening(file)();
    const parts = readBackup(input);
    for (let piece = 0; piece < pieces; piece++) await parts.next();
    await parts.return(undefined as never);
    expect(input.destroyed).toBe(true);
  }
});
