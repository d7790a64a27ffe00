import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { generateIdentity, identityToRecipient } from 'age-encryption';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createTestDatabase, createTestOrganisation, type TestDatabase } from '../support/database.ts';
import { expectOneSentence, until, Workspace } from './support.ts';
import { urlOf } from './url-support.ts';

const EACH_SECOND = '* * * * * *';
const NEVER_IN_A_TEST = '0 0 29 2 *';

let work: Workspace;
let db: TestDatabase;
let env: Record<string, string>;
let dir: string;
let dirs = 0;
beforeAll(async () => {
  work = await Workspace.create();
  db = await createTestDatabase();
  await createTestOrganisation(db.owner);
  await writeFile(work.path('key'), `${Buffer.alloc(32, 1).toString('base64')}\n`, { mode: 0o600 });
  env = { DATABASE_URL: urlOf(db.target), ROLLCALL_MASTER_KEY_FILE: work.path('key') };
});
beforeEach(() => {
  dir = work.path(`backups-${dirs++}`);
});
afterAll(async () => {
  await work.close();
  await db.drop();
});

const backups = async () => (await readdir(dir)).filter((name) => /^rollcall-.*\.(age|tar\.gz)$/.test(name));
const keep = (count: number, ...options: string[]) =>
  work.json<{ file: string; deleted: string[]; damaged: string[] }>(
    ['backup', dir, '--keep', String(count), ...options],
    { env },
  );

describe('rollcall backup --keep', () => {
  test('deletes its own older backups only, and only after a new one was verified', async () => {
    await mkdir(dir);
    // Others' files, two of them with a name like ours.
    const foreign = ['rollcall-2020-01-01T00-00-00-000Z.tar.gz', 'rollcall-2020-01-01.age', 'notes.txt'];
    for (const name of foreign) await writeFile(`${dir}/${name}`, 'not ours');
    const first = await keep(2);
    const second = await keep(2);
    expect([first.deleted, second.deleted]).toEqual([[], []]);
    const third = await keep(2);
    expect(third.deleted).toEqual([first.file]);
    const own = [second.file, third.file];
    expect((await readdir(dir)).toSorted()).toEqual(
      [...foreign, ...own, 'rollcall-backups.sha256', 'rollcall-erasures.ndjson'].toSorted(),
    );
    expect(await readFile(`${dir}/rollcall-backups.sha256`, 'utf8')).toMatch(
      new RegExp(`^[0-9a-f]{64} {2}${second.file}\n[0-9a-f]{64} {2}${third.file}\n$`),
    );
    expect((await stat(`${dir}/${third.file}`)).mode & 0o777).toBe(0o600);
    expect(await work.json(['restore', '--verify', `${dir}/${third.file}`])).toMatchObject({
      organisations: 1,
    });
  });

  test('never leaves fewer good ones: a damaged one does not count', async () => {
    const first = await keep(2);
    const second = await keep(2);
    await truncate(`${dir}/${second.file}`, 100);
    const { code, stdout, stderr } = await work.rollcall(['backup', dir, '--keep', '2'], { env });
    expect(code).toBe(0);
    expect(stderr).toContain(`Warning: ${dir}/${second.file} is not what was written any more`);
    expect(stdout).toContain('No older backup was deleted.');
    expect(await backups()).toHaveLength(3);
    // With another good one, the older ones go.
    const fourth = await keep(2);
    expect(fourth.deleted).toEqual([first.file, second.file]);
    expect(await backups()).toHaveLength(2);
  });

  test('that fails deletes nothing, and its exit code says so', async () => {
    const { file } = await keep(1);
    const failed = await work.rollcall(['backup', dir, '--keep', '1'], { env, fileBlocks: 2 });
    expectOneSentence(failed, /is allowed \(EFBIG\)|cannot be written/);
    expect(await backups()).toEqual([file]);
    expect(existsSync(`${dir}/.rollcall-backups.lock`)).toBe(false);
  });

  test('encrypts as a single backup does', async () => {
    const identity = await generateIdentity();
    await writeFile(work.path('identity'), `${identity}\n`, { mode: 0o600 });
    const { file } = await keep(1, '--recipient', await identityToRecipient(identity));
    expect(file).toMatch(/\.age$/);
    const verified = await work.json([
      'restore',
      '--verify',
      `${dir}/${file}`,
      '--identity',
      work.path('identity'),
    ]);
    expect(verified).toMatchObject({ masterKey: 'held' });
  });

  test('that is interrupted or killed leaves no file that looks like a backup', async () => {
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      await db.owner.inSystem(async (tx) => {
        // The backup waits for this lock, with its file open.
        await tx.query('LOCK TABLE users IN ACCESS EXCLUSIVE MODE');
        const running = work.spawn(['backup', dir, '--keep', '1'], { env });
        await until(async () =>
          (await readdir(dir).catch(() => [])).some((name) => name.includes('unfinished')),
        );
        running.signal(signal);
        expect((await running.exited).code).toBe(signal === 'SIGTERM' ? 130 : null);
      });
      expect(await backups()).toEqual([]);
    }
    expect((await readdir(dir)).filter((name) => name.includes('.unfinished-'))).toHaveLength(1);
    const { file } = await keep(1);
    expect((await readdir(dir)).toSorted()).toEqual(
      [file, 'rollcall-backups.sha256', 'rollcall-erasures.ndjson'].toSorted(),
    );
  });

  test('removes what a killed process left unfinished, and trusts no record with a forged name', async () => {
    await mkdir(dir);
    const left = `${dir}/rollcall-2026-01-01T00-00-00-000Z.tar.gz.unfinished-12`;
    await writeFile(left, 'a part');
    await symlink('4194303 1 aa', `${dir}/.rollcall-backups.lock`);
    const { file } = await keep(1);
    expect(existsSync(left)).toBe(false);
    await writeFile(`${dir}/rollcall-backups.sha256`, `${'0'.repeat(64)}  ../key\n`);
    expectOneSentence(
      await work.rollcall(['backup', dir, '--keep', '1'], { env }),
      /a line that Rollcall did not write/,
    );
    expect(await backups()).toEqual([file]);
    expect(existsSync(work.path('key'))).toBe(true);
  });
});

