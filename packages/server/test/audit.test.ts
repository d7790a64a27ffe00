import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createScimToken } from '../src/auth/manage-scim-tokens.ts';
import { createLogger } from '../src/http/logging.ts';
import { readAuditEntries } from '../src/store/audit/dataset.ts';
import { addAuditEntries, auditEntriesInsert } from '../src/store/audit/entries.ts';
import { forgetAuditSubjects } from '../src/store/audit/subjects.ts';
import { Database } from '../src/store/connections/db.ts';
import { ALL_DAYS } from '../src/store/values/day-window.ts';
import { entriesOf } from './support/audit.ts';
import { addUser } from './support/directory.ts';
import { addSite, goodEvent, type Site, submit } from './support/presence.ts';
import { expectProblem } from './support/problems.ts';
import { basic, login, replicaOf, startTestServer, type TestServer } from './support/server.ts';
import { type Browser, browserWithRole, signIn } from './support/sessions.ts';
import { until } from './support/waiting.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

const get = (url: string, headers: Record<string, string>) => server.app.inject({ url, headers });

async function newSite(): Promise<Site & { boss: Browser; email: string }> {
  const site = await addSite(server);
  const email = `boss-${site.tenantId.slice(0, 8)}@example.com`;
  return { ...site, email, boss: await browserWithRole(server, site.tenantId, 'administrator', email) };
}
const actionsOf = async (tenantId: string) => (await entriesOf(server, tenantId)).map(({ action }) => action);
const ofAction = async (tenantId: string, action: string) =>
  (await entriesOf(server, tenantId)).filter((entry) => entry.action === action);

/** The entries of reads. An entry says whether the client has all of the answer, so it comes after the answer. */
async function readsOf(tenantId: string, count: number) {
  await until(async () => (await ofAction(tenantId, 'export.read')).length >= count);
  return ofAction(tenantId, 'export.read');
}

