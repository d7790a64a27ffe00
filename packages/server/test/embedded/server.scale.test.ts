import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { joinEmbedded } from '../../src/embedded/index.ts';
import { passwordOf, ROLES } from '../../src/embedded/secret.ts';
import { Bench, command, isRoot, modeOf, query, serverPid } from './support.ts';

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
});
afterEach(() => bench.clear());

describe('a new data directory', () => {
  test('has a database in UTF-8 with a fixed locale, in any environment', async () => {
    const dataDir = join(await bench.dir(), 'data');
    const odd = {
      LANG: 'POSIX',
      LC_ALL: 'tr_TR.ISO-8859-9',
      TZ: 'Asia/Tokyo',
      PGDATA: '/nowhere',
      PGPORT: '1',
      PGHOST: 'elsewhere.invalid',
      PGSSLMODE: 'require',
      PGCLIENTENCODING: 'LATIN1',
      PGCLIENT_ENCODING: 'LATIN1',
      PGOPTIONS: '-c search_path=nowhere',
    };
    const child = bench.child({ dataDir }, { env: odd });
    const { target, created } = await child.report('joined');
    expect(created).toBe(true);
    const [row] = await child.query(
      `
      SELECT pg_encoding_to_char(encoding) AS encoding, datlocprovider AS provider, datlocale AS locale,
        datcollate AS collate, lower('ÉŁ') AS folded, current_setting('TimeZone') AS zone,
        current_setting('search_path') AS path, current_setting('client_encoding') AS client
      FROM pg_database WHERE datname = current_database()`.replaceAll('\n', ' '),
    );
    expect(row).toEqual({
      encoding: 'UTF8',
      provider: 'b',
      locale: 'C.UTF-8',
      collate: 'C',
      folded: 'éł',
      zone: 'UTC',
      path: '"$user", public',
      client: 'UTF8',
    });
    expect(target?.application_name).toBe('test');
    await child.release();
  });

  test('has an owner without superuser rights, who can become the restricted role', async () => {
    const server = await joinEmbedded(command(join(await bench.dir(), 'data')));
    const roles = await query(
      server.target,
      `SELECT rolname, rolsuper, rolbypassrls, rolcreatedb, rolcreaterole, rolreplication, rolcanlogin
       FROM pg_roles WHERE rolname LIKE 'rollcall%' ORDER BY 1`,
    );
    const powerless = {
      rolsuper: false,
      rolbypassrls: false,
      rolcreatedb: false,
      rolcreaterole: false,
      rolreplication: false,
    };
    expect(roles).toEqual([
      { rolname: 'rollcall', ...powerless, rolcanlogin: true },
      { rolname: 'rollcall_app', ...powerless, rolcanlogin: false },
      { rolname: 'rollcall_server', ...powerless, rolcanlogin: true },
    ]);
    await query(server.target, 'SET ROLE rollcall_app');
    await query(server.target, 'CREATE TABLE mine (id int)');
    const owners = await query(
      server.target,
      "SELECT pg_get_userbyid(datdba) AS owner FROM pg_database WHERE datname = 'rollcall'",
    );
    expect(owners).toEqual([{ owner: 'rollcall' }]);
    // The two roles have different passwords.
    const asSuperuser = query({ ...server.target, user: 'postgres' }, 'SELECT 1');
    await expect(asSuperuser).rejects.toThrow('password authentication failed');
    await server.release();
  });

  test('has a serving role that can become the restricted role only', async () => {
    const server = await joinEmbedded(command(join(await bench.dir(), 'data')));
    const { servingTarget } = server;
    expect(await query(servingTarget, 'SELECT session_user::text AS name')).toEqual([
      { name: 'rollcall_server' },
    ]);
    await query(servingTarget, 'SET ROLE rollcall_app');
    for (const role of ['rollcall', 'postgres']) {
      await expect(query(servingTarget, `SET ROLE ${role}`)).rejects.toThrow('permission denied');
      await expect(query(servingTarget, `SET SESSION AUTHORIZATION ${role}`)).rejects.toThrow(
        'permission denied',
      );
      // The roles have different passwords.
      await expect(query({ ...servingTarget, user: role }, 'SELECT 1')).rejects.toThrow(
        'password authentication failed',
      );
    }
    await server.release();
  });

  test('of an earlier release gets the serving role when it is opened', async () => {
    const dataDir = join(await bench.dir(), 'data');
    const before = await joinEmbedded(command(dataDir));
    const password = await passwordOf(dataDir, ROLES.superuser);
    await query({ ...before.target, user: ROLES.superuser, password }, 'DROP ROLE rollcall_server');
    await query(before.target, 'CREATE TABLE kept (id int)');
    await before.release();
    const after = await joinEmbedded(command(dataDir));
    await query(after.servingTarget, 'SET ROLE rollcall_app');
    expect(await query(after.target, 'SELECT FROM kept')).toEqual([]);
    await after.release();
  });

  test('cannot be reached over the network, or without its password', async () => {
    const dataDir = join(await bench.dir(), 'data');
    const server = await joinEmbedded(command(dataDir));
    const rules = (await readFile(join(dataDir, 'postgres/pg_hba.conf'), 'utf8')).split('\n');
    const methods = rules
      .filter((line) => /^(local|host)/.test(line))
      .map((line) => line.split(/\s+/).at(-1));
    expect(new Set(methods)).toEqual(new Set(['scram-sha-256']));
    expect(await query(server.target, 'SHOW listen_addresses')).toEqual([{ listen_addresses: '' }]);
    const pid = await serverPid(join(dataDir, 'postgres'));
    if (process.platform === 'linux') expect(listeningSockets(Number(pid))).toEqual([]);
    expect(server.target.host).toMatch(/^\//);
    expect(modeOf(String(server.target.host))).toBe(0o700);
    expect(statSync(String(server.target.host)).uid).toBe(statSync(join(dataDir, 'postgres')).uid);
    expect(modeOf(join(dataDir, 'postgres.secret'))).toBe(0o600);
    expect(modeOf(join(dataDir, 'postgres.log'))).toBe(0o600);
    expect(modeOf(dataDir)).toBe(isRoot ? 0o710 : 0o700);
    await expect(query({ ...server.target, password: 'password' }, 'SELECT 1')).rejects.toThrow('password');
    await server.release();
  });
});

/** The process's own sockets that /proc lists as listening on TCP (state 0A). */
function listeningSockets(pid: number): string[] {
  const tables = ['tcp', 'tcp6'].map((name) => readFileSync(`/proc/${pid}/net/${name}`, 'utf8'));
  const lines = tables.flatMap((table) => table.split('\n').slice(1)).map((line) => line.trim().split(/\s+/));
  const listening = lines.filter((fields) => fields[3] === '0A').map((fields) => `socket:[${fields[9]}]`);
  const own = readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
  return own.filter((target) => listening.includes(target));
}
