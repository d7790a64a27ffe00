import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CATEGORIES, membersOf } from '../src/store/privacy/person-rows.ts';
import { countTransactions } from './support/database.ts';
import { addUser } from './support/directory.ts';
import { type ManageClient, manageClient } from './support/manage.ts';
import {
  csvRowsOf,
  FOREIGN,
  OTHER,
  OWN,
  type Planted,
  plantPerson,
  wordsInDatabase,
} from './support/person-data.ts';
import { expectProblem } from './support/problems.ts';
import { basic, startTestServer, type TestServer } from './support/server.ts';
import { addAccount, browserWithRole } from './support/sessions.ts';
import { listen, openPaused, readAll, requestsArrive } from './support/sockets.ts';
import { until } from './support/waiting.ts';
import { type Files, filesOf } from './support/zip-files.ts';

type Row = Record<string, unknown>;

let server: TestServer;
let planted: Planted;
let manage: ManageClient;
let listening: Promise<string>;
beforeAll(async () => {
  server = await startTestServer({}, { database: { exportPoolSize: 2 } });
  planted = await plantPerson(server);
  manage = await manageClient(server, planted.tenantId);
  await submitRefused();
  // The audit trail has an entry about the person then.
  await exportOf(planted.userId);
  await server.app.audit.flush();
  listening = listen(server);
});
afterAll(() => server.close());

/** Refused events and malformed requests that name the person, the other one, or both. */
async function submitRefused(): Promise<void> {
  const { userId, otherId, office } = planted;
  const post = (url: string, payload: object) =>
    server.app.inject({ method: 'POST', url, headers: { authorization: manage.authorization }, payload });
  const event = { timestamp: '2026-03-10T09:00:00Z', locationId: office.placeId, locationType: 'place' };
  const nowhere = { ...event, locationId: randomUUID() };
  await post('/v1/presence', {
    sourceId: `source-${OWN}`,
    presenceEvents: [
      { ...nowhere, eventId: `by-id-${OWN}`, userId: userId.toUpperCase(), sourceUserId: `unknown-${OWN}` },
      { ...nowhere, eventId: `by-name-${OWN}`, userEmail: `${OWN}.LOGIN` },
      { ...nowhere, eventId: `by-address-${OWN}`, userEmail: `home.${OWN}@example.com` },
      { ...nowhere, eventId: `by-card-${OWN}`, sourceUserId: `${OWN}-scan` },
      { ...nowhere, eventId: `by-external-id-${OWN}`, sourceUserId: `ext-${OWN}` },
      { ...event, eventId: `of-two-${OWN}`, userId, userEmail: OTHER.email, sourceUserId: OTHER.card },
    ],
  });
  await post('/v1/presence', {
    sourceId: 'another source',
    presenceEvents: [{ ...nowhere, eventId: `e-${FOREIGN}`, userId: otherId }],
  });
  await post('/v1/visitor-arrival', {
    sourceId: `source-${OWN}`,
    visitorArrivals: [
      {
        ...{ ...nowhere, eventId: `host-${OWN}`, hostUserId: userId, visitorName: `Guest ${FOREIGN}` },
        ...{ visitorEmail: `guest.${FOREIGN}@example.com`, visitorCompany: `Company ${FOREIGN}` },
      },
    ],
  });
  await post('/v1/access-credentials', {
    data: [
      {
        ...{ username: planted.email, updateId: `held-${OWN}` },
        credentials: [
          {
            ...{ active: true, cardNumber: OTHER.card, facilityCode: `${FOREIGN}-site` },
            ...{ scanData: [], credentialType: 'badge' },
          },
        ],
      },
    ],
  });
  await post('/v1/presence', {
    sourceId: `source-${OWN}`,
    presenceEvents: [
      { eventId: `malformed-${OWN}`, userEmail: planted.email },
      { eventId: `malformed-${FOREIGN}`, userEmail: OTHER.email },
    ],
  });
}

async function exportOf(userId: string, client = manage): Promise<Files> {
  const reply = await client.send('GET', `users/${userId}/export`);
  expect(reply.statusCode).toBe(200);
  return filesOf(reply.rawPayload);
}