describe('a change', () => {
  test('has its entry with actor, target, time and context, and a refused change has none', async () => {
    const { tenantId, boss, email } = await newSite();
    const headers = { ...boss, 'user-agent': 'test/1', correlationId: 'trace-1' };
    const key = { name: 'door', role: 'submitting-events', authentication: 'basic' };
    const reply = await server.app.inject({ method: 'POST', url: '/v1/manage/keys', headers, payload: key });
    const { apiKey } = reply.json().key;
    const [created] = (await ofAction(tenantId, 'key.created')).filter(
      ({ actorKind }) => actorKind === 'account',
    );
    expect(created).toMatchObject({
      actor: email,
      occurredAt: new Date(server.clock.nowMs),
      version: 1,
      targets: [{ kind: 'key', reference: apiKey, name: apiKey }],
      context: { address: '127.0.0.1', userAgent: 'test/1', correlationId: 'trace-1' },
      metadata: { role: 'submitting-events', authentication: 'basic' },
    });
    const before = await actionsOf(tenantId);
    const wrong = { ...key, expiresAt: '2020-01-01T00:00:00Z' };
    expectProblem(
      await server.app.inject({ method: 'POST', url: '/v1/manage/keys', headers, payload: wrong }),
      400,
    );
    expect(await actionsOf(tenantId)).toEqual(before);
  });

  test('of an assigned desk or a week plan names the people, and the same once more is none', async () => {
    const { tenantId, boss, user, office } = await newSite();
    const other = await addUser(server.db.owner, tenantId);
    const send = async (method: 'PUT' | 'POST' | 'DELETE', path: string, payload?: object) => {
      const reply = await server.app.inject({
        ...{ method, url: `/v1/manage${path}`, headers: boss },
        ...(payload && { payload }),
      });
      expect(reply.statusCode, reply.payload).toBe(200);
    };
    const { placeId: deskId } = office;
    const desk = `/desks/${deskId}/assignment`;
    const week = { weekPlan: { monday: { plan: 'r' } } };
    for (const repeat of [0, 1]) {
      await send('PUT', `/users/${user.userId}/week-plan`, week);
      const items = [
        { userId: user.userId, ...week },
        ...(repeat ? [] : [{ userId: other.userId, ...week }]),
      ];
      await send('POST', '/week-plans', { items });
    }
    for (const owner of [user, user, other]) await send('PUT', desk, { userId: owner.userId });
    await send('DELETE', desk);
    await send('DELETE', desk);
    for (let call = 0; call < 2; call++)
      await send('POST', '/desk-assignments', { items: [{ deskId, userId: user.userId }] });
    const changes = (await ofAction(tenantId, 'directory.changed')).map(({ metadata, targets }) => [
      metadata.kind,
      metadata.items,
      targets.map(({ reference }) => reference).toSorted(),
    ]);
    expect(changes).toEqual([
      ['week-plans', 1, [user.userId]],
      ['week-plans', 1, []],
      ['desk-assignments', 1, [user.userId]],
      ['desk-assignments', 1, [user.userId, other.userId].toSorted()],
      ['desk-assignments', 1, [other.userId]],
      ['desk-assignments', 1, []],
    ]);
  });

  test('of the command line has the operator as its actor', async () => {
    const { tenantId } = await newSite();
    await server.key(tenantId, { role: 'visitor-only' });
    const entries = (await ofAction(tenantId, 'key.created')).map(({ actorKind, metadata }) => [
      actorKind,
      metadata.role,
    ]);
    expect(entries).toContainEqual(['operator', 'visitor-only']);
  });

  test('by an import that fails half-way has an end, which says how far it came', async () => {
    const { tenantId, boss } = await newSite();
    const names = Array.from({ length: 2_500 }, (_, index) => `row${index}@example.com`);
    const send = (query: string, text: string) =>
      server.app.inject({
        method: 'POST',
        url: `/v1/manage/imports/users${query}`,
        headers: { ...boss, 'content-type': 'text/csv' },
        payload: text,
      });
    const damaged = ['userName', ...names, 'x'.repeat(1_200_000)].join('\n');
    expectProblem(await send('', damaged), 400);
    expectProblem(await send('?strict=true', damaged), 400);
    const ended = await ofAction(tenantId, 'import.ended');
    const stored = await server.db.owner.inTenant(tenantId, (tx) =>
      tx.query(`SELECT FROM users WHERE tenant_id = $1 AND user_name LIKE 'row%'`, [tenantId]),
    );
    expect(stored.rowCount).toBeGreaterThan(0);
    expect(ended.map(({ version, metadata }) => [version, metadata])).toEqual([
      [2, { kind: 'users', rows: stored.rowCount, refused: 0, complete: false }],
      [2, { kind: 'users', rows: 0, refused: 0, complete: false }],
    ]);
  });

  test('without its entry is not stored', async () => {
    const { tenantId, boss } = await newSite();
    await server.db.owner.inSystem((tx) =>
      tx.query(
        'ALTER TABLE audit_entries ADD CONSTRAINT no_revocation CHECK (action <> $$scim-token.created$$) NOT VALID',
      ),
    );
    try {
      const payload = { name: 'okta' };
      const reply = await server.app.inject({
        method: 'POST',
        url: '/v1/manage/scim-tokens',
        headers: boss,
        payload,
      });
      expect(reply.statusCode).toBe(500);
      expect((await get('/v1/manage/scim-tokens', boss)).json().items).toEqual([]);
    } finally {
      await server.db.owner.inSystem((tx) =>
        tx.query('ALTER TABLE audit_entries DROP CONSTRAINT no_revocation'),
      );
    }
    expect(await actionsOf(tenantId)).not.toContain('scim-token.created');
  });
});

test('accepted events have no entries', async () => {
  const site = await addSite(server);
  const before = await actionsOf(site.tenantId);
  expect((await submit(server, site, [goodEvent(site)])).statusCode).toBe(200);
  expect(await actionsOf(site.tenantId)).toEqual(before);
});

