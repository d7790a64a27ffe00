import { createReadStream } from 'node:fs';
import { PassThrough, Readable, Writable } from 'node:stream';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ArchiveWriter } from '../src/store/backup/archive.ts';
import { BackupError } from '../src/store/backup/backup.ts';
import { readBackup } from '../src/store/backup/contents.ts';
import { RestoreError, restore } from '../src/store/backup/restore.ts';
import type { DatabaseTarget } from '../src/store/connections/db.ts';
import { backupToBuffer, createEmptyDatabase, opening, seeingAll, state } from './support/backup.ts';
import { createTestDatabase, createTestOrganisation, type TestDatabase } from './support/database.ts';

let source: TestDatabase;
let target: DatabaseTarget;
let drop: () => Promise<void>;
let file: Buffer;

beforeAll(async () => {
  source = await createTestDatabase();
  const tenantId = await createTestOrganisation(source.owner);
  await seeingAll(source.target, (client) =>
    client.query(
      `INSERT INTO refused_events (tenant_id, refused_at, refusal_id, api_key_folded, endpoint, reason)
       SELECT $1, '2026-01-01', gen_random_uuid(), 'k', 'presence', n::text FROM generate_series(1, 20) n`,
      [tenantId],
    ),
  );
  ({ file } = await backupToBuffer(source.target));
  ({ target, drop } = await createEmptyDatabase());
});
afterAll(() => Promise.all([source.drop(), drop()]));

const ONE_SENTENCE = /^[A-Z][^\n]*\.$/;

async function readThrough(bytes: Buffer): Promise<void> {
  const parts = readBackup(opening(bytes)());
  while (!(await parts.next()).done);
}

async function refusal(
  bytes: Buffer,
  reading: (bytes: Buffer) => Promise<unknown> = readThrough,
): Promise<string> {
  const error = await reading(bytes).then(
    () => new Error('was not refused'),
    (reason: Error) => reason,
  );
  expect(error).toBeInstanceOf(RestoreError);
  expect(error.message).toMatch(ONE_SENTENCE);
  return error.message;
}

const restored = (bytes: Buffer) => restore({ target, input: opening(bytes) });

function flipped(at: number, mask: number): Buffer {
  const copy = Buffer.from(file);
  copy[at] = (copy[at] ?? 0) ^ mask;
  return copy;
}

/**
 * Whether two gzip files have the same content. Deflate can encode it in several ways, and some header bytes mean
 * nothing.
 */
function sameContent(bytes: Buffer): boolean {
  try {
    return gunzipSync(bytes).equals(gunzipSync(file));
  } catch {
    return false;
  }
}

test('the undamaged file is valid', () => readThrough(file));

test('a file cut at any byte is refused', { timeout: 120_000 }, async () => {
  for (let length = 0; length < file.length; length++) await refusal(file.subarray(0, length));
});

test('a file with any byte changed is refused, unless it decompresses to the same content', {
  timeout: 120_000,
}, async () => {
  let refused = 0;
  for (let at = 0; at < file.length; at++) {
    const bytes = flipped(at, 1 << (at % 8));
    if (sameContent(bytes)) {
      await readThrough(bytes);
    } else {
      await refusal(bytes);
      refused++;
    }
  }
  expect(refused).toBeGreaterThan(0.9 * file.length);
});

test('a damaged or shorter file loads nothing', async () => {
  const place = fc.nat(file.length - 1);
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        place.map((length) => file.subarray(0, length)),
        fc
          .tuple(place, fc.integer({ min: 1, max: 255 }))
          .map(([at, mask]) => flipped(at, mask))
          .filter((bytes) => !sameContent(bytes)),
      ),
      async (bytes) => {
        await refusal(bytes, restored);
        expect(await state(target)).toBe('nothing');
      },
    ),
    { numRuns: 60 },
  );
});

test.each([
  ['nothing at all', Buffer.alloc(0), /incomplete/],
  ['a text', Buffer.from('Dear operator, this is not it.'), /not a Rollcall backup/],
  ['another gzip', gzipSync('hello'), /not a Rollcall backup|damaged/],
])('%s is refused', async (_name, bytes, message) => {
  expect(await refusal(bytes, restored)).toMatch(message);
});

test('a file without its end is refused as incomplete, even if gzip and tar are complete', async () => {
  const tar = gunzipSync(file);
  const end = tar.indexOf('end.json\0');
  expect(await refusal(gzipSync(Buffer.concat([tar.subarray(0, end), Buffer.alloc(1024)])))).toMatch(
    /incomplete/,
  );
});

test('a file with a hash of another file is refused', async () => {
  const tar = gunzipSync(file);
  tar.write('X', tar.indexOf('presence\t'));
  expect(await refusal(gzipSync(tar))).toMatch(/damaged/);
});

