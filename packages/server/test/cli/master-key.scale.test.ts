import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { query } from '../embedded/support.ts';
import { login } from '../support/server.ts';
import {
  createKeyIn,
  expectOneSentence,
  type Key,
  logIn,
  superuserOf,
  until,
  Workspace,
  workersOf,
} from './support.ts';

interface Status {
  isRotating: boolean;
  servers: number;
  keys: { masterKeyId: string; state: string; sealed: number; servers: number }[];
}

let work: Workspace;
let dataDir: string[];
let keyFile: string;
beforeEach(async () => {
  work = await Workspace.create();
  dataDir = ['--data-dir', work.path('data')];
  keyFile = work.path('data/master.key');
});
afterEach(() => work.close());

const newKey = () => randomBytes(32).toString('base64');
const status = () => work.json<Status>(['master-key', 'status', ...dataDir]);
const listKeys = (args: string[] = [], env: Record<string, string> = {}) =>
  work.rollcall(['keys', 'list', ...dataDir, ...args], { env });

async function script(name: string, text: string): Promise<string> {
  const path = work.path(name);
  await writeFile(path, `#!/bin/sh\n${text}\n`);
  await chmod(path, 0o755);
  return path;
}

/** Logs in again and again until `stop`, which returns the statuses. */
function keepLoggingIn(baseUrl: string, keys: Key[]) {
  const statuses: number[] = [];
  let isStopped = false;
  const loop = (async () => {
    for (let at = 0; !isStopped; at = (at + 1) % keys.length) {
      statuses.push((await logIn(baseUrl, keys[at] as Key)).status);
    }
  })();
  return {
    statuses,
    stop: async () => {
      isStopped = true;
      await loop;
      return statuses;
    },
  };
}

/** The status of a login; undefined without an answer. A connection to a worker that was just killed gets none. */
async function statusOnNewConnection(baseUrl: string, key: Key): Promise<number | undefined> {
  const reply = await fetch(`${baseUrl}/v1/auth`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', connection: 'close' },
    body: JSON.stringify(login(key, Math.floor(Date.now() / 1_000))),
    signal: AbortSignal.timeout(2_000),
  }).catch(() => undefined);
  await reply?.arrayBuffer();
  return reply?.status;
}

test('several rotations at once lose no key: one of them rotates, and the others say why they do not', async () => {
  await createKeyIn(work, work.path('data'));
  const outcomes = await Promise.all(
    [1, 2, 3].map(() => work.rollcall(['master-key', 'rotate', ...dataDir])),
  );
  const { keys, isRotating } = await status();
  expect([isRotating, keys.at(-1)?.state]).toEqual([false, 'seals']);
  expect(outcomes.filter(({ code }) => code === 0).length).toBeGreaterThan(0);
  for (const { stderr } of outcomes.filter(({ code }) => code !== 0))
    expect(stderr).toMatch(/There is no new master key/);
  expect((await listKeys()).code).toBe(0);
  const lines = (await readFile(keyFile, 'utf8')).trim().split('\n');
  expect(lines).toHaveLength(keys.length);
});

test('a rotation that is killed in the middle goes on, while a server and its workers serve, and no login fails', {
  timeout: 180_000,
}, async () => {
  const keys = [await createKeyIn(work, work.path('data'))];
  const { baseUrl, server } = await work.start(['serve', '--workers', '2', ...dataDir]);
  for (let count = 1; count < 12; count++) keys.push(await createKeyIn(work, work.path('data')));
  const logins = keepLoggingIn(baseUrl, keys);

  // The rotation waits for the row of the last key, and is killed there.
  const superuser = new pg.Client(await superuserOf(work.path('data')));
  await superuser.connect();
  await superuser.query(
    'BEGIN; SELECT FROM rollcall.api_keys ORDER BY api_key_folded DESC LIMIT 1 FOR UPDATE',
  );
  const rotation = work.spawn(['master-key', 'rotate', ...dataDir]);
  // The server notes the last use of keys, and waits for the row, too.
  const isWaiting = async () =>
    (
      await query(
        await superuserOf(work.path('data')),
        `SELECT FROM pg_stat_activity
         WHERE wait_event_type = 'Lock' AND query LIKE '%secret_sealed%FOR UPDATE%' AND pid <> pg_backend_pid()`,
      )
    ).length > 0;
  await until(async () => rotation.hasEnded || (await isWaiting()));
  rotation.signal('SIGKILL');
  expect((await rotation.exited).code).toBeNull();
  await superuser.end();

  const during = await status();
  expect(during).toMatchObject({ isRotating: true, servers: 2 });
  expect(during.keys.map(({ state }) => state)).toEqual(['being replaced', 'seals']);
  expect(during.keys[0]?.sealed).toBe(12);
  const seen = logins.statuses.length;
  await until(() => logins.statuses.length > seen + 2 * keys.length);

  const done = await work.json<{ sealed: number }>(['master-key', 'rotate', ...dataDir]);
  expect(done.sealed).toBe(12);
  const after = await status();
  expect(after).toMatchObject({ isRotating: false, servers: 2 });
  expect(after.keys).toMatchObject([
    { state: 'not in use', sealed: 0, servers: 2 },
    { state: 'seals', sealed: 13, servers: 2 },
  ]);
  expect((await readFile(keyFile, 'utf8')).trim().split('\n')).toHaveLength(2);

  expect(await work.json(['master-key', 'remove-old', ...dataDir])).toEqual({
    masterKeyId: after.keys[1]?.masterKeyId,
    removed: after.keys[0]?.masterKeyId,
  });
  await until(async () => (await status()).keys.length === 1);
  const total = logins.statuses.length;
  await until(() => logins.statuses.length > total + 2 * keys.length);
  const statuses = await logins.stop();
  expect(statuses.filter((code) => code !== 200)).toEqual([]);

  // The first process started with the removed key. New workers get the present one from it.
  for (const worker of workersOf(server.pid)) process.kill(worker, 'SIGKILL');
  const replies = new Set<number>();
  const areAllAnswered = async () => {
    const statuses = await Promise.all(keys.map((key) => statusOnNewConnection(baseUrl, key)));
    for (const status of statuses) if (status !== undefined) replies.add(status);
    return statuses.every((status) => status !== undefined);
  };
  await until(areAllAnswered);
  expect([...replies]).toEqual([200]);
  await server.stop();
  // The server starts with the new key alone.
  const again = await work.start(['serve', ...dataDir]);
  expect((await logIn(again.baseUrl, keys[0] as Key)).status).toBe(200);
  await again.server.stop();
});