describe('a read', () => {
  test('of a dataset has one entry: who, filters, rows, format, and users of the filter as targets', async () => {
    const site = await newSite();
    const { tenantId, user, key } = site;
    await submit(server, site, [goodEvent(site)]);
    const query = `startDate=2026-03-10&endDate=2026-03-10&userIds=${user.userId}&format=csv`;
    expect((await get(`/v1/analytics/presence/basic?${query}`, site.headers)).statusCode).toBe(200);
    expect(await readsOf(tenantId, 1)).toMatchObject([
      {
        actor: key.apiKey,
        actorKind: 'key',
        targets: [{ kind: 'user', reference: user.userId, name: user.userName }],
        metadata: {
          dataset: 'presence',
          format: 'csv',
          filters: { startDate: '2026-03-10', endDate: '2026-03-10' },
          users: 1,
          rows: 1,
          complete: true,
        },
      },
    ]);
  });

  test('does not count the rows that tell of removed days', async () => {
    const site = await newSite();
    const { tenantId, headers } = site;
    await submit(server, site, [goodEvent(site)]);
    const first = await get('/v1/analytics/presence/basic?startDate=2026-03-10&endDate=2026-03-10', headers);
    const cursor = String(first.headers['rollcall-cursor']);
    await server.db.owner.inTenant(tenantId, (tx) =>
      tx.query("INSERT INTO removed_days (tenant_id, dataset, day) VALUES ($1, 'presence', '2026-03-01')", [
        tenantId,
      ]),
    );
    await submit(server, site, [{ ...goodEvent(site), eventId: 'later', zoneId: site.office.zoneId }]);
    const changed = await get(`/v1/analytics/presence/basic?changedSince=${cursor}`, headers);
    const [removed, ...others] = changed.json();
    expect(removed).toMatchObject({ removedFrom: '2026-03-01T00:00:00.000Z' });
    const reads = await readsOf(tenantId, 2);
    expect(reads.map(({ metadata }) => metadata.rows)).toEqual([1, others.length]);
  });

  test('does not keep ids of users who are not there', async () => {
    const { tenantId, headers, user } = await newSite();
    const userIds = `${user.userId},${randomUUID()}`;
    await get(
      `/v1/analytics/presence/basic?startDate=2026-03-10&endDate=2026-03-10&userIds=${userIds}`,
      headers,
    );
    const [read] = await readsOf(tenantId, 1);
    expect(read?.targets.map(({ reference }) => reference)).toEqual([user.userId]);
    expect(read?.metadata.users).toBe(2);
  });

  test('has its entry whatever text its parameters have', async () => {
    const { tenantId, headers } = await newSite();
    const query = 'startDate=2026-03-01T%00&endDate=2026-03-02T%ED%A0%80';
    expect((await get(`/v1/analytics/presence/basic?${query}`, headers)).statusCode).toBe(200);
    const [entry] = await ofAction(tenantId, 'export.read');
    expect(entry?.metadata.filters).toMatchObject({ startDate: '2026-03-01T\ufffd' });
    expect(await ofAction(tenantId, 'audit.lost')).toEqual([]);
  });

  test('of metrics, a HEAD and a refused one have none', async () => {
    const { tenantId, headers } = await newSite();
    await get('/v1/analytics/metrics/basic?startDate=2026-03-10&endDate=2026-03-10', headers);
    await server.app.inject({ method: 'HEAD', url: '/v1/analytics/users/basic', headers });
    await get('/v1/analytics/presence/basic', headers);
    expect(await ofAction(tenantId, 'export.read')).toEqual([]);
  });

  test('of everything about a person has an entry that names the person', async () => {
    const { tenantId, boss, user } = await newSite();
    expect((await get(`/v1/manage/users/${user.userId}/export`, boss)).statusCode).toBe(200);
    // The entry says whether the client has all of it, so it comes after the answer.
    await until(async () => (await ofAction(tenantId, 'person.exported')).length > 0);
    expect(await ofAction(tenantId, 'person.exported')).toMatchObject([
      { targets: [{ reference: user.userId }], metadata: { complete: true } },
    ]);
  });

  test('of one person names whom a person and a program looked at, and counts repetitions', async () => {
    const { tenantId, boss, user, headers, key } = await newSite();
    const url = `/v1/manage/users/${user.userId}/profile`;
    const token = await server.token(key);
    for (let call = 0; call < 3; call++) {
      await get(url, boss);
      await get(url, { authorization: `Bearer ${token}` });
    }
    expect(headers.authorization).toBe(basic(key));
    const looks = async () =>
      (await ofAction(tenantId, 'person.viewed')).map(({ actorKind, targets, metadata }) => [
        actorKind,
        targets.map(({ reference }) => reference),
        metadata.count,
      ]);
    expect((await looks()).toSorted()).toEqual([
      ['account', [user.userId], 1],
      ['key', [user.userId], 1],
    ]);
    server.clock.advanceS(60);
    expect((await looks()).toSorted()).toEqual([
      ['account', [user.userId], 1],
      ['account', [user.userId], 2],
      ['key', [user.userId], 1],
      ['key', [user.userId], 2],
    ]);
  });

  test('of more than 20 people within a minute names each of them, the further ones 20 in an entry', async () => {
    const { tenantId, boss, key } = await newSite();
    const ofKey = { authorization: `Bearer ${await server.token(key)}` };
    const users = await Promise.all(Array.from({ length: 62 }, () => addUser(server.db.owner, tenantId)));
    const ids = users.map(({ userId }) => userId);
    const looks = async (kind: string) =>
      (await ofAction(tenantId, 'person.viewed'))
        .filter(({ actorKind }) => actorKind === kind)
        .map(({ targets, metadata }) => [targets.map(({ reference }) => reference).toSorted(), metadata]);
    const view = 'GET /v1/manage/users/:userId/attendance';
    const entry = (of: string[], count = of.length) => [of.toSorted(), { view, count }];
    const look = async (userId: string, headers: Record<string, string>) => {
      const day = '2026-03-10';
      const url = `/v1/manage/users/${userId}/attendance?startDate=${day}&endDate=${day}`;
      const reply = await get(url, headers);
      expect(reply.statusCode, reply.payload).toBe(200);
    };
    for (const headers of [ofKey, boss]) for (const userId of ids) await look(userId, headers);
    const [again = expect.fail()] = ids.slice(-1);
    await look(again, ofKey);
    const single = ids.slice(0, 20).map((userId) => entry([userId]));
    const full = [...single, entry(ids.slice(20, 40)), entry(ids.slice(40, 60))];
    for (const kind of ['key', 'account']) expect(await looks(kind)).toEqual(full);
    server.clock.advanceS(60);
    // The first look of the next minute.
    await look(again, ofKey);
    expect((await looks('key')).slice(22)).toEqual([entry(ids.slice(60), 3), entry([again])]);
    expect((await looks('account')).slice(22)).toEqual([entry(ids.slice(60))]);
  });
});