/** The reads of a dataset in `recipients.json`, once the audit trail has all of them. */
async function readsOf(dataset: string): Promise<Row[]> {
  await server.app.audit.flush();
  const { reads } = JSON.parse((await exportOf(planted.userId))['recipients.json'] ?? '');
  return ((reads ?? []) as Row[]).filter((read) => read.dataset === dataset);
}

const rowsOf = (files: Files, name: string) => JSON.parse(files[`${name}.json`] ?? '') as Row[];

describe('the export of a person', () => {
  test('has each value about the person that the database holds, except secrets', async () => {
    const content = Object.values(await exportOf(planted.userId))
      .join('\n')
      .toLowerCase();
    const held = await wordsInDatabase(server, OWN);
    expect(held.size).toBeGreaterThan(40);
    const missing = [...held].filter(([word]) => !content.includes(word));
    expect(missing).toEqual([[`secret-hash-${OWN}`, ['accounts']]]);
  });

  test('has no value about another person', async () => {
    expect((await wordsInDatabase(server, FOREIGN)).size).toBeGreaterThan(10);
    const content = Object.values(await exportOf(planted.userId)).join('\n');
    expect(content.match(new RegExp(`.*(${FOREIGN}|${planted.otherId}).*`, 'gi'))).toBeNull();
  });

  test('has rows in each category, the same as JSON and CSV, and the manifest counts them', async () => {
    const files = await exportOf(planted.userId);
    const manifest = JSON.parse(files['manifest.json'] ?? '');
    expect(manifest).toMatchObject({
      format: 1,
      createdAt: '2026-03-10T12:00:00.000Z',
      organisationId: planted.tenantId,
      person: { userId: planted.userId, userName: `${OWN}.Login`, email: planted.email },
    });
    const counted = Object.fromEntries(manifest.categories.map(({ name, rows }: Row) => [name, rows]));
    const counts: Record<string, number> = {};
    for (const category of CATEGORIES) {
      const rows = rowsOf(files, category.name);
      counts[category.name] = rows.length;
      const cell = (value: unknown) =>
        value === null ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value);
      expect(await csvRowsOf(files[`${category.name}.csv`] ?? '')).toEqual(
        rows.map((row) =>
          Object.fromEntries(membersOf(category).map((member) => [member, cell(row[member] ?? null)])),
        ),
      );
    }
    expect(counts).toEqual(counted);
    expect(Object.entries(counts).filter(([, count]) => count === 0)).toEqual([]);
    expect(Object.keys(files).at(-1)).toBe('manifest.json');
  });

  test('has refused events that name the person, without the people who are named beside', async () => {
    const rows = rowsOf(await exportOf(planted.userId), 'refused-events');
    const events = rows.map(({ event }) => event as Row);
    expect(events.map(({ eventId, updateId }) => eventId ?? updateId).toSorted()).toEqual(
      [
        ...[`by-id-${OWN}`, `by-name-${OWN}`, `by-address-${OWN}`, `by-card-${OWN}`, `by-external-id-${OWN}`],
        ...[`of-two-${OWN}`, `host-${OWN}`, `held-${OWN}`, undefined],
      ].toSorted(),
    );
    const eventOf = (wanted: string) => rows.find(({ cause }) => cause === wanted)?.event;
    expect(eventOf('differentUsers')).toEqual({
      ...{ eventId: `of-two-${OWN}`, timestamp: '2026-03-10T09:00:00Z', userId: planted.userId },
      ...{ locationId: planted.office.placeId, locationType: 'place' },
    });
    expect(eventOf('cardHeld')).toEqual({
      ...{ username: planted.email, updateId: `held-${OWN}`, credentials: [] },
    });
    expect(eventOf('malformedRequest')).toEqual({
      presenceEvents: [{ eventId: `malformed-${OWN}`, userEmail: planted.email }],
    });
  });

  test('says which programs may have received the data, and what is not recorded', async () => {
    const { programs, people, requests, notRecorded } = JSON.parse(
      (await exportOf(planted.userId))['recipients.json'] ?? '',
    );
    expect(programs).toEqual([
      expect.objectContaining({ kind: 'key', id: manage.apiKey, role: 'all', endsAt: null }),
    ]);
    expect(people).toEqual({
      administrator: expect.any(Number),
      integrations: expect.any(Number),
      planner: expect.any(Number),
    });
    expect(requests).toEqual(expect.any(Array));
    expect(notRecorded.join(' ')).toContain('does not record whose rows');
  });

  test('says who read which dataset, how often, first and last, also long ago', async () => {
    const reader = await server.key(planted.tenantId, { role: 'data-warehouse' });
    const headers = await browserWithRole(server, planted.tenantId, 'planner');
    const read = async (url: string, authorization: Record<string, string>) =>
      expect((await server.app.inject({ url, headers: authorization })).statusCode).toBe(200);
    const users = '/v1/analytics/users/basic';
    const begin = server.clock.nowMs;
    await read('/v1/analytics/users', headers);
    await read(users, { authorization: basic(reader) });
    const later = begin + 40 * 86_400_000;
    server.clock.nowMs = later;
    await read(users, { authorization: basic(reader) });
    server.clock.nowMs = begin;
    const readsOfKey = async () => (await readsOf('users')).find(({ callerKind }) => callerKind === 'key');
    // The entries say whether the client has all of it, so they come after the answers.
    await until(async () => (await readsOfKey())?.reads === 2);
    expect(await readsOf('users')).toEqual([
      expect.objectContaining({ dataset: 'users', callerKind: 'account', caller: null, reads: 1 }),
      {
        ...{ dataset: 'users', callerKind: 'key', caller: reader.apiKey, reads: 2 },
        firstReadAt: new Date(begin).toISOString(),
        lastReadAt: new Date(later).toISOString(),
      },
    ]);
  });

  test('of a person about whom little is held has all files, and says so', async () => {
    const { userId } = await addUser(server.db.owner, planted.tenantId, { userName: 'new' });
    const files = await exportOf(userId);
    expect(rowsOf(files, 'user')).toMatchObject([{ userId, userName: 'new' }]);
    expect(files['presence.json']).toBe('[]\n');
    expect(files['presence.csv']).toMatch(/^timestamp,day,.*\r\n$/);
  });

  test('has no sessions, passkeys and identities of an account that belongs to another organisation, too', async () => {
    const email = 'shared@example.com';
    const { userId } = await addUser(server.db.owner, planted.tenantId, { userName: email, email });
    await browserWithRole(server, planted.tenantId, 'viewer', email);
    expect(rowsOf(await exportOf(userId), 'sessions')).toHaveLength(1);
    await addAccount(server, await server.organisation(), email, 'viewer');
    const files = await exportOf(userId);
    expect(rowsOf(files, 'account')).toMatchObject([{ email }]);
    expect(rowsOf(files, 'sessions')).toEqual([]);
  });

  test('decides that in the snapshot of its rows, after it has waited for a slot', async () => {
    const email = 'shared-meanwhile@example.com';
    const { userId } = await addUser(server.db.owner, planted.tenantId, { userName: email, email });
    await browserWithRole(server, planted.tenantId, 'viewer', email);
    const before = await (await exportOverHttp())();
    const arrived = requestsArrive(server, 1);
    const waiting = fetch(`${await listening}/v1/manage/users/${userId}/export`, {
      headers: { authorization: manage.authorization },
    });
    await arrived;
    await addAccount(server, await server.organisation(), email, 'viewer');
    before.destroy();
    const files = filesOf(Buffer.from(await (await waiting).arrayBuffer()));
    expect(rowsOf(files, 'account')).toMatchObject([{ email }]);
    expect(rowsOf(files, 'sessions')).toEqual([]);
  });
});

