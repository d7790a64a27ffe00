import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { appendFile, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { joinEmbedded } from '../../src/embedded/index.ts';
import { until } from '../support/waiting.ts';
import { Bench, isAlive, isRoot, query, serverPid } from './support.ts';

/**
 * Less than the time for which the product waits for a server that may still start or stop, which is ten seconds or
 * more.
 */
const AT_ONCE_MS = 5_000;

let bench: Bench;
let dataDir: string;
let cluster: string;
let said: string[];
beforeEach(async () => {
  bench = new Bench();
  dataDir = await bench.dataDir();
  cluster = join(dataDir, 'postgres');
  said = [];
});
afterEach(() => bench.clear());

const options = (purpose: 'serve' | 'command' = 'command') => ({
  dataDir,
  purpose,
  name: 'test',
  log: (message: string) => said.push(message),
});

async function runningPid(): Promise<number> {
  const pid = await serverPid(cluster);
  if (pid === undefined) throw new Error('no server runs');
  return pid;
}

const works = (target: pg.ClientConfig) =>
  query(target, 'SELECT 1').then(
    () => true,
    () => false,
  );

test('the server outlives a killed process, and the next process adopts it at once', async () => {
  const child = bench.child({ dataDir, purpose: 'serve' });
  await child.report('joined');
  const pid = await runningPid();
  await child.kill('SIGKILL');
  expect(await isAlive(pid)).toBe(true);
  const beganMs = performance.now();
  const next = await joinEmbedded(options('serve'));
  expect(performance.now() - beganMs).toBeLessThan(AT_ONCE_MS);
  expect(await runningPid()).toBe(pid);
  await next.release();
  expect(await isAlive(pid)).toBe(false);
});

test.runIf(process.platform === 'linux')('Ctrl-C in a terminal does not reach the server', async () => {
  const server = await joinEmbedded(options());
  const pid = await runningPid();
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const [, , group, session, terminal] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  expect([group, session, terminal]).toEqual([String(pid), String(pid), '0']);
  await server.release();
});

test('the lock file of a dead server does not block a start, even if another process has its pid', async () => {
  await (await joinEmbedded(options())).release();
  const file = join(cluster, 'postmaster.pid');
  const { uid, gid } = statSync(cluster);
  const stranger = spawn('sleep', ['60'], isRoot ? { uid, gid } : {});
  const exited = once(stranger, 'exit');
  try {
    const left = [stranger.pid, cluster, 1, 5432, join(dataDir, 'postgres.run'), '', '1 1', 'ready   ', ''];
    const dead = [2 ** 22 - 1, ...left.slice(1)];
    for (const text of [left.join('\n'), dead.join('\n'), '', '\0\0\0\0']) {
      await writeFile(file, text, { mode: 0o644 });
      // Root writes as itself. The server would not be able to.
      if (isRoot) await import('node:fs/promises').then(({ chown }) => chown(file, uid, gid));
      await writeFile(join(dataDir, 'postgres.run/.s.PGSQL.5432.lock'), text);
      const beganMs = performance.now();
      const server = await joinEmbedded(options());
      expect(performance.now() - beganMs).toBeLessThan(AT_ONCE_MS);
      expect(await works(server.target)).toBe(true);
      await server.release();
    }
    expect(await isAlive(Number(stranger.pid))).toBe(true);
  } finally {
    stranger.kill();
    await exited;
  }
});

test('the next process recovers a server that was killed without participants', async () => {
  const child = bench.child({ dataDir });
  await child.report('joined');
  await child.query('CREATE TABLE kept AS SELECT 7 AS n');
  const pid = await runningPid();
  await child.kill('SIGKILL');
  process.kill(pid, 'SIGKILL');
  const server = await joinEmbedded(options());
  expect(await query(server.target, 'SELECT n FROM kept')).toEqual([{ n: 7 }]);
  await server.release();
});

test('a server that is killed during work is started again, and the settings stay valid', async () => {
  const server = await joinEmbedded(options('serve'));
  const busy = new pg.Client(server.target);
  busy.on('error', () => undefined);
  await busy.connect();
  const cutOff = busy.query('SELECT pg_sleep(1)').catch(() => undefined);
  const pid = await runningPid();
  process.kill(pid, 'SIGKILL');
  await until(() => works(server.target));
  expect(await runningPid()).not.toBe(pid);
  await cutOff;
  await until(() => said.length > 0);
  expect(said).toEqual(['The database had stopped; it was started again.']);
  // The participant still counts as the serving one.
  await expect(joinEmbedded(options('serve'))).rejects.toThrow('already');
  await server.release();
  expect(await serverPid(cluster)).toBeUndefined();
});

test('every participant registers again after a crash, so that the last one is known', async () => {
  const first = await joinEmbedded(options());
  const second = bench.child({ dataDir });
  await second.report('joined');
  for (const signal of ['SIGKILL', 'SIGINT', 'SIGQUIT'] as const) {
    const pid = await runningPid();
    process.kill(pid, signal);
    await until(async () => ![undefined, pid].includes(await serverPid(cluster)));
    await until(() => works(first.target));
    await until(async () => {
      const sql =
        "SELECT count(*)::int AS n FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ShareLock'";
      return ((await query<{ n: number }>(first.target, sql))[0]?.n ?? 0) === 2;
    });
  }
  await first.release();
  expect(await second.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  await second.release();
  expect(await serverPid(cluster)).toBeUndefined();
});

test('release while the database is down leaves nothing running', async () => {
  for (const pauseMs of [0, 5, 30]) {
    const server = await joinEmbedded(options());
    process.kill(await runningPid(), 'SIGKILL');
    await sleep(pauseMs);
    await server.release();
    await sleep(100);
    expect(await serverPid(cluster)).toBeUndefined();
  }
});

test('a failed restart is reported once and tried again, and release ends the attempts', async () => {
  const server = await joinEmbedded(options());
  const conf = join(cluster, 'postgresql.conf');
  const good = await readFile(conf);
  await appendFile(conf, 'no_such_setting = 1\n');
  process.kill(await runningPid(), 'SIGKILL');
  await until(() => said.length > 0);
  await sleep(1_000);
  expect(said).toHaveLength(1);
  expect(said[0]).toContain('could not be started');
  await writeFile(conf, good);
  await until(() => works(server.target));
  await appendFile(conf, 'no_such_setting = 1\n');
  process.kill(await runningPid(), 'SIGKILL');
  await sleep(300);
  const beganMs = performance.now();
  await server.release();
  expect(performance.now() - beganMs).toBeLessThan(AT_ONCE_MS);
});

test('the next process restarts a server whose socket was deleted', async () => {
  const server = await joinEmbedded(options());
  await rm(String(server.target.host), { recursive: true });
  const next = await joinEmbedded(options());
  expect(next.target.host).toBe(server.target.host);
  await next.release();
  await until(() => works(server.target));
  await server.release();
  expect(await serverPid(cluster)).toBeUndefined();
});

test('release ends the server even if its data directory was deleted', async () => {
  const server = await joinEmbedded(options());
  const pid = await runningPid();
  // The running server may create files in a directory that is being removed.
  await rm(dataDir, { recursive: true, force: true, maxRetries: 10 });
  await server.release();
  expect(await isAlive(pid)).toBe(false);
});

test('ending a process at any time during its first start does not block the next one', async () => {
  dataDir = join(await bench.dir(), 'data');
  cluster = join(dataDir, 'postgres');
  for (const [index, pauseMs] of [60, 120, 200, 300, 450, 600, 750, 900].entries()) {
    const child = bench.child({ dataDir });
    await sleep(pauseMs);
    await child.kill(index % 2 === 0 ? 'SIGTERM' : 'SIGKILL');
  }
  const server = await joinEmbedded(options());
  expect(await works(server.target)).toBe(true);
  await server.release();
  expect(await serverPid(cluster)).toBeUndefined();
  // By now, no initdb of a killed process is running.
  await (await joinEmbedded(options())).release();
  const left = (await readdir(dataDir)).filter((name) => name.includes('.new-'));
  expect(left).toEqual([]);
});