describe('rollcall backup --schedule', () => {
  const schedule = (cron: string, ...options: string[]) =>
    work.spawn(['backup', dir, '--schedule', cron, '--keep', '2', ...options], { env });

  test('makes a backup at each time, and keeps the newest', async () => {
    const running = schedule(EACH_SECOND, '--json');
    const lines = () => running.stdout.split('\n').filter((line) => line !== '');
    await until(() => lines().length >= 12);
    // A signal between two backups is the usual end, and one during a backup an interruption.
    running.signal('SIGTERM');
    const { code, stderr } = await running.exited;
    expect([0, 130]).toContain(code);
    // Node.js warns of listeners that nobody removes.
    expect(stderr).toMatch(/^Backing up into .* the next backup is at \d{4}-/);
    expect(stderr).not.toContain('Warning');
    const made = lines().map(
      (line) => JSON.parse(line) as { file: string; deleted: string[]; verified: boolean },
    );
    expect(made.every(({ verified }) => verified)).toBe(true);
    expect(made[2]?.deleted).toEqual([made[0]?.file]);
    expect(existsSync(`${dir}/.rollcall-backups.lock`)).toBe(false);
    expect((await readdir(dir)).filter((name) => name.includes('unfinished'))).toEqual([]);
  });

  test('goes on after a failure, which is in the log and in the exit code', async () => {
    const running = schedule(EACH_SECOND);
    await until(() => running.stderr.includes('Backing up into'));
    await rm(dir, { recursive: true });
    await until(() =>
      /rollcall: \S+Z The backup failed: .*its directory does not exist/.test(running.stderr),
    );
    running.signal('SIGTERM');
    expect((await running.exited).code).not.toBe(0);
    await mkdir(dir);
  });

  test('tells that the record of erasures could not be written, and goes on', async () => {
    const running = schedule(NEVER_IN_A_TEST, '--erasures-schedule', EACH_SECOND, '--json');
    await until(() => existsSync(`${dir}/rollcall-erasures.ndjson`));
    await rm(dir, { recursive: true });
    await until(() => running.stdout.split('\n').length > 2);
    await mkdir(dir);
    await until(() => existsSync(`${dir}/rollcall-erasures.ndjson`));
    await running.stop();
    expect(running.stderr).toMatch(
      /rollcall: \S+Z The record of erasures failed: .*its directory does not exist/,
    );
    expect(JSON.parse(running.stdout.split('\n')[0] ?? '')).toEqual({
      failedAt: expect.any(String),
      part: 'record of erasures',
      error: expect.stringContaining('its directory does not exist'),
    });
  });

  test('that waits ends at a signal, with the exit code 0', async () => {
    const running = schedule(NEVER_IN_A_TEST);
    await until(() => running.stderr.includes('the next backup is at'));
    await running.stop();
    expect(await backups()).toEqual([]);
  });

  test('is the only one in its folder', async () => {
    const running = schedule(NEVER_IN_A_TEST);
    await until(() => running.stderr.includes('the next backup is at'));
    expectOneSentence(
      await work.rollcall(['backup', dir, '--keep', '1'], { env }),
      /makes backups in .* already/,
    );
    await running.stop();
  });

  test('is refused if it can never make a backup', async () => {
    const refuse = async (options: string[], saying: RegExp, environment = env) => {
      expectOneSentence(await work.rollcall(['backup', dir, ...options], { env: environment }), saying);
    };
    await refuse(['--schedule', 'at noon', '--keep', '1'], /is no cron expression such as/);
    await refuse(['--schedule', '0 0 30 2 *', '--keep', '1'], /has no time in the future/);
    await refuse(['--schedule', NEVER_IN_A_TEST], /--schedule needs --keep/);
    await refuse(['--keep', '0'], /whole number from 1/);
    await refuse(['--keep', '1', '--erasures-schedule', EACH_SECOND], /--erasures-schedule needs --schedule/);
    await refuse(
      ['--schedule', NEVER_IN_A_TEST, '--keep', '1', '--erasures-schedule', 'often'],
      /is no cron expression such as/,
    );
    await refuse(['--schedule', NEVER_IN_A_TEST, '--keep', '1'], /did not accept the connection/, {
      ...env,
      DATABASE_URL: 'postgres://127.0.0.1:1/none',
    });
  });
});
