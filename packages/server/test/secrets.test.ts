import pg from 'pg';
import { afterAll, describe, expect, inject, test } from 'vitest';
import { createKey, rotateKey } from '../src/auth/manage-keys.ts';
import { MasterKeys } from '../src/auth/master-keys.ts';
import { MasterKey, MasterKeyError } from '../src/auth/secrets.ts';
import { serializeError } from '../src/http/logging.ts';
import { addOffice, addUser } from './support/directory.ts';
import { expectProblem } from './support/problems.ts';
import { basic, login, replicaOf, startTestServer } from './support/server.ts';

const server = await startTestServer();
afterAll(() => server.close());
const { app, clock, db, masterKey } = server;
const tenantId = await server.organisation();

describe('a sealed secret', () => {
  test('opens with its master key and in its context', () => {
    for (const secret of ['s', 'pässwörd 🔑', 'x'.repeat(1_024), '']) {
      expect(masterKey.open(masterKey.seal(secret, 'place'), 'place')).toBe(secret);
    }
    expect(masterKey.seal('s', 'place')).not.toEqual(masterKey.seal('s', 'place'));
  });

  test('opens in no other context, with no other master key, and not after a change', () => {
    const sealed = masterKey.seal('secret', 'place');
    const opens =
      (value: Buffer, context = 'place', by = masterKey) =>
      () =>
        by.open(value, context);
    expect(opens(sealed, 'elsewhere')).toThrow(MasterKeyError);
    expect(opens(sealed, 'place', MasterKey.generate())).toThrow(MasterKeyError);
    for (let index = 0; index < sealed.length; index++) {
      const changed = Buffer.from(sealed);
      changed[index] = (changed[index] ?? 0) ^ 1;
      expect(opens(changed)).toThrow(MasterKeyError);
      expect(opens(sealed.subarray(0, index))).toThrow(MasterKeyError);
    }
  });

  test('that was moved to another key gives no access, and stays secret', async () => {
    const [mine, theirs] = [await server.key(tenantId), await server.key(await server.organisation())];
    await asSuperuser((client) =>
      client.query(
        `UPDATE rollcall.api_keys SET secret_sealed = (SELECT secret_sealed FROM rollcall.api_keys WHERE api_key = $1)
         WHERE api_key = $2`,
        [mine.apiKey, theirs.apiKey],
      ),
    );
    const url = '/v1/analytics/users/basic';
    const moved = { apiKey: theirs.apiKey, secret: mine.secret };
    const reply = await app.inject({ url, headers: { authorization: basic(moved) } });
    expectProblem(reply, 500);
    const hmac = await app.inject({ method: 'POST', url: '/v1/auth', payload: login(moved, clock.nowS) });
    expect(hmac.json()).toMatchObject({ authenticated: false });
  });

  test('cannot be opened by a server with another master key', async () => {
    const other = await replicaOf(server, { masterKey: new MasterKeys([MasterKey.generate()]) });
    const key = await server.key(tenantId);
    const headers = { authorization: basic(key) };
    expectProblem(await other.inject({ url: '/v1/analytics/users/basic', headers }), 500);
    const payload = login(key, clock.nowS);
    expect((await other.inject({ method: 'POST', url: '/v1/auth', payload })).statusCode).toBe(500);
    await other.close();
  });
});

test('the database has no usable secret, token or hash in any table', async () => {
  const key = await server.key(tenantId, { existing: { apiKey: 'imported', secret: 'pässwörd-imported' } });
  const rotated = await rotateKey(
    { apiKey: key.apiKey, graceMs: 60_000 },
    { owner: db.owner, masterKey, clock: clock.read },
  );
  const body = login(rotated, clock.nowS);
  const token = await server.token(rotated);
  await app.inject({
    method: 'POST',
    url: '/v1/presence',
    headers: { authorization: `Bearer ${token}` },
    payload: { malformed: true },
  });
  const dump = await dumpOfAllTables();
  expect(dump).toContain(key.apiKey);
  expect(dump).toContain('malformed');
  for (const secret of [key.secret, rotated.secret, token, body.hash, masterKey.export()]) {
    expectNowhere(secret, dump);
  }
  expectNowhere(masterKeyBytes(), dump);
});