test.each([
  ['a newer format', { formatVersion: 3 }, /made by a newer Rollcall \(7\.0\.0\)/],
  [
    'a newer schema',
    { migrations: ['0001_foundation', '0002_unheard_of'] },
    /newer Rollcall \(7\.0\.0, with migration/,
  ],
  ['another line of schemas', { migrations: ['0001_other'] }, /with migration 0001_other/],
  ['a manifest of another shape', { tables: 'all' }, /damaged/],
  ['another program', { format: 'tax-return' }, /not a Rollcall backup/],
])('a complete file of %s is refused and changes nothing', async (_name, change, message) => {
  const archive = await forged({ tables: [], ...change }, {});
  expect(await refusal(archive, restored)).toMatch(message);
  expect(await state(target)).toBe('nothing');
});

test('a complete file with other tables than its schema loads nothing', async () => {
  const archive = await forged(
    { tables: [{ name: 'organisations', columns: ['tenant_id'] }] },
    { organisations: 0 },
  );
  const { target: other, drop: dropOther } = await createEmptyDatabase();
  await expect(restore({ target: other, input: opening(archive) })).rejects.toThrow(
    /The tables of the database differ/,
  );
  expect(await state(other)).toEqual({ organisations: 0, unforced: [] });
  await dropOther();
});

test('rows that PostgreSQL refuses load nothing, and the message says so', async () => {
  const tar = gunzipSync(file);
  const parts = readBackup(opening(file)());
  let next = await parts.next();
  while (!next.done) next = await parts.next();
  const { manifest, end } = next.value;
  const organisation = tar.subarray(tar.indexOf('data/organisations/') + 512);
  const row = organisation.subarray(0, organisation.indexOf(0x0a) + 1);
  const archive = await forged(manifest, { ...zeros(end.rows), organisations: 2 }, [
    ['data/organisations/000001.copy', Buffer.concat([row, row])],
  ]);
  const { target: other, drop: dropOther } = await createEmptyDatabase();
  await expect(restore({ target: other, input: opening(archive) })).rejects.toThrow(
    /^Nothing was restored \(PostgreSQL: duplicate key .*\)\.$/,
  );
  expect(await state(other)).toEqual({ organisations: 0, unforced: [] });
  await dropOther();
});

test('a file that changes between its two readings loads nothing', async () => {
  const { target: other, drop: dropOther } = await createEmptyDatabase();
  const files = [file, (await backupToBuffer(source.target, { createdAt: new Date(0) })).file];
  const input = () => opening(files.shift() ?? file)();
  await expect(restore({ target: other, input })).rejects.toThrow(/damaged/);
  const late = [file, file.subarray(0, -30)];
  await expect(restore({ target: other, input: () => opening(late.shift() ?? file)() })).rejects.toThrow(
    /incomplete/,
  );
  expect(await state(other)).toEqual({ organisations: 0, unforced: [] });
  await dropOther();
});

test('an unreadable file is an error that says so', async () => {
  await expect(restore({ target, input: () => createReadStream('/nowhere/at.all') })).rejects.toThrow(
    /^The backup file cannot be read \(ENOENT/,
  );
});

test('a full disk ends the backup with one sentence, at any byte', {
  timeout: 60_000,
}, async () => {
  for (const room of [0, 1, 100, file.length - 1]) {
    let written = 0;
    const output = new Writable({
      write(chunk: Buffer, _encoding, done) {
        written += chunk.length;
        done(
          written > room
            ? Object.assign(new Error('no space left'), { code: 'ENOSPC', syscall: 'write' })
            : null,
        );
      },
    });
    const made = backupToBuffer(source.target, { output });
    await expect(made).rejects.toThrow(
      new BackupError('There is not enough space for the backup file; no backup was made.'),
    );
    expect(output.destroyed).toBe(true);
  }
});

test('the backup ends if its reader closes the stream', async () => {
  const output = new PassThrough();
  const made = backupToBuffer(source.target, { output });
  output.once('data', () => output.destroy());
  await expect(made).rejects.toThrow(/^The backup file cannot be written/);
});

function zeros(rows: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.keys(rows).map((name) => [name, 0]));
}

/** A complete backup with a correct hash, whose manifest claims `change`. */
async function forged(
  change: Record<string, unknown>,
  rows: Record<string, number>,
  entries: [string, Buffer][] = [],
): Promise<Buffer> {
  const manifest = {
    format: 'rollcall-backup',
    formatVersion: 1,
    postgresVersion: '99',
    createdAt: '2026-01-01T00:00:00.000Z',
    migrations: ['0001_foundation'],
    ...change,
    rollcallVersion: '7.0.0',
  };
  const output = new PassThrough({ highWaterMark: 10_000_000 });
  const archive = new ArchiveWriter(output, new Date(0));
  await archive.add('manifest.json', Buffer.from(JSON.stringify(manifest)));
  await archive.add('master.key', Buffer.from('AAAA\n'));
  for (const [name, content] of entries) await archive.add(name, content);
  await archive.add('end.json', Buffer.from(JSON.stringify({ rows, sha256: archive.digest.hex() })));
  await archive.finish();
  return Buffer.concat(await Readable.from(output).toArray());
}
