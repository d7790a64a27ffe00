import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, expect, onTestFinished, test, vi } from 'vitest';
import { type App, createApp } from '../src/app.ts';
import { keysOf, revokeKey, type ShownKey } from '../src/auth/manage-keys.ts';
import { MasterKeys } from '../src/auth/master-keys.ts';
import { defaults, SERVER_SETTINGS } from '../src/config.ts';
import { createLogger } from '../src/http/logging.ts';
import { Database, type DatabaseTarget } from '../src/store/connections/db.ts';
import { asAdmin } from './support/database.ts';
import { basic, login, startTestServer } from './support/server.ts';
import { answersWithinASecond } from './support/waiting.ts';

const server = await startTestServer();
afterAll(() => server.close());
const { clock, db } = server;
const tenantId = await server.organisation();

/** How long a heartbeat keeps the cache of credentials valid. */
const TRUST_MS = 900;

test('a revoked key and its tokens are refused by every replica within a second', async () => {
  const other = await startReplica();
  for (let round = 0; round < 3; round++) {
    const { key, token } = await keyWithToken();
    for (const app of [server.app, other.app]) {
      expect(await answersOf(app, key, token)).toEqual([200, 200, 200]);
      await expect.poll(() => remembers(app, token)).toBe(true);
    }
    await revoke(key);
    await Promise.all(
      [server.app, other.app].map((app) => answersWithinASecond(() => answersOf(app, key, token), REFUSED)),
    );
  }
});