describe('the export of a person whose address another user has', () => {
  const address = 'handed-on@example.com';
  const accountsIn = async (userId: string) => rowsOf(await exportOf(userId), 'account');
  const namesOfOthers = async (userId: string) =>
    JSON.parse((await exportOf(userId))['manifest.json'] ?? '').namesOfOthers;

  test('has nothing by that address if the other user is active, and says so', async () => {
    const { owner } = server.db;
    const former = await addUser(owner, planted.tenantId, { userName: 'former', email: address });
    await manage.send('PATCH', `users/${former.userId}`, { status: 'inactive' });
    const successor = await addUser(owner, planted.tenantId, { userName: 'successor', email: address });
    await addAccount(server, planted.tenantId, address, 'viewer');
    expect([await accountsIn(former.userId), await namesOfOthers(former.userId)]).toEqual([[], [address]]);
    expect(await accountsIn(successor.userId)).toMatchObject([{ email: address }]);
    expect(await namesOfOthers(successor.userId)).toEqual([]);
  });
});

/** A function that opens an export over HTTP, of far more than what the connection holds for a client that does not read. */
async function exportOverHttp(): Promise<() => Promise<IncomingMessage>> {
  const baseUrl = await listening;
  const { tenantId } = planted;
  const { userId } = await addUser(server.db.owner, tenantId, { userName: randomUUID() });
  await server.db.owner.inTenant(tenantId, (tx) =>
    tx.query(
      `INSERT INTO action_log (tenant_id, logged_at, entry_id, action_id, user_id, day, category, action, description,
                               changed_by, reason)
       SELECT $1, now(), gen_random_uuid(), gen_random_uuid(), $2, '2026-03-12', 'plan', 'changed', 'x', 'admin',
              (SELECT string_agg(md5(n::text || i::text), '') FROM generate_series(1, 30) AS i)
       FROM generate_series(1, 8000) AS n`,
      [tenantId, userId],
    ),
  );
  const headers = { authorization: manage.authorization };
  return () => openPaused(`${baseUrl}/v1/manage/users/${userId}/export`, { headers });
}