describe('a look-up of one person', () => {
  const looks = async (tenantId: string) =>
    (await ofAction(tenantId, 'person.viewed')).map(({ actorKind, targets, metadata }) => [
      actorKind,
      metadata.view,
      targets.map(({ reference }) => reference),
    ]);

  test.each(['userName', 'email', 'card'] as const)(
    'in the list of users by %s names whom it found',
    async (by) => {
      const { tenantId, boss, user } = await newSite();
      const authorization = `Bearer ${await server.token(await server.key(tenantId, { authentication: 'hmac' }))}`;
      const cardNumber = user.userId.slice(0, 8);
      const credentials = [{ active: true, cardNumber, scanData: [], credentialType: 'badge' }];
      const given = await server.app.inject({
        method: 'POST',
        url: '/v1/access-credentials',
        headers: { authorization },
        payload: { data: [{ username: user.email, updateId: '1', credentials }] },
      });
      expect(given.statusCode, given.payload).toBe(200);
      const value = { userName: user.userName, email: user.email, card: cardNumber }[by];
      const reply = await get(`/v1/manage/users?${by}=${encodeURIComponent(value)}`, boss);
      expect(reply.json().items).toMatchObject([{ userId: user.userId }]);
      expect((await get(`/v1/manage/users?${by}=nobody`, boss)).json().items).toEqual([]);
      expect((await get('/v1/manage/users', boss)).statusCode).toBe(200);
      expect(await looks(tenantId)).toEqual([['account', 'GET /v1/manage/users', [user.userId]]]);
    },
  );

  test('in the list of assigned desks names the user, also in a file', async () => {
    const { tenantId, boss, user } = await newSite();
    const url = `/v1/manage/desk-assignments?userId=${user.userId}`;
    const view = ['account', 'GET /v1/manage/desk-assignments', [user.userId]];
    expect((await get(url, boss)).statusCode).toBe(200);
    expect(await looks(tenantId)).toEqual([view]);
    server.clock.advanceS(60);
    expect((await get(`${url}&format=csv`, boss)).statusCode).toBe(200);
    expect((await get('/v1/manage/desk-assignments', boss)).statusCode).toBe(200);
    expect(await looks(tenantId)).toEqual([view, view]);
    const [file] = await readsOf(tenantId, 1);
    expect(file).toMatchObject({
      metadata: { dataset: 'desk-assignments', format: 'csv', users: 1, rows: 0, complete: true },
      targets: [{ kind: 'user', reference: user.userId }],
    });
  });

  test('by a search that finds nobody else names whom it found', async () => {
    const { tenantId, boss, user } = await newSite();
    const other = await addUser(server.db.owner, tenantId);
    const search = async (text: string) => {
      const reply = await get(`/v1/manage/users?search=${encodeURIComponent(text)}`, boss);
      expect(reply.statusCode, reply.payload).toBe(200);
      return reply.json().items.map(({ userId }: { userId: string }) => userId);
    };
    expect(await search(user.userName)).toEqual([user.userId]);
    expect((await search('example.com')).toSorted()).toEqual([user.userId, other.userId].toSorted());
    expect(await search('nobody at all')).toEqual([]);
    expect(await looks(tenantId)).toEqual([['account', 'GET /v1/manage/users', [user.userId]]]);
  });

  test('by an identity provider names the user, also if a filter finds nobody else', async () => {
    const { tenantId, user } = await newSite();
    await addUser(server.db.owner, tenantId);
    const { token } = await createScimToken(
      { tenantId, name: 'okta' },
      { owner: server.db.owner, clock: server.clock.read },
    );
    const headers = { authorization: `Bearer ${token}` };
    expect((await get(`/scim/v2/Users/${user.userId}`, headers)).statusCode).toBe(200);
    expect((await get('/scim/v2/Users', headers)).json().totalResults).toBe(2);
    const filter = `userName eq "${user.userName}"`;
    const one = await get(`/scim/v2/Users?filter=${encodeURIComponent(filter)}`, headers);
    expect(one.json().totalResults, one.payload).toBe(1);
    const searched = await server.app.inject({
      method: 'POST',
      url: '/scim/v2/Users/.search',
      headers: { ...headers, 'content-type': 'application/scim+json' },
      payload: JSON.stringify({ Filter: filter }),
    });
    expect(searched.json().totalResults, searched.payload).toBe(1);
    const none = await get(`/scim/v2/Users?filter=${encodeURIComponent('userName eq "nobody"')}`, headers);
    expect(none.json().totalResults, none.payload).toBe(0);
    expect(await looks(tenantId)).toEqual([
      ['scim-token', 'GET /scim/v2/Users/:id', [user.userId]],
      ['scim-token', 'GET /scim/v2/Users', [user.userId]],
      ['scim-token', 'POST /scim/v2/Users/.search', [user.userId]],
    ]);
  });
});

