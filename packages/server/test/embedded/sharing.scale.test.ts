import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { EmbeddedServerError, joinEmbedded } from '../../src/embedded/index.ts';
import { Bench, query, serverPid } from './support.ts';

const execute = promisify(execFile);

let bench: Bench;
let dataDir: string;
let cluster: string;
beforeEach(async () => {
  bench = new Bench();
  dataDir = await bench.dataDir();
  cluster = join(dataDir, 'postgres');
});
afterEach(() => bench.clear());

const options = (purpose: 'serve' | 'command') => ({ dataDir, purpose, name: `rollcall ${purpose}` });

test('a serving process and commands share one server, and the last participant stops it', async () => {
  const serve = await joinEmbedded(options('serve'));
  const pid = await serverPid(cluster);
  const other = bench.child({ dataDir });
  expect((await other.report('joined')).target?.host).toBe(serve.target.host);
  const command = await joinEmbedded(options('command'));
  expect(await serverPid(cluster)).toBe(pid);
  await serve.release();
  expect(await other.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  await command.release();
  expect(await serverPid(cluster)).toBe(pid);
  await other.release();
  expect(await serverPid(cluster)).toBeUndefined();
  // The directory has only its own files.
  expect((await readdir(dataDir)).sort()).toEqual([
    'postgres',
    'postgres.log',
    'postgres.run',
    'postgres.secret',
  ]);
});

test('release may be called twice, also concurrently', async () => {
  const server = await joinEmbedded(options('command'));
  await Promise.all([server.release(), server.release()]);
  await server.release();
  expect(await serverPid(cluster)).toBeUndefined();
});

test('a second serving process is refused, and the first one and commands continue', async () => {
  const first = await joinEmbedded(options('serve'));
  const refused = await joinEmbedded(options('serve')).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(EmbeddedServerError);
  expect(String(refused)).toMatch(/^EmbeddedServerError: [^\n]+ serving [^\n]+\.$/);
  expect(String(refused)).toContain(dataDir);
  const command = await joinEmbedded(options('command'));
  expect(await query(first.target, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  await command.release();
  await first.release();
  // Another serving process may join again.
  await (await joinEmbedded(options('serve'))).release();
  expect(await serverPid(cluster)).toBeUndefined();
});

test('a serving process that was just killed does not block the next one', async () => {
  const first = bench.child({ dataDir, purpose: 'serve' });
  await first.report('joined');
  first.process.kill('SIGKILL');
  const next = await joinEmbedded(options('serve'));
  expect(await query(next.target, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  await next.release();
  expect(await serverPid(cluster)).toBeUndefined();
});

test('processes that start together on a new directory all succeed, and one of them has created it', async () => {
  dataDir = join(await bench.dir(), 'data');
  cluster = join(dataDir, 'postgres');
  const children = [
    bench.child({ dataDir }),
    bench.child({ dataDir }),
    bench.child({ dataDir, purpose: 'serve' }),
  ];
  const joined = await Promise.all(children.map((child) => child.report('joined')));
  expect(joined.filter(({ created }) => created)).toHaveLength(1);
  await Promise.all(children.map((child) => child.release()));
  expect(await serverPid(cluster)).toBeUndefined();
});

test('eight processes that join and leave repeatedly never fail, and leave nothing running', async () => {
  const first = await joinEmbedded(options('command'));
  await query(first.target, 'CREATE TABLE rounds (pid int, round int)');
  await first.release();
  const children = Array.from({ length: 8 }, () => bench.child({ dataDir, rounds: 5 }));
  await Promise.all(
    children.map(async (child) => {
      await child.report('joined');
      await child.release();
    }),
  );
  expect(await serverPid(cluster)).toBeUndefined();
  const last = await joinEmbedded(options('command'));
  expect(await query(last.target, 'SELECT count(*)::int AS n FROM rounds')).toEqual([{ n: 40 }]);
  await last.release();
});

test('a copy of a running data directory gets its own server', async () => {
  const long = 'long'.repeat(20);
  for (const original of [dataDir, join(dataDir, long, 'data')]) {
    const tempDir = await bench.dir();
    const first = await joinEmbedded({ ...options('command'), dataDir: original }, { tempDir });
    const copy = `${original}-copy`;
    await execute('cp', ['-a', original, copy]);
    const second = await joinEmbedded({ ...options('command'), dataDir: copy }, { tempDir });
    expect(second.target.host).not.toBe(first.target.host);
    await query(second.target, 'CREATE TABLE only_in_copy (id int)');
    await expect(query(first.target, 'SELECT FROM only_in_copy')).rejects.toThrow('does not exist');
    await second.release();
    expect(await query(first.target, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(await readFile(join(original, 'postgres/postmaster.pid'), 'utf8')).toContain('ready');
    await first.release();
  }
});