describe('the route', () => {
  test('answers administrators only, and keys with all permissions', async () => {
    const url = `/v1/manage/users/${planted.userId}/export`;
    for (const role of ['integrations', 'planner', 'viewer'] as const) {
      const headers = await browserWithRole(server, planted.tenantId, role);
      expectProblem(await server.app.inject({ url, headers }), 403);
    }
    const headers = await browserWithRole(server, planted.tenantId, 'administrator');
    const reply = await server.app.inject({ url, headers });
    expect(reply.statusCode).toBe(200);
    expect(reply.headers).toMatchObject({
      'content-type': 'application/zip',
      'cache-control': 'no-store',
      'content-disposition': `attachment; filename="person-${planted.userId}.zip"`,
    });
  });

  test('opens by a link that names the organisation, from pages of the own origin only', async () => {
    const email = 'of-two@example.com';
    const headers = await browserWithRole(server, planted.tenantId, 'administrator', email);
    await addAccount(server, await server.organisation(), email, 'administrator');
    const organisations = await server.db.owner.inSystem((tx) =>
      tx.query<{ slug: string }>('SELECT slug FROM organisations WHERE tenant_id = $1', [planted.tenantId]),
    );
    const open = (query: string, site: string) =>
      server.app.inject({
        url: `/v1/manage/users/${planted.userId}/export${query}`,
        headers: { cookie: headers.cookie, 'sec-fetch-site': site },
      });
    const query = `?organisation=${organisations.rows[0]?.slug}`;
    expect((await open(query, 'same-origin')).statusCode).toBe(200);
    for (const site of ['cross-site', 'same-site']) expectProblem(await open(query, site), 403);
    // Without an organisation, a person of several is refused. No other route takes it from the query.
    expectProblem(await open('', 'same-origin'), 403);
    const list = await server.app.inject({
      url: `/v1/manage/users${query}`,
      headers: { cookie: headers.cookie },
    });
    expectProblem(list, 403);
  });

  test('knows nobody of another organisation', async () => {
    const other = await manageClient(server);
    for (const id of ['x', randomUUID(), planted.userId])
      expectProblem(await other.send('GET', `users/${id}/export`), 404);
  });

  test('holds a slot for exports until the client has the file or hangs up', async () => {
    const running = () => countTransactions(server.db);
    const open = await exportOverHttp();
    const first = await open();
    await expect.poll(running).toBe(1);
    const waiting = open();
    first.destroy();
    const second = await waiting;
    const { complete } = await readAll(second);
    expect(complete).toBe(true);
    await expect.poll(running).toBe(0);
  });
});
