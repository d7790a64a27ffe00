import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import { newClient } from '../src/store/connections/hosts.ts';
import { CLOSED_PORT } from './cli/support.ts';
import { seeingAll } from './support/backup.ts';
import { asAdmin } from './support/database.ts';
import { addSite, goodEvent, presenceRows, results, type Site, submit } from './support/presence.ts';
import { startTestServer, type TestServer } from './support/server.ts';
import { DatabaseProxy } from './support/sockets.ts';

/** Three ways to one database. To the server they are three hosts. */
let proxies: DatabaseProxy[];
let server: TestServer;
let site: Site;
beforeAll(async () => {
  proxies = [];
  while (proxies.length < 3) proxies.push(await DatabaseProxy.start(inject('adminTarget')));
  await proxies[0]?.cut('frozen');
  await proxies[1]?.cut('refuses');
  server = await startTestServer(
    {},
    {
      databaseUrl: ({ user, password, database }) => {
        const hosts = proxies.map(({ target }) => `${target.host}:${target.port}`);
        const places = [`127.0.0.1:${CLOSED_PORT}`, ...hosts].join(',');
        return `postgres://${user}:${encodeURIComponent(String(password))}@${places}/${database}?target_session_attrs=read-write`;
      },
    },
  );
  site = await addSite(server);
});
afterEach(async () => {
  for (const proxy of proxies) await proxy.restore();
});
afterAll(async () => {
  await server.close();
  for (const proxy of proxies) await proxy.close();
});

const isReady = async () => (await server.app.inject({ url: '/readyz' })).statusCode;
const send = async (eventId: string) =>
  (await submit(server, site, [goodEvent(site, { eventId })])).statusCode;

describe('of the hosts of a database URL', () => {
  test('the server uses the one that answers, while others refuse or hang', async () => {
    expect(await results(server, site, [goodEvent(site, { eventId: 'third host' })])).toMatchObject([
      { resultCode: 0 },
    ]);
    expect((await presenceRows(server, site)).map(({ eventId }) => eventId)).toContain('third host');
  });

  test.each([
    ['refuses connections', 'refuses'],
    ['hangs', 'frozen'],
  ] as const)('the one in use %s: requests are a 503 until the server uses another one', async (_, how) => {
    await expect.poll(isReady).toBe(200);
    await proxies[0]?.cut('refuses');
    await proxies[2]?.cut('refuses');
    await expect.poll(isReady).toBe(200);
    await proxies[0]?.restore();
    await proxies[1]?.cut(how);
    const statuses: number[] = [];
    await expect
      .poll(async () => {
        const status = await send(`after ${how}`);
        statuses.push(status);
        return status;
      })
      .toBe(200);
    expect(statuses.filter((status) => status !== 200 && status !== 503)).toEqual([]);
    expect(await isReady()).toBe(200);
  });

  test('none is used that only reads, and requests succeed when one can be written', async () => {
    const { database } = server.db.target;
    const setReadOnly = (value: string) =>
      asAdmin((admin) =>
        admin.query(`ALTER DATABASE ${database} SET default_transaction_read_only TO ${value}`),
      );
    await setReadOnly('on');
    for (const proxy of proxies) await proxy.cut('resets');
    for (const proxy of proxies) await proxy.restore();
    await expect.poll(() => send('read-only')).toBe(503);
    await expect.poll(isReady).toBe(503);
    const reply = await submit(server, site, [goodEvent(site, { eventId: 'read-only' })]);
    expect(reply.statusCode).toBe(503);
    expect(reply.headers['retry-after']).toMatch(/^\d+$/);
    await setReadOnly('off');
    await expect.poll(() => send('read-only')).toBe(200);
  });
});

test('a host that refuses the login is asked again at once, so a role that was made meanwhile can log in', async () => {
  const role = `late_${randomBytes(4).toString('hex')}`;
  const places = proxies.map(({ target }) => `${target.host}:${target.port}`).join(',');
  const connectionString = `postgres://${role}:secret@${places}/${server.db.target.database}`;
  await expect(newClient({ connectionString }).connect()).rejects.toThrow(/refuses the connection/);
  const early = newClient({ connectionString }).connect();
  early.catch(() => undefined);
  await asAdmin((admin) => admin.query(`CREATE ROLE ${role} LOGIN PASSWORD 'secret'`));
  try {
    const client = newClient({ connectionString });
    await client.connect();
    await client.end();
    await early.then((one) => (one as pg.Client).end()).catch(() => undefined);
  } finally {
    await asAdmin((admin) => admin.query(`DROP ROLE ${role}`));
  }
});

test('a connection to a server that has become read-only is not used again', async () => {
  await expect.poll(isReady).toBe(200);
  await seeingAll(server.db.target, (client) =>
    client.query(`
      CREATE FUNCTION only_read() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        RAISE EXCEPTION 'cannot execute INSERT in a read-only transaction' USING ERRCODE = 'read_only_sql_transaction';
      END $$;
      GRANT EXECUTE ON FUNCTION only_read() TO PUBLIC;
      CREATE TRIGGER only_read BEFORE INSERT ON presence_events FOR EACH ROW
        WHEN (NEW.event_id = 'on a standby') EXECUTE FUNCTION only_read()`),
  );
  const writers = async () => {
    const { rows } = await asAdmin((admin) =>
      admin.query<{ pid: number }>(
        `SELECT pid FROM pg_stat_activity WHERE datname = $1 AND query LIKE '%INSERT INTO presence_events%'
           AND application_name = 'rollcall'`,
        [server.db.target.database],
      ),
    );
    return rows.map(({ pid }) => pid);
  };
  await expect.poll(() => send('written')).toBe(200);
  const before = await writers();
  expect(before.length).toBeGreaterThan(0);
  for (let count = 0; count <= before.length; count++) expect(await send('on a standby')).toBe(503);
  await expect.poll(async () => (await writers()).filter((pid) => before.includes(pid))).toEqual([]);
  expect(await send('written again')).toBe(200);
});