test('a former key that something needs stays, and a rotation without a place for a new key says where to put one', async () => {
  await createKeyIn(work, work.path('data'));
  const [old = ''] = (await readFile(keyFile, 'utf8')).trim().split('\n');
  expect((await work.rollcall(['master-key', 'remove-old', ...dataDir])).stdout).toMatch(
    /^There is only the master key/,
  );
  const next = newKey();
  await writeFile(keyFile, `${old}\n${next}\n`, { mode: 0o600 });
  expectOneSentence(
    await work.rollcall(['master-key', 'remove-old', ...dataDir]),
    /is not a former key that nothing needs/,
  );
  expect(await work.json(['master-key', 'rotate', ...dataDir])).toMatchObject({ sealed: 2 });
  expectOneSentence(
    await work.rollcall(['master-key', 'rotate', ...dataDir]),
    /^rollcall: There is no new master key\. If a former one is still there, remove it first/,
  );
  await work.json(['master-key', 'remove-old', ...dataDir]);
  expect(await readFile(keyFile, 'utf8')).toBe(`${next}\n`);

  const env = { ROLLCALL_MASTER_KEY: next };
  expectOneSentence(
    await work.rollcall(['master-key', 'rotate', ...dataDir], { env }),
    /^rollcall: The master key comes from ROLLCALL_MASTER_KEY and \S+master\.key\. Put a new key there, after the present one/,
  );
});

describe('The master key comes from', () => {
  let key: string;
  beforeEach(async () => {
    await createKeyIn(work, work.path('data'));
    key = (await readFile(keyFile, 'utf8')).trim();
    await writeFile(work.path('elsewhere'), `${key}\n`, { mode: 0o600 });
    await rm(keyFile);
  });

  test('a command, which runs without a shell', async () => {
    const command = await script('print-key', 'echo noise >&2; exec cat "$1"');
    const flag = ['--master-key-command', `${command} ${work.path('elsewhere')}`];
    const { code, stderr } = await listKeys(flag);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    // A shell would end the command at the semicolon.
    const noShell = await listKeys(['--master-key-command', `${command} ${work.path('elsewhere')}; true`]);
    expectOneSentence(noShell, /failed \(exit code 1\): noise cat: .*elsewhere;/);
  });

  test('a command that fails, prints no key, prints too much or does not exist, which is one sentence', async () => {
    const failing = await script('fails', `echo "${newKey()}"; echo "no access to the vault" >&2; exit 3`);
    const failed = await listKeys(['--master-key-command', failing]);
    expectOneSentence(
      failed,
      /^rollcall: The command of --master-key-command failed \(exit code 3\): no access to the vault\.\n$/,
    );
    const endless = await script('endless', 'yes');
    for (const [command, saying] of [
      [await script('silent', 'true'), /The master key must be 32 bytes, in base64\./],
      [endless, /failed \(it printed more than 64 KiB\)/],
      [work.path('nothing'), /failed \(ENOENT\)/],
    ] as const) {
      expectOneSentence(await listKeys(['--master-key-command', command]), saying);
    }
  });

  test('a credential of systemd', async () => {
    await mkdir(work.path('credentials'));
    await writeFile(work.path('credentials/rollcall-master-key'), key, { mode: 0o400 });
    const { code, stderr } = await listKeys([], { CREDENTIALS_DIRECTORY: work.path('credentials') });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });

    await mkdir(work.path('unreadable'));
    await symlink('rollcall-master-key', work.path('unreadable/rollcall-master-key'));
    expectOneSentence(
      await listKeys([], { CREDENTIALS_DIRECTORY: work.path('unreadable') }),
      /unreadable\/rollcall-master-key cannot be read \(ELOOP\)/,
    );
  });

  test('two sources only if they agree', async () => {
    const file = ['--master-key-file', work.path('elsewhere')];
    expect((await listKeys(file, { ROLLCALL_MASTER_KEY: key })).code).toBe(0);
    expectOneSentence(
      await listKeys(file, { ROLLCALL_MASTER_KEY: newKey() }),
      /^rollcall: There are different master keys in \S+elsewhere and ROLLCALL_MASTER_KEY; leave out the one that is wrong\.\n$/,
    );
    expectOneSentence(
      await listKeys([], { ROLLCALL_MASTER_KEY: `${key} ${newKey()} ${newKey()}` }),
      /^rollcall: There are more than two master keys;/,
    );
  });
});