describe('the log', () => {
  const email = 'ada.lovelace@example.com';
  const shown: string[] = [];

  test('has no secret, token, hash, e-mail or query string, after any outcome', async () => {
    const office = await addOffice(db.owner, tenantId);
    const person = await addUser(db.owner, tenantId, { email });
    const key = await createKey(
      { tenantId, name: 'all', role: 'all', authentication: 'basic' },
      { owner: db.owner, masterKey, clock: clock.read },
    );
    const body = login(key, clock.nowS);
    const token = await server.token(key);
    const bearer = { authorization: `Bearer ${token}` };
    shown.push(key.secret, token, body.hash, basic(key).slice('Basic '.length), email, 'query-canary');

    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const event = {
      eventId: 'e',
      timestamp: '2026-03-10T09:00:00Z',
      locationType: 'place',
      userEmail: email,
    };
    const submission = { sourceId: 's', presenceEvents: [{ ...event, locationId: office.placeId }] };
    const post = (url: string, payload: object | string, headers: Record<string, string> = {}) =>
      app.inject({ method: 'POST', url, payload, headers });
    const get = (url: string, headers: Record<string, string> = {}) => app.inject({ url, headers });
    const statuses = [
      await post('/v1/auth', { ...body, hash: `${body.hash}0` }),
      await post('/v1/auth', { ...body, timestamp: clock.nowS - 9_999 }),
      await post('/v1/auth', `{"hash":"${body.hash}`, { 'content-type': 'application/json' }),
      await post('/v1/auth/token', { client_id: key.apiKey, client_secret: key.secret }),
      await post('/v1/auth/token', { client_id: key.apiKey, client_secret: `${key.secret}x` }),
      await post('/v1/auth/token', `client_id=${key.apiKey}&client_secret=${key.secret}`, form),
      await post('/v1/auth/token', {}, { authorization: basic(key) }),
      await get('/v1/analytics/users/basic', { authorization: basic(key) }),
      await get('/v1/analytics/users', { authentication: bearer.authorization }),
      await get('/v1/analytics/users', { authorization: basic(key) }),
      await get('/v1/analytics/users/basic', bearer),
      await get(`/v1/analytics/presence?startDate=query-canary&userIds=${email}`, bearer),
      await get(`/nowhere/${email}?secret=query-canary`, bearer),
      await get(`/%zz?secret=query-canary`, bearer),
      await post(`/v1/presence?x=query-canary`, submission, bearer),
      await post('/v1/presence', { ...submission, sourceId: 7 }, bearer),
      await post('/v1/presence', { ...submission, presenceEvents: [{ ...event, locationId: 'x' }] }, bearer),
      await app.inject({ method: 'DELETE', url: '/v1/presence?x=query-canary', headers: bearer }),
    ].map((reply) => reply.statusCode);
    expect([...new Set(statuses)].sort()).toEqual([200, 400, 401, 404, 405]);
    expect((await get(`/v1/analytics/users`, bearer)).body).toContain(person.email);
    expectCleanLogs();
  });

  test('of an error has no rows of the database and no e-mail, also in its causes', () => {
    const refused = Object.assign(new pg.DatabaseError(`key (${email}) exists`, 1, 'error'), {
      code: '23505',
      detail: `Key (email)=(${email}) already exists.`,
      where: `COPY users, line 1: "${email}"`,
    });
    const wrapped = new Error(`no reply for <${email}>`, { cause: refused });
    const logged = serializeError(wrapped);
    expect(JSON.stringify(logged)).not.toContain('lovelace');
    expect(logged).toMatchObject({ message: 'no reply for <[email]>', cause: { code: '23505' } });
    expect(serializeError(email)).toEqual({ type: 'string' });
  });

  test('of an error of the server has what the answer omits, and neither has personal data', async () => {
    const key = await server.key(tenantId);
    const headers = { authorization: `Bearer ${await server.token(key)}` };
    const office = await addOffice(db.owner, tenantId);
    await asSuperuser((client) => client.query('DROP TABLE rollcall.presence_events CASCADE'));
    const event = {
      eventId: 'e',
      timestamp: '2026-03-10T09:00:00Z',
      locationType: 'place',
      userEmail: email,
    };
    const reply = await app.inject({
      method: 'POST',
      url: '/v1/presence?x=query-canary',
      headers,
      payload: { sourceId: 's', presenceEvents: [{ ...event, locationId: office.placeId }] },
    });
    expectProblem(reply, 500);
    const read = await app.inject({
      url: '/v1/analytics/presence?startDate=20260310&endDate=20260310',
      headers,
    });
    expectProblem(read, 500);
    for (const { body } of [reply, read]) {
      expect(body).not.toMatch(/presence_events|\brelation\b|insert|select|\bat \/|\.ts|node_modules|42P01/i);
    }
    const line = server.logs.find((each) => each.includes(String(reply.headers.correlationid)));
    expect(JSON.parse(line ?? '{}')).toMatchObject({ level: 'error', err: { code: '42P01' } });
    expectCleanLogs();
  });

  test('of a login that failed in the server has none of it either', async () => {
    const key = await server.key(tenantId);
    await asSuperuser((client) => client.query('ALTER TABLE rollcall.api_keys RENAME TO gone'));
    const body = login(key, clock.nowS);
    const reply = await app.inject({ method: 'POST', url: '/v1/auth', payload: body });
    expect(reply.statusCode).toBe(500);
    expect(reply.json()).toEqual({
      authenticated: false,
      message: expect.stringContaining('correlationId'),
      correlationId: reply.headers.correlationid,
    });
    const granted = await app.inject({
      method: 'POST',
      url: '/v1/auth/token',
      payload: { client_id: key.apiKey, client_secret: key.secret },
    });
    expect([granted.statusCode, granted.json().error]).toEqual([500, 'server_error']);
    shown.push(body.hash, key.secret);
    expectCleanLogs();
  });

  function expectCleanLogs(): void {
    const log = server.logs.join('');
    expect(log.length).toBeGreaterThan(0);
    for (const secret of shown) expectNowhere(secret, log);
    expect(log).not.toMatch(/\?\w+=|"authori[sz]ation"|"authentication"|\bBearer \w|\bBasic \w/i);
  }
});

/** Asserts that the text has the secret neither as it is nor in a reversible encoding. */
function expectNowhere(secret: string | Buffer, text: string): void {
  const bytes = Buffer.from(secret as string);
  for (const form of [bytes.toString('utf8'), bytes.toString('hex'), bytes.toString('base64')]) {
    expect(text.includes(form), `${form.slice(0, 6)}… is in the text`).toBe(false);
  }
}

function masterKeyBytes(): Buffer {
  return Buffer.from(masterKey.export(), 'base64');
}

async function dumpOfAllTables(): Promise<string> {
  return asSuperuser(async (client) => {
    const { rows: tables } = await client.query<{ name: string }>(
      `SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema')`,
    );
    expect(tables.length).toBeGreaterThan(8);
    const dumps = [];
    for (const { name } of tables) {
      const { rows } = await client.query<{ row: string }>(`SELECT t::text AS row FROM ${name} t`);
      dumps.push(`${name}\n${rows.map(({ row }) => row).join('\n')}`);
    }
    return dumps.join('\n');
  });
}

/** Runs `work` in the server's own database as a role without row-level security. */
async function asSuperuser<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ ...inject('adminTarget'), database: db.target.database });
  await client.connect();
  return work(client).finally(() => client.end());
}