test('a replica without credential changes looks keys up, and drops its cache when the changes come again', async () => {
  const cut = await startReplica();
  const [asked, unasked, bystander] = [await keyWithToken(), await keyWithToken(), await keyWithToken()];
  for (const { token } of [asked, unasked, bystander]) {
    await expect.poll(() => remembers(cut.app, token)).toBe(true);
  }

  // The pool's connections stay open. New ones are refused, including those for credential changes.
  const name = String(db.target.database);
  const allowConnections = (allowed: boolean) =>
    asAdmin((admin) => admin.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS ${allowed}`));
  await allowConnections(false);
  onTestFinished(async () => void (await allowConnections(true)));
  const killed = await asAdmin((admin) =>
    admin.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND application_name LIKE 'rollcall changes%'",
      [name],
    ),
  );
  expect(killed.rowCount).toBeGreaterThanOrEqual(2);
  await expect.poll(() => remembers(cut.app, asked.token)).toBe(false);
  expect(await answersOf(cut.app, asked.key, asked.token)).toEqual([200, 200, 200]);
  await revoke(asked.key);
  await revoke(unasked.key);
  expect(await answersOf(cut.app, asked.key, asked.token)).toEqual(REFUSED);
  // This replica may not have noticed yet that its notifications are missing.
  await answersWithinASecond(() => answersOf(server.app, asked.key, asked.token), REFUSED);

  await allowConnections(true);
  await expect.poll(() => remembers(cut.app, bystander.token)).toBe(true);
  expect(await answersOf(cut.app, unasked.key, unasked.token)).toEqual(REFUSED);
});

test('a replica whose connection for credential changes is silent refuses a revoked key within a second', async () => {
  const wire = await startWire(db.target);
  const deaf = await startReplica(wire.target);
  const { key, token } = await keyWithToken();
  await expect.poll(() => remembers(deaf.app, token)).toBe(true);

  wire.muteChangeFeed();
  await revoke(key);
  await answersWithinASecond(() => answersOf(deaf.app, key, token), REFUSED);
  expect(wire.swallowed()).toContain(key.apiKey);
  wire.cut();
});

test('while a heartbeat is late, requests wait for it together, and none looks its key up', async () => {
  const wire = await startWire(db.target);
  const { app } = await startReplica(wire.target);
  const { key, token } = await keyWithToken();
  const logIn = async () =>
    (await app.inject({ method: 'POST', url: '/v1/auth', payload: login(key, clock.nowS) })).statusCode;

  // If the machine pauses for most of a second, the second heartbeat is too late as well. Keys are then looked up,
  // which is right, and the test tries again.
  const attempt = async () => {
    await expect.poll(() => remembers(app, token)).toBe(true);
    await wire.holdNextHeartbeat();
    // This heartbeat is valid from the time at which it was sent. Its answer comes too late for that.
    await delay(TRUST_MS);
    const next = wire.holdNextHeartbeat();
    wire.releaseChangeFeed();
    await next;
    const query = vi.spyOn(pg.Client.prototype, 'query');
    const answers = Promise.all(
      Array.from({ length: 10 }, () => [logIn(), call(app, `Bearer ${token}`, '')]).flat(),
    );
    const wasWaiting = await Promise.race([answers.then(() => false), delay(30).then(() => true)]);
    wire.releaseChangeFeed();
    const statuses = new Set(await answers);
    const asked = query.mock.calls.some(([text]) => String(text).includes('tenant_of_api_key'));
    query.mockRestore();
    return { wasWaiting, statuses: [...statuses], asked };
  };
  await expect.poll(attempt).toEqual({ wasWaiting: true, statuses: [200], asked: false });
  wire.cut();
});

test('a replica without heartbeats looks a key up once for many requests', async () => {
  const wire = await startWire(db.target);
  const deaf = await startReplica(wire.target);
  const { key, token } = await keyWithToken();
  await expect.poll(() => remembers(deaf.app, token)).toBe(true);
  wire.muteChangeFeed();
  await expect.poll(() => remembers(deaf.app, token)).toBe(false);

  const logIn = async () =>
    (await deaf.app.inject({ method: 'POST', url: '/v1/auth', payload: login(key, clock.nowS) })).statusCode;
  for (const send of [() => call(deaf.app, `Bearer ${token}`, ''), logIn]) {
    const query = vi.spyOn(pg.Client.prototype, 'query');
    const answers = await Promise.all(Array.from({ length: 20 }, send));
    const looked = query.mock.calls.filter(([text]) => String(text).includes('tenant_of_api_key')).length;
    query.mockRestore();
    expect(new Set(answers)).toEqual(new Set([200]));
    expect(looked).toBeLessThan(5);
  }
  wire.cut();
});

test('the last use of a key is written, at the latest when the server closes', async () => {
  const replica = await startReplica();
  const otherTenantId = await server.organisation();
  const byToken = await server.key(tenantId);
  const byBasic = await server.key(otherTenantId);
  const unused = await server.key(tenantId);
  const token = await server.token(byToken);
  clock.advanceS(5);
  await call(replica.app, `Bearer ${token}`, '');
  await call(replica.app, basic(byBasic), '/basic');
  await call(replica.app, basic({ ...unused, secret: 'wrong' }), '/basic');
  await replica.close();
  const stored = [...(await keysOf(tenantId, db.owner)), ...(await keysOf(otherTenantId, db.owner))];
  const lastUsedAt = ({ apiKey }: ShownKey) => stored.find((row) => row.apiKey === apiKey)?.lastUsedAt;
  expect([byToken, byBasic, unused].map(lastUsedAt)).toEqual([
    new Date(clock.nowMs),
    new Date(clock.nowMs),
    null,
  ]);
});

/** The statuses of a token, of Basic and of a login. */
const REFUSED = [401, 401, 401];
async function answersOf(app: App, key: ShownKey, token: string): Promise<number[]> {
  const loggedIn = await app.inject({ method: 'POST', url: '/v1/auth', payload: login(key, clock.nowS) });
  return [await call(app, `Bearer ${token}`, ''), await call(app, basic(key), '/basic'), loggedIn.statusCode];
}

async function call(app: App, authorization: string, suffix: '' | '/basic'): Promise<number> {
  const reply = await app.inject({ url: `/v1/analytics/users${suffix}`, headers: { authorization } });
  return reply.statusCode;
}

/** Whether the replica accepts the token without a look-up of its key. */
async function remembers(app: App, token: string): Promise<boolean> {
  const query = vi.spyOn(pg.Client.prototype, 'query');
  expect(await call(app, `Bearer ${token}`, '')).toBe(200);
  const looked = query.mock.calls.some(([text]) => String(text).includes('tenant_of_api_key'));
  query.mockRestore();
  return !looked;
}

async function keyWithToken(): Promise<{ key: ShownKey; token: string }> {
  const key = await server.key(tenantId);
  return { key, token: await server.token(key) };
}

function revoke(key: ShownKey) {
  return revokeKey(key.apiKey, { owner: db.owner, clock: clock.read });
}

/** Another server on the same database, with connections of its own. */
async function startReplica(target: DatabaseTarget = db.target) {
  const database = new Database({ target, as: 'restricted', poolSize: 2, exportPoolSize: 1 });
  const app = await createApp({
    config: defaults(SERVER_SETTINGS),
    database,
    masterKey: new MasterKeys([server.masterKey]),
    logger: createLogger('silent'),
    lifecycle: { migrated: true },
    clock: clock.read,
  });
  let closed: Promise<void> | undefined;
  const close = () => {
    closed ??= app.close().then(() => database.close());
    return closed;
  };
  onTestFinished(close);
  return { app, close };
}

/** A proxy to the database that can hold back the data of the connection for credential changes, without closing it. */
async function startWire({ host, port, ...rest }: DatabaseTarget) {
  const feeds = new Map<Socket, Socket>();
  let onHeartbeat: (() => void) | undefined;
  const sockets = new Set<Socket>();
  const wire = createServer((client) => {
    const upstream = String(host).startsWith('/')
      ? connect(`${host}/.s.PGSQL.${port}`)
      : connect(Number(port), String(host));
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => client.destroy() && upstream.destroy());
    }
    client.once('data', (startup) => {
      if (!startup.includes('rollcall changes')) return;
      feeds.set(upstream, client);
      client.on('data', (sent) => {
        if (!sent.includes('SELECT 1') || !onHeartbeat) return;
        hold();
        onHeartbeat();
        onHeartbeat = undefined;
      });
    });
    client.pipe(upstream).pipe(client);
  });
  wire.listen(0, '127.0.0.1');
  await once(wire, 'listening');
  const hold = () => {
    for (const upstream of feeds.keys()) upstream.unpipe().pause();
  };
  const cut = () => {
    for (const socket of sockets) socket.destroy();
    wire.close();
  };
  onTestFinished(cut);
  return {
    target: { ...rest, host: '127.0.0.1', port: (wire.address() as AddressInfo).port },
    muteChangeFeed: () => {
      expect(feeds.size).toBe(1);
      hold();
    },
    /** Resolves when the server has sent a heartbeat. The proxy holds its answer back. */
    holdNextHeartbeat: () =>
      new Promise<void>((resolve) => {
        onHeartbeat = resolve;
      }),
    releaseChangeFeed: () => {
      for (const [upstream, client] of feeds) upstream.pipe(client);
    },
    swallowed: () => [...feeds.keys()].map((upstream) => String(upstream.read())).join(''),
    cut,
  };
}
