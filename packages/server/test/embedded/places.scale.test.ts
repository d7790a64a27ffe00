import { readFileSync, statSync } from 'node:fs';
import { chmod, mkdir, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EmbeddedServerError, joinEmbedded } from '../../src/embedded/index.ts';
import { Bench, command, isRoot, modeOf, ORDINARY_USER, ordinaryUserCanRun, query } from './support.ts';

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
});
afterEach(() => bench.clear());

describe('a new data directory', () => {
  test('can be created with an empty environment', async () => {
    const child = bench.child({ dataDir: join(await bench.dir(), 'data') }, { env: {} });
    await child.report('joined');
    expect(await child.query('SHOW server_encoding')).toEqual([{ server_encoding: 'UTF8' }]);
    await child.release();
  });

  test('keeps its socket in another, private directory if its path is too long', async () => {
    const dataDir = join(await bench.dir(), 'long'.repeat(20), 'data');
    const tempDir = await bench.dir(0o711);
    const first = await joinEmbedded(command(dataDir), { tempDir });
    const host = String(first.target.host);
    expect(host.startsWith(`${tempDir}/rollcall-`)).toBe(true);
    expect(modeOf(host)).toBe(0o700);
    // Another process learns of that directory, whatever it would choose itself.
    const second = await joinEmbedded(command(dataDir), { tempDir: '/nowhere' });
    expect(second.target.host).toBe(host);
    await first.release();
    await second.release();
    const again = await joinEmbedded(command(dataDir), { tempDir });
    expect(again.target.host).toBe(host);
    await again.release();
  });

  test('never shares a server with another one', async () => {
    const servers = [];
    for (const dataDir of [await bench.dataDir(), await bench.dataDir()]) {
      servers.push(await joinEmbedded({ dataDir, purpose: 'serve', name: 'test' }));
    }
    const [first, second] = servers;
    expect(first?.target.host).not.toBe(second?.target.host);
    for (const server of servers) await server.release();
  });

  test('works at a path with spaces, quotes and commas', async () => {
    const dataDir = join(await bench.dir(), `o'dd, "pa th" %s`);
    const server = await joinEmbedded(command(dataDir));
    expect(await query(server.target, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await server.release();
  });
});

describe('the log', () => {
  test('has no personal data, is private, and does not grow without limit', async () => {
    const dataDir = await bench.dataDir();
    const first = await joinEmbedded(command(dataDir));
    await query(first.target, 'CREATE TABLE people (mail text UNIQUE, age int)');
    for (const sql of [
      "INSERT INTO people VALUES ('ada@example.org', 1), ('ada@example.org', 2)",
      "INSERT INTO people VALUES ('x', 'ada@example.org'::text::int)",
      "DO $$ BEGIN RAISE WARNING 'ada@example.org'; END $$; SELECT 'ada@example.org'::uuid",
    ]) {
      await query(first.target, sql).catch(() => undefined);
    }
    const client = new pg.Client(first.target);
    await client.connect();
    await expect(client.query('SELECT $1::int', ['ada@example.org'])).rejects.toThrow('invalid input');
    await client.end();
    await first.release();
    const log = join(dataDir, 'postgres.log');
    expect(readFileSync(log, 'utf8')).toContain('ready to accept connections');
    expect(readFileSync(log, 'utf8')).not.toContain('ada@');

    await truncate(log, 11_000_000);
    const second = await joinEmbedded(command(dataDir));
    expect(statSync(log).size).toBeLessThan(10_000);
    expect(modeOf(log)).toBe(0o600);
    await second.release();
  });
});

describe('one sentence refuses', () => {
  async function refusal(dataDir: string): Promise<string> {
    const error = await joinEmbedded(command(dataDir)).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(EmbeddedServerError);
    const { message } = error as EmbeddedServerError;
    expect(message).toMatch(/^[^\n]+\.$/);
    return message;
  }

  test('Windows', async () => {
    const { platform } = process;
    Object.defineProperty(process, 'platform', { value: 'win32' });
    try {
      expect(await refusal('C:\\data')).toContain('WSL2');
    } finally {
      Object.defineProperty(process, 'platform', { value: platform });
    }
  });

  test('a data directory of another major version, and says how to migrate it', async () => {
    const dataDir = await bench.dataDir();
    await writeFile(join(dataDir, 'postgres/PG_VERSION'), '17\n');
    const message = await refusal(dataDir);
    expect(message).toContain('PostgreSQL 17');
    expect(message).toContain('rollcall backup FILE');
    expect(message).toContain('rollcall restore FILE');
  });

  test('a data directory that is a file, or below one', async () => {
    const file = join(await bench.dir(), 'file');
    await writeFile(file, '');
    expect(await refusal(file)).toContain('is a file');
    expect(await refusal(join(file, 'data'))).toContain('is a file');
  });

  test('a directory in place of the database that is no database', async () => {
    const dataDir = await bench.dir();
    await mkdir(join(dataDir, 'postgres'));
    if (isRoot) await chmod(join(dataDir, 'postgres'), 0o755);
    expect(await refusal(dataDir)).toMatch(/not a PostgreSQL data directory|belongs to root/);
  });

  test('a database with a missing or wrong password file', async () => {
    const dataDir = await bench.dataDir();
    const secret = join(dataDir, 'postgres.secret');
    await writeFile(secret, 'x'.repeat(43));
    expect(await refusal(dataDir)).toContain('does not match the database');
    await writeFile(secret, '');
    expect(await refusal(dataDir)).toContain('missing or damaged');
  });

  test('a server that does not start, and names its log', async () => {
    const dataDir = await bench.dataDir();
    await writeFile(join(dataDir, 'postgres/postgresql.conf'), 'no_such_setting = 1\n');
    const message = await refusal(dataDir);
    expect(message).toContain('could not be started');
    expect(message).toContain(join(dataDir, 'postgres.log'));
  });

  test.runIf(isRoot && ordinaryUserCanRun)(
    'a directory in which an ordinary user may not write',
    async () => {
      const dataDir = join(await bench.dir(0o755), 'data');
      const child = bench.child({ dataDir }, ORDINARY_USER);
      const { name, message } = await child.report('failed');
      expect(name).toBe('EmbeddedServerError');
      expect(message).toMatch(/^The data directory \S+ cannot be used: permission is denied/);
    },
  );
});
