import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CliError } from '../../src/cli/errors.ts';
import { ExportFolder } from '../../src/cli/export/folder.ts';

const SOURCE = { baseUrl: 'http://127.0.0.1:1', apiKey: 'key', format: 'ndjson' };
const WORK = '.rollcall-export';

let parent: string;
/** The folder of an export. */
let dir: string;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'rollcall-folder-'));
  dir = join(parent, 'export');
  await mkdir(join(dir, WORK), { recursive: true });
  await writeFile(join(parent, 'precious'), 'precious');
});
afterEach(() => rm(parent, { recursive: true, force: true }));

const file = (path: string) => ({
  path,
  dataset: 'users',
  startDate: null,
  endDate: null,
  rows: 1,
  bytes: 3,
  sha256: '',
  readAt: '2026-03-01T00:00:00.000Z',
});

const manifest = (...paths: string[]) =>
  JSON.stringify({ version: 1, ...SOURCE, completedAt: '2026-03-01T00:00:00.000Z', files: paths.map(file) });

async function open(): Promise<ExportFolder> {
  return ExportFolder.open(dir, SOURCE, false);
}

describe('a manifest that names files outside the folder is refused, and nothing is changed', () => {
  test.each([
    '../precious',
    'users/../../precious',
    'users/../../../precious.ndjson',
    '/etc/hostname',
    './users/all.ndjson',
    'users//all.ndjson',
    'users\\..\\..\\precious',
    'users/\0.ndjson',
    '.rollcall-export/journal.ndjson',
    'manifest.json',
    'users',
    '',
  ])('%j', async (path) => {
    // One manifest waits to be moved into place, and one is in place. A run may delete the files that it names.
    for (const place of [join(WORK, 'manifest.json'), 'manifest.json']) {
      await mkdir(join(dir, WORK), { recursive: true });
      await writeFile(join(dir, place), manifest('users/all.ndjson', path));
      await expect(open()).rejects.toThrow(/names a file that cannot belong to an export/);
      await expect(open()).rejects.toBeInstanceOf(CliError);
      expect(await readFile(join(parent, 'precious'), 'utf8')).toBe('precious');
      await rm(join(dir, place));
    }
  });

  test.each(['[]', 'null', '{"files": [null]}', '{"version": 2, "files": []}', '{'])('%s', async (text) => {
    await writeFile(join(dir, 'manifest.json'), text);
    await expect(open()).rejects.toBeInstanceOf(CliError);
  });
});

test.each(['users', join(WORK, 'users'), WORK])(
  'a link in place of a directory is refused, and nothing is written to its target: %s',
  async (place) => {
    const elsewhere = join(parent, 'elsewhere');
    await mkdir(elsewhere);
    await rm(join(dir, place), { recursive: true, force: true });
    await symlink(elsewhere, join(dir, place));
    if (place === 'users') {
      await mkdir(join(dir, WORK, 'users'), { recursive: true });
      await writeFile(join(dir, WORK, 'users/all.ndjson'), '{}\n');
      await writeFile(join(dir, WORK, 'manifest.json'), manifest('users/all.ndjson'));
    }
    const write = async () => {
      const folder = await open();
      try {
        await writeFile(await folder.unfinished('users/all.ndjson'), '{}\n');
      } finally {
        await folder.close();
      }
    };
    if (place === join(WORK, 'users')) {
      // Continues from the files of an interrupted run.
      const head = JSON.stringify({ ...SOURCE, isFull: false });
      await writeFile(join(dir, WORK, 'journal.ndjson'), `${head}\n`);
    }
    await expect(write()).rejects.toThrow(/is a link/);
    expect(await readdir(elsewhere)).toEqual([]);
  },
);

test('only one run at a time uses a folder', async () => {
  const first = await open();
  await expect(open()).rejects.toThrow(new RegExp(`Another export .*pid ${process.pid}`));
  await first.close();
  const second = await open();
  await second.commit([], new Date());
  await second.close();
  expect(await readdir(dir)).toEqual(['manifest.json']);
  await (await open()).close();
});

test('the lock of a killed run does not block the next one', async () => {
  await symlink('2147483647 12345 0123456789abcdef', join(dir, '.rollcall-export.lock'));
  const folder = await open();
  await folder.close();
  expect(existsSync(join(dir, '.rollcall-export.lock'))).toBe(false);
});