describe('a list of people', () => {
  const noted = async (tenantId: string) =>
    (await entriesOf(server, tenantId))
      .filter(({ action }) => action === 'people.listed' || action === 'person.viewed')
      .map(({ actorKind, action, targets, metadata }) => [
        actorKind,
        action,
        targets.map(({ reference }) => reference),
        metadata,
      ]);
  const listed = (list: string, rows: number, filters = {}, count = 1) => [
    'account',
    'people.listed',
    [],
    { list, filters, rows, count },
  ];
  const USERS = 'GET /v1/manage/users';

  async function siteOfTwo() {
    const site = await newSite();
    const other = await addUser(server.db.owner, site.tenantId);
    const read = async (url: string, headers: Record<string, string> = site.boss) => {
      const reply = await get(url, headers);
      expect(reply.statusCode, reply.payload).toBe(200);
      return reply.json();
    };
    return { ...site, other, read };
  }

  test('has an entry with the number of rows and the filters that name nobody', async () => {
    const site = await siteOfTwo();
    const { tenantId, office, user, other, read } = site;
    const { locationId, levelId } = office;
    const events = [user, other].map(({ userId }) => goodEvent(site, { eventId: userId, userId }));
    expect((await submit(server, site, events)).statusCode).toBe(200);
    await read('/v1/manage/users?status=active&search=example.com&limit=1000');
    await read('/v1/manage/week-plans');
    await read(`/v1/manage/locations/${locationId}/arrivals`);
    await read(`/v1/manage/levels/${levelId}/floor?date=2026-03-10`);
    await browserWithRole(server, tenantId, 'viewer', `${levelId}@example.com`);
    await read('/v1/manage/accounts?search=example.com');
    expect(await noted(tenantId)).toEqual([
      listed(USERS, 2, { status: 'active' }),
      listed('GET /v1/manage/week-plans', 2),
      listed('GET /v1/manage/locations/:locationId/arrivals', 2, { locationId }),
      listed('GET /v1/manage/levels/:levelId/floor', 2, { levelId, date: '2026-03-10' }),
      listed('GET /v1/manage/accounts', 2),
    ]);
  });

  test('that shows one person alone is a look at this person, and one that shows nobody is nothing', async () => {
    const { tenantId, office, read } = await siteOfTwo();
    const [first] = (await read('/v1/manage/users?limit=1')).items;
    await read('/v1/manage/users?search=example&limit=1');
    const [week] = (await read('/v1/manage/week-plans?limit=1')).items;
    await read('/v1/manage/users?search=nobody');
    const day = `/v1/manage/days?day=2026-03-10&locationId=${office.locationId}`;
    expect((await read(day)).items).toEqual([]);
    const look = (view: string, userId: string) => ['account', 'person.viewed', [userId], { view, count: 1 }];
    expect(await noted(tenantId)).toEqual([
      look(USERS, first.userId),
      look('GET /v1/manage/week-plans', week.userId),
    ]);
  });

  test('of an identity provider has an entry, too', async () => {
    const { tenantId, read } = await siteOfTwo();
    const deps = { owner: server.db.owner, clock: server.clock.read };
    const { token } = await createScimToken({ tenantId, name: 'okta' }, deps);
    const headers = { authorization: `Bearer ${token}` };
    await read('/scim/v2/Users', headers);
    const [one] = (await read('/scim/v2/Users?count=1', headers)).Resources;
    const list = 'GET /scim/v2/Users';
    expect(await noted(tenantId)).toEqual([
      ['scim-token', 'people.listed', [], { list, filters: {}, rows: 2, count: 1 }],
      ['scim-token', 'person.viewed', [one.id], { view: list, count: 1 }],
    ]);
  });

  test('that a page of the console reads again and again has one entry a minute', async () => {
    const { tenantId, read } = await siteOfTwo();
    for (let second = 0; second < 180; second += 20) {
      await read(`/v1/manage/users${second === 20 ? '?status=active' : ''}`);
      // A flush that began before the clock went on would not end the minute.
      await server.app.audit.flush();
      server.clock.advanceS(20);
      await server.app.audit.flush();
    }
    expect(await noted(tenantId)).toEqual([
      listed(USERS, 2),
      listed(USERS, 4, {}, 2),
      listed(USERS, 6, {}, 3),
      listed(USERS, 6, {}, 3),
    ]);
  });
});

