import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { unpackTar } from 'modern-tar';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ArchiveWriter } from '../src/store/backup/archive.ts';
import { BackupError, readBack } from '../src/store/backup/backup.ts';
import { checkBackup, RestoreError, restore } from '../src/store/backup/restore.ts';
import type { DatabaseTarget } from '../src/store/connections/db.ts';
import { migrate } from '../src/store/schema/migrate.ts';
import {
  backupToBuffer,
  CREATED_AT,
  createEmptyDatabase,
  createPlainlyOwnedDatabase,
  createSuperusersDatabase,
  fillEveryTable,
  MASTER_KEY,
  opening,
  readAll,
  seeingAll,
  state,
} from './support/backup.ts';
import { carried, expectRoundTrip } from './support/backup-round-trip.ts';
import { createTestDatabase, type TestDatabase } from './support/database.ts';

let source: TestDatabase;
let file: Buffer;
const drops: (() => Promise<void>)[] = [];

beforeAll(async () => {
  source = await createTestDatabase();
  await fillEveryTable(source.target);
  ({ file } = await backupToBuffer(source.target));
});
afterAll(async () => {
  await Promise.all([source.drop(), ...drops.map((drop) => drop())]);
});

async function empty(create = createEmptyDatabase): Promise<DatabaseTarget> {
  const { target, drop } = await create();
  drops.push(drop);
  return target;
}

test('a restore brings back everything: backed up by a superuser, restored by a plain owner', () =>
  expectRoundTrip(createSuperusersDatabase, createPlainlyOwnedDatabase));

test('a restored row has a transaction id of its new database', async () => {
  const target = await empty();
  await restore({ target, input: opening(file) });
  await seeingAll(target, async (client) => {
    const { rows } = await client.query(
      `SELECT count(DISTINCT written_xid)::int AS writes, bool_and(pg_xact_status(written_xid) = 'committed') AS here
       FROM (SELECT written_xid FROM users UNION ALL SELECT written_xid FROM presence_events) all_rows`,
    );
    expect(rows).toEqual([{ writes: 1, here: true }]);
  });
});

test('a restore into a database with an organisation is refused', async () => {
  const target = await empty();
  await restore({ target, input: opening(file) });
  const before = await readAll(target);
  await expect(restore({ target, input: opening(file) })).rejects.toThrow(
    new RestoreError('This database has organisations already; restore into an empty one.'),
  );
  expect(await readAll(target)).toEqual(before);
});

test('a restore detects an organisation that was created after its first check, and replaces nothing', async () => {
  const target = await empty();
  await migrate(target);
  let opened = 0;
  const input = () => {
    opened++;
    return Readable.from(
      (async function* () {
        await seeingAll(target, (client) =>
          client.query(
            `INSERT INTO organisations VALUES (gen_random_uuid(), 'new', 'New', 'UTC', false, '2026-01-01')`,
          ),
        );
        yield file;
      })(),
    );
  };
  await expect(restore({ target, input })).rejects.toThrow(/has organisations already/);
  expect(opened).toBe(1);
  expect(await state(target)).toEqual({ organisations: 1, unforced: [] });
});

test('the backup replaces the initial rows of an empty database', async () => {
  const target = await empty();
  await migrate(target);
  await seeingAll(target, (client) =>
    client.query(`INSERT INTO instance_settings VALUES ('master-key-check', 'x');
      INSERT INTO signing_keys VALUES ('k', 'ES256', '{}', 'x', '2026-01-01')`),
  );
  await restore({ target, input: opening(file) });
  expect(await readAll(target)).toEqual(carried(await readAll(source.target)));
});

test('the backup has no sessions and no links, and a restore ends those of the database', async () => {
  const target = await empty();
  await migrate(target);
  const signedIn = (client: pg.Client) =>
    client.query(`
      INSERT INTO accounts (account_id, email, email_folded, created_at)
      VALUES ('10000000-0000-4000-8000-000000000600', 'a@b.c', 'a@b.c', '2026-01-01') ON CONFLICT DO NOTHING;
      INSERT INTO sessions (session_id, token_hash, account_id, method, created_at, last_used_at, address)
      VALUES (gen_random_uuid(), sha256('x'), '10000000-0000-4000-8000-000000000600', 'link', now(), now(), '::1');
      INSERT INTO sign_in_links (token_hash, account_id, kind, expires_at)
      VALUES (sha256('x'), '10000000-0000-4000-8000-000000000600', 'link', now());
      INSERT INTO sign_in_networks VALUES ('10000000-0000-4000-8000-000000000600', '::1', now());
      INSERT INTO sign_in_failures VALUES (sha256('x'), 1, now())`);
  await seeingAll(source.target, signedIn);
  await seeingAll(target, signedIn);
  await restore({ target, input: opening((await backupToBuffer(source.target)).file) });
  const count = `SELECT (SELECT count(*) FROM sessions) + (SELECT count(*) FROM sign_in_links)
                      + (SELECT count(*) FROM sign_in_networks) AS count, (SELECT count(*) FROM accounts) AS accounts`;
  expect((await seeingAll(target, (client) => client.query(count))).rows).toEqual([
    { count: '0', accounts: '4' },
  ]);
});

test('the data never come without their key: a failure before the commit leaves the database empty', async () => {
  const target = await empty();
  const beforeCommit = async () => {
    throw new Error('no place for the key');
  };
  await expect(restore({ target, input: opening(file), beforeCommit })).rejects.toThrow(
    'no place for the key',
  );
  expect(await state(target)).toEqual({ organisations: 0, unforced: [] });
});

test('progress counts the rows of each table up to its total, and names every table with rows', async () => {
  const backedUp = new Map<string, number>();
  const made = await backupToBuffer(source.target, {
    onProgress: (rows, table) => backedUp.set(table, rows),
  });
  expect(Object.fromEntries(backedUp)).toEqual(made.summary.tables);
  const restored = new Map<string, number>();
  await restore({
    target: await empty(),
    input: opening(made.file),
    onProgress: (rows, table, total) => {
      expect(rows).toBeLessThanOrEqual(total);
      restored.set(table, rows);
    },
  });
  expect(Object.fromEntries(restored)).toEqual(made.summary.tables);
});

test('a backup of a database without Rollcall is refused', async () => {
  await expect(backupToBuffer(await empty())).rejects.toThrow(
    'There is no Rollcall in this database to back up.',
  );
});

test('a database that does not answer is an error that says so', async () => {
  const target = { ...source.target, port: 1 };
  await expect(backupToBuffer(target)).rejects.toThrow('The database does not answer.');
  await expect(restore({ target, input: opening(file) })).rejects.toThrow('The database does not answer.');
});

test('a backup holds the master key only if it is to, and then restores without it', async () => {
  const { file: without } = await backupToBuffer(source.target, { masterKeys: undefined });
  const names = (await unpackTar(gunzipSync(without), { strict: true })).map((entry) => entry.header.name);
  expect(names).not.toContain('master.key');
  expect(gunzipSync(without).includes(MASTER_KEY.toString('base64'))).toBe(false);
  const target = await empty();
  expect((await checkBackup(opening(without)())).masterKeys).toBeUndefined();
  await restore({ target, input: opening(without) });
  expect(await readAll(target)).toEqual(carried(await readAll(source.target)));
});

test('a backup of format 1, with the master key, still restores', async () => {
  const target = await empty();
  const input = opening(await asFormat1(file));
  expect((await checkBackup(input())).masterKeys).toEqual([MASTER_KEY]);
  await restore({ target, input });
  expect(await readAll(target)).toEqual(carried(await readAll(source.target)));
});

test('reading back finds a file that differs from what was written', async () => {
  const { file: written, summary } = await backupToBuffer(source.target);
  await readBack(opening(written)(), summary, {});
  const refused = new BackupError(
    'The backup file does not read back as it was written: the disk may be faulty; no backup was made.',
  );
  const flipped = Buffer.from(written);
  flipped[5_000] = (flipped[5_000] ?? 0) ^ 1;
  await expect(readBack(opening(flipped)(), summary, {})).rejects.toThrow(refused);
  const { file: other } = await backupToBuffer(source.target, { createdAt: new Date(0) });
  await expect(readBack(opening(other)(), summary, {})).rejects.toThrow(refused);
});

test('the file is an ordinary tar: manifest, key, rows in pieces that end with a row, end', async () => {
  const entries = await unpackTar(gunzipSync(file), { strict: true });
  const names = entries.map((entry) => entry.header.name);
  expect(names.slice(0, 2)).toEqual(['manifest.json', 'master.key']);
  expect(names.at(-1)).toBe('end.json');
  expect(names).toContain('data/organisations/000001.copy');
  expect(names).toContain('data/refused_events/000002.copy');
  expect(entries.filter((entry) => entry.header.mode !== 0o600)).toEqual([]);
  for (const entry of entries.slice(2, -1)) expect(entry.data?.at(-1)).toBe(0x0a);
  const text = (name: string) =>
    Buffer.from(entries.find((entry) => entry.header.name === name)?.data ?? []).toString();
  expect(text('master.key')).toBe(`${MASTER_KEY.toString('base64')}\n`);
  const manifest = JSON.parse(text('manifest.json'));
  expect(manifest).toMatchObject({
    format: 'rollcall-backup',
    formatVersion: 2,
    createdAt: CREATED_AT.toISOString(),
  });
  const order: string[] = manifest.tables.map((table: { name: string }) => table.name);
  expect(order.indexOf('organisations')).toBeLessThan(order.indexOf('nodes'));
  expect(order.indexOf('nodes')).toBeLessThan(order.indexOf('users'));
  expect(order).not.toContain('migrations');
});

/** The same backup as an earlier release wrote it. */
async function asFormat1(backup: Buffer): Promise<Buffer> {
  const output = new PassThrough();
  const written = buffer(output);
  const archive = new ArchiveWriter(output, CREATED_AT);
  for (const { header, data = new Uint8Array() } of await unpackTar(gunzipSync(backup), { strict: true })) {
    if (header.name === 'manifest.json') {
      const { masterKeyChecks: _, ...manifest } = JSON.parse(Buffer.from(data).toString());
      await archive.add(header.name, Buffer.from(JSON.stringify({ ...manifest, formatVersion: 1 })));
    } else if (header.name === 'end.json') {
      const { rows } = JSON.parse(Buffer.from(data).toString());
      await archive.add(header.name, Buffer.from(JSON.stringify({ rows, sha256: archive.digest.hex() })));
    } else {
      await archive.add(header.name, data);
    }
  }
  await archive.finish();
  return written;
}