describe('refusals', () => {
  test('are counted by minute, caller and operation, however many there are', async () => {
    const { tenantId } = await newSite();
    const key = await server.key(tenantId, { role: 'submitting-events' });
    const headers = { authorization: basic(key) };
    for (let call = 0; call < 50; call++) expectProblem(await get('/v1/analytics/users/basic', headers), 403);
    const refused = async () =>
      (await ofAction(tenantId, 'access.refused')).map(({ metadata }) => metadata.count);
    expect(await refused()).toEqual([1]);
    server.clock.advanceS(60);
    expect(await refused()).toEqual([1, 49]);
    const [first] = await ofAction(tenantId, 'access.refused');
    expect(first).toMatchObject({
      actor: key.apiKey,
      metadata: { operation: 'GET /v1/analytics/users/basic', rule: 'role' },
    });
  });

  test('of a login are in the organisation of the key or account that it named, and of nobody else', async () => {
    const { tenantId, email, key } = await newSite();
    const other = await newSite();
    const wrong = { apiKey: key.apiKey, secret: 'wrong' };
    for (let call = 0; call < 3; call++)
      await server.app.inject({ method: 'POST', url: '/v1/auth', payload: login(wrong, server.clock.nowS) });
    await server.app.inject({
      method: 'POST',
      url: '/v1/auth',
      payload: login({ apiKey: 'nobody', secret: 'wrong' }, server.clock.nowS),
    });
    await signIn(server, { email, password: 'wrong' });
    await signIn(server, { email: 'nobody@example.com', password: 'wrong' });
    expect(await ofAction(tenantId, 'key.failed')).toMatchObject([
      {
        actor: null,
        targets: [{ reference: key.apiKey }],
        metadata: { method: 'HMAC', count: 3, wrongNetwork: false },
      },
    ]);
    expect(await ofAction(tenantId, 'session.failed')).toMatchObject([
      {
        actor: null,
        targets: [{ kind: 'account', name: email }],
        metadata: { method: 'password', count: 1 },
      },
    ]);
    expect(await actionsOf(other.tenantId)).not.toContain('key.failed');
  });
});

test('what waits in memory outlives an outage of the database, and is stored when the server closes', async () => {
  const { tenantId, boss, user } = await newSite();
  const database = new Database({ target: server.db.target, as: 'restricted', poolSize: 2 });
  const app = await replicaOf(server, { database, logger: createLogger('silent') });
  await app.inject({ url: `/v1/manage/users/${user.userId}`, headers: boss });
  const pipeline = database.runEventPipeline.bind(database);
  database.runEventPipeline = () =>
    Promise.reject(Object.assign(new Error('gone'), { code: 'ECONNREFUSED' }));
  await app.audit.flush();
  expect(await ofAction(tenantId, 'person.viewed')).toEqual([]);
  database.runEventPipeline = pipeline;
  await app.close();
  await database.close();
  expect(await ofAction(tenantId, 'person.viewed')).toHaveLength(1);
});

describe('the dataset', () => {
  const ALL = 'startDate=2026-03-10&endDate=2026-03-10';

  test('has the entries with names, by action, and administrators and keys with all permissions read it', async () => {
    const { tenantId, boss, email, headers } = await newSite();
    await server.app.inject({
      method: 'PATCH',
      url: '/v1/manage/organisation',
      headers: boss,
      payload: { name: 'Acme' },
    });
    await server.app.audit.flush();
    const rows = (await get(`/v1/analytics/audit?${ALL}&actions=settings.changed`, boss)).json();
    expect(rows).toEqual([
      {
        occurredAt: new Date(server.clock.nowMs).toISOString(),
        entryId: expect.any(String),
        action: 'settings.changed',
        version: 1,
        actorId: expect.any(String),
        actorKind: 'account',
        actorName: email,
        actorReference: expect.any(String),
        targets: [],
        address: '127.0.0.1',
        userAgent: expect.any(String),
        correlationId: expect.any(String),
        metadata: { of: 'organisation', locationId: null, members: ['name'] },
      },
    ]);
    expect((await get(`/v1/analytics/audit/basic?${ALL}`, headers)).statusCode).toBe(200);
    for (const format of ['ndjson', 'csv', 'parquet'])
      expect((await get(`/v1/analytics/audit?${ALL}&format=${format}`, boss)).statusCode).toBe(200);
    expectProblem(await get(`/v1/analytics/audit?${ALL}&actions=no.such`, boss), 400);
    const warehouse = await server.key(tenantId, { role: 'data-warehouse' });
    expectProblem(await get(`/v1/analytics/audit/basic?${ALL}`, { authorization: basic(warehouse) }), 403);
    for (const role of ['integrations', 'planner', 'viewer'] as const) {
      const browser = await browserWithRole(server, tenantId, role, `${role}-${email}`);
      expectProblem(await get(`/v1/analytics/audit?${ALL}`, browser), 403);
    }
  });

  test('has pages, which together have the rows of the answer without limit', async () => {
    const { tenantId, headers } = await newSite();
    for (let key = 0; key < 4; key++) await server.key(tenantId);
    const query = `${ALL}&actions=key.created`;
    const all = (await get(`/v1/analytics/audit/basic?${query}`, headers)).json();
    expect(all).toHaveLength(5);
    const rows: unknown[] = [];
    let url: string | undefined = `/v1/analytics/audit/basic?${query}&limit=2`;
    while (url) {
      const page: Awaited<ReturnType<typeof get>> = await get(url, headers);
      rows.push(...page.json());
      url = /<([^>]+)>/.exec(String(page.headers.link ?? ''))?.[1];
    }
    expect(rows).toEqual(all);
  });

  test('sends entries again without the name once a subject is forgotten', async () => {
    const { tenantId, headers, user } = await newSite();
    await get(`/v1/analytics/presence/basic?${ALL}&userIds=${user.userId}`, headers);
    await server.app.audit.flush();
    const first = await get(`/v1/analytics/audit/basic?${ALL}`, headers);
    expect(first.payload).toContain(user.userName);
    await server.db.owner.inTenant(tenantId, (tx) =>
      forgetAuditSubjects(tx, tenantId, 'user', [user.userId]),
    );
    const cursor = String(first.headers['rollcall-cursor']);
    const changed = await get(
      `/v1/analytics/audit/basic?changedSince=${cursor}&actions=export.read`,
      headers,
    );
    const [row] = changed
      .json()
      .filter(({ metadata }: { metadata: { dataset: string } }) => metadata.dataset === 'presence');
    expect(row.targets).toEqual([{ id: expect.any(String), kind: 'user', reference: null, name: null }]);
    expect(changed.payload).not.toContain(user.userName);
    expect(changed.payload).not.toContain(user.userId);
  });

  test('finds what has changed without reading all entries', async () => {
    const { tenantId } = await newSite();
    await server.app.audit.flush();
    const many = Array.from({ length: 3_000 }, () => ({
      ...{
        entryId: randomUUID(),
        occurredAt: new Date(server.clock.nowMs),
        action: 'session.ended',
        version: 1,
      },
      subjects: [],
      context: { address: null, userAgent: null, correlationId: null },
      metadata: { sessions: 'own' },
    }));
    const xid = await server.db.restricted.inTenant(tenantId, async (tx) => {
      await addAuditEntries(tx, many);
      const { rows } = await tx.query('SELECT pg_current_xact_id()::text AS xid');
      return rows[0].xid as string;
    });
    await server.db.owner.inSystem((tx) => tx.query('ANALYZE audit_entries'));
    // Until transactions of other databases from before have ended, these entries may be new, too.
    let snapshot = '';
    await until(async () => {
      const { rows } = await server.db.restricted.inTenant(tenantId, (tx) =>
        tx.query(
          `SELECT s::text AS snapshot, pg_snapshot_xmin(s) > $1::xid8 AS "isLater" FROM pg_current_snapshot() AS s`,
          [xid],
        ),
      );
      snapshot = rows[0].snapshot;
      return rows[0].isLater === true;
    });
    await server.key(tenantId);
    const at = new Date(server.clock.nowMs);
    await server.db.restricted.inTenant(tenantId, async (tx) => {
      const query = { tenantId, window: ALL_DAYS, now: at, changes: { snapshot, at } };
      const actions: unknown[] = [];
      for await (const rows of readAuditEntries(tx, query)) actions.push(...rows.map(({ action }) => action));
      expect(actions).toEqual(['key.created']);
      const { rows } = await tx.query(
        `SELECT sum(seq_tup_read + idx_tup_fetch)::integer AS read FROM pg_stat_xact_all_tables
         WHERE relname LIKE 'audit_entries%'`,
      );
      expect(rows[0].read).toBeLessThan(100);
    });
  });

  test('does not name an account that was erased while its entry waited', async () => {
    const { tenantId, boss, email } = await newSite();
    const [begun] = await ofAction(tenantId, 'session.begun');
    const { items } = (await get('/v1/manage/accounts', boss)).json();
    const accounts = [
      { reference: items[0].accountId, name: email },
      { reference: randomUUID(), name: 'gone@example.com' },
    ];
    const waiting = accounts.map(({ reference, name }) => ({
      ...{
        entryId: randomUUID(),
        occurredAt: new Date(server.clock.nowMs),
        action: 'session.begun',
        version: 1,
      },
      subjects: [{ subjectId: randomUUID(), kind: 'account' as const, reference, name, isActor: true }],
      context: { address: null, userAgent: null, correlationId: null },
      metadata: begun?.metadata ?? {},
    }));
    await server.db.restricted.inTenant(tenantId, async (tx) => {
      for (const { text, values } of auditEntriesInsert(waiting)) await tx.query(text, [...values]);
    });
    const actors = (await ofAction(tenantId, 'session.begun')).map(({ actor }) => actor);
    expect(actors.toSorted()).toEqual([email, email, null]);
  });
});
