import { randomUUID } from 'node:crypto';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { applyErasureRecord, readErasureRecord, writeErasureRecord } from '../src/privacy/erasure-record.ts';
import { erasureDigest } from '../src/store/privacy/erasures.ts';
import { CATEGORIES } from '../src/store/privacy/person-rows.ts';
import { plantTraces, runErasures } from './support/erasing.ts';
import { type Json, type ManageClient, manageClient } from './support/manage.ts';
import { FOREIGN, OWN, type Planted, plantPerson, wordsInDatabase } from './support/person-data.ts';
import { expectProblem } from './support/problems.ts';
import { GROUP, scimClient, USER } from './support/scim.ts';
import { startTestServer, type TestServer } from './support/server.ts';
import { browserWithRole } from './support/sessions.ts';
import { storeDays } from './support/workday.ts';

let server: TestServer;
let planted: Planted;
let manage: ManageClient;
beforeAll(async () => {
  server = await startTestServer();
  planted = await plantPerson(server);
  manage = await manageClient(server, planted.tenantId);
});
afterAll(() => server.close());

const read = async (path: string) => {
  const url = `/v1/analytics/${path}`;
  const reply = await server.app.inject({ url, headers: { authorization: manage.authorization } });
  expect(reply.statusCode, reply.body).toBe(200);
  return reply.json() as Json[];
};
const erasureOf = (userId: string) => manage.get(`users/${userId}/erasure`);
const erase = (userId: string) => manage.send('POST', `users/${userId}/erasure`);
/** Texts that senders chose as ids of their events and of themselves, the name of a group, and the codes of plans. */
const OF_OTHERS = /^(zxq-event|zxq-door|hosted-zxq|visit-zxq|desk-zxq|group-zxq|before-zxq|after-zxq)$/;

test('nobody is erased who is the last administrator, because nobody could sign in any more', async () => {
  const detail = expectProblem(await erase(planted.userId), 409);
  expect(detail).toContain('last administrator');
  expect(await erasureOf(planted.userId)).toMatchObject({ erasure: null });
  await browserWithRole(server, planted.tenantId, 'administrator', `second.${FOREIGN}@example.com`);
});

test('an unknown user is a 404', async () => {
  expectProblem(await erase(randomUUID()), 404);
  expectProblem(await manage.send('GET', `users/${randomUUID()}/erasure`), 404);
  expectProblem(await erase('x'), 404);
});

describe('the erasure of a person', () => {
  let before: { held: Json; foreign: Map<string, string[]>; attendance: Json[]; visitors: Json[] };
  const DATES = 'startDate=2026-03-01&endDate=2026-03-10';

  test('shows first what is held, as the export of the person has it, and changes nothing', async () => {
    await plantTraces(server, planted);
    await storeDays(server.db.owner, planted.tenantId, [
      { userId: planted.userId, day: '2026-03-09', plan: 'o', locationId: planted.office.locationId },
      { userId: planted.userId, day: '2026-03-20', plan: 'r' },
    ]);
    const held = await erasureOf(planted.userId);
    const rows = Object.fromEntries((held.categories as Json[]).map(({ name, rows }) => [name, rows]));
    expect(Object.keys(rows)).toEqual(CATEGORIES.map(({ name }) => name));
    expect(rows).toMatchObject({
      user: 1,
      plans: 3,
      presence: 1,
      'card-readings': 1,
      account: 1,
      sessions: 1,
    });
    before = {
      held,
      foreign: await wordsInDatabase(server, FOREIGN),
      attendance: await read(`user-booking-attendance?${DATES}`),
      visitors: await read(`visitors?${DATES}`),
    };
    // The looks themselves are in the audit trail.
    const kept = ({ categories, ...rest }: Json) => ({
      ...rest,
      categories: (categories as Json[]).filter(({ name }) => !String(name).startsWith('audit')),
    });
    expect(kept(await erasureOf(planted.userId))).toEqual(kept(held));
  });

  test('ends at once what the person could do, and what is ahead', async () => {
    const reply = await erase(planted.userId);
    expect(reply.statusCode, reply.body).toBe(202);
    expect(reply.json()).toMatchObject({ requestedBy: manage.apiKey, finishedAt: null });
    expect((await erase(planted.userId)).json()).toEqual(reply.json());
    expect(await manage.get(`users/${planted.userId}`)).toMatchObject({
      status: 'inactive',
      assignedDeskIds: [],
    });
    const ahead = await manage.get(`users/${planted.userId}/days?startDate=2026-03-11&endDate=2026-03-31`);
    expect(JSON.stringify(ahead)).not.toContain('"setBy":"day"');
    expect(await erasureOf(planted.userId)).toMatchObject({ categories: [], erasure: { finishedAt: null } });
  });

  test('keeps out everybody who would make the person active again, or take the name, until it is finished', async () => {
    const { userId } = planted;
    const isBusy = [`user "${userId}" is being erased`];
    expect(await manage.outcomes('users', [{ userId, status: 'active' }])).toEqual(isBusy);
    expect(await manage.outcomes('users', [{ userName: `${OWN}.login`, firstName: 'New' }])).toEqual(isBusy);
    expectProblem(await manage.send('PATCH', `users/${userId}`, { status: 'active' }), 409);
    const newId = randomUUID();
    expect(await manage.outcomes('users', [{ userId: newId, userName: `${OWN}.LOGIN` }])).toEqual([
      expect.stringContaining('already belongs to user'),
    ]);
    const { get, patch, call, list } = await scimClient(server, planted.tenantId);
    expect((await get(`/Users/${userId}`)).statusCode).toBe(404);
    const activate = { op: 'replace', path: 'active', value: true };
    expect((await patch(`/Users/${userId}`, activate)).statusCode).toBe(404);
    expect((await call('DELETE', `/Users/${userId}`)).statusCode).toBe(404);
    expect(JSON.stringify(await list('/Users'))).not.toContain(userId);
    for (const externalId of [undefined, `ext-${OWN}`]) {
      const user = { schemas: [USER], userName: `${OWN}.login`, externalId };
      const reply = await call('POST', '/Users', user);
      expect([reply.statusCode, reply.json().scimType]).toEqual([409, 'uniqueness']);
    }
    expect(await manage.get(`users/${userId}`)).toMatchObject({ status: 'inactive', firstName: `Ada${OWN}` });
  });

  test('continues after an interruption', async () => {
    const stop = new AbortController();
    await runErasures(server, { signal: stop.signal, onProgress: () => stop.abort() });
    expect(await erasureOf(planted.userId)).toMatchObject({ erasure: { finishedAt: null } });
    await runErasures(server);
    const { erasure, categories } = await erasureOf(planted.userId);
    expect(categories).toEqual([]);
    expect(erasure).toMatchObject({
      finishedAt: '2026-03-10T12:00:00.000Z',
      rows: {
        ...{
          user: 1,
          account: 1,
          presence: 1,
          'access-cards': 1,
          'card-readings': 1,
          'email-addresses': 1,
          groups: 1,
        },
        ...{ visitors: 1, visits: 1, 'floor-plans': 1, 'changes-of-others': 6, 'refused-events-sent': 1 },
        'refused-events': 3,
      },
    });
  });

  test('leaves no text about the person in the database, and the id only where cursors need it', async () => {
    const left = [...(await wordsInDatabase(server, OWN)).keys()].filter((word) => !OF_OTHERS.test(word));
    expect(left).toEqual([]);
    const tables = [...(await wordsInDatabase(server, planted.userId)).values()].flat();
    expect([...new Set(tables)].toSorted()).toEqual(['attendance_changes', 'gone_users', 'replaced_users']);
  });

  test('leaves what is about others', async () => {
    const left = await wordsInDatabase(server, FOREIGN);
    const gone = [...before.foreign].filter(
      ([word, tables]) => !left.has(word) && String(tables) !== 'refused_events',
    );
    expect(gone).toEqual([]);
    expect(left.get(`only-${FOREIGN}`)).toEqual(['refused_events']);
    expect(left.get(`team-${FOREIGN}`)).toEqual(['users']);
  });

  test('does not move counts of the past', async () => {
    const unnamed = (rows: Json[]) =>
      rows
        .map(
          ({
            userId: _,
            hostUserId: _host,
            visitorName: _name,
            visitorEmail: _mail,
            visitorCompany: _company,
            ...row
          }) => row,
        )
        .map((row) => JSON.stringify(row))
        .toSorted();
    expect(before.attendance.length).toBeGreaterThan(0);
    expect(before.visitors.length).toBeGreaterThan(1);
    expect(unnamed(await read(`user-booking-attendance?${DATES}`))).toEqual(unnamed(before.attendance));
    expect(unnamed(await read(`visitors?${DATES}`))).toEqual(unnamed(before.visitors));
  });

  test('the same name makes a new person', async () => {
    const [id] = await manage
      .bulk('users', [{ userName: `${OWN}.Login`, email: planted.email }])
      .then((results) => results.map((result) => result.id));
    expect(id).not.toBe(planted.userId);
    expect((await manage.get(`users/${id}`)).status).toBe('active');
    expectProblem(await manage.send('GET', `users/${planted.userId}`), 404);
  });

  test('the id comes back by no list, as an import of an older export would have it', async () => {
    const { userId } = planted;
    expect(await manage.outcomes('users', [{ userId, userName: 'back' }])).toEqual([
      `user "${userId}" was erased`,
    ]);
  });
});

describe('a pseudonym', () => {
  let pseudonym: string;
  beforeAll(async () => {
    const users = await read('users');
    pseudonym = String(users.find(({ userId, userName }) => userId === userName)?.userId);
  });

  test('is in no answer but those of statistics and of the plan of a level', async () => {
    const params: Record<string, string> = {
      ':locationId': planted.office.locationId,
      ':levelId': planted.office.levelId,
      ':day': '2026-03-09',
    };
    const paths = server.app.routeTable.filter(
      ({ method, url }) =>
        [method].flat().includes('GET') &&
        /^\/(v1\/manage|scim)/.test(url) &&
        !/:(userId|apiKey|imageId)/.test(url),
    );
    const { get } = await scimClient(server, planted.tenantId);
    expect(paths.length).toBeGreaterThan(20);
    let answers = 0;
    for (const { url } of paths) {
      const path = url.replace(/:\w+/g, (name) => params[name] ?? randomUUID());
      const query = '?startDate=2026-03-09&endDate=2026-03-09';
      for (const target of [
        path,
        `${path}${query}`,
        `${path}?day=2026-03-09&locationId=${planted.office.locationId}`,
      ]) {
        if (/\/floor$/.test(path)) continue;
        const reply = url.startsWith('/scim')
          ? await get(path.replace('/scim/v2', ''))
          : await server.app.inject({ url: target, headers: { authorization: manage.authorization } });
        expect([target, reply.body.includes(pseudonym)]).toEqual([target, false]);
        if (reply.statusCode === 200) answers++;
      }
    }
    expect(answers).toBeGreaterThan(40);
  });

  test('is no user for any route that names one', async () => {
    const routes = server.app.routeTable.flatMap(({ method, url }) =>
      [method]
        .flat()
        .flatMap((each) => (url.includes(':userId') && each !== 'HEAD' ? [{ method: each, url }] : [])),
    );
    expect(routes.length).toBeGreaterThan(12);
    const query = '?startDate=2026-03-09&endDate=2026-03-09';
    const ranged = /^(GET .*(days|attendance)|DELETE .*leaves)$/;
    const bodies: Record<string, object> = {
      'week-plan': { weekPlan: { monday: { plan: 'r' } } },
      leaves: { startDate: '2026-03-12', endDate: '2026-03-12' },
      ':day': { plan: 'r' },
      effects: { status: 'inactive' },
      ':userId': { firstName: 'Back' },
    };
    let served = 0;
    for (const { method, url } of routes) {
      const statusOf = async (userId: string) => {
        const path = url.replace(':userId', userId).replace(':day', '2026-03-12').replace('/v1/manage/', '');
        const body = Object.entries(bodies).find(([name]) => url.endsWith(name))?.[1];
        const reply = ['GET', 'DELETE'].includes(method)
          ? await manage.send(method as 'GET', ranged.test(`${method} ${url}`) ? `${path}${query}` : path)
          : await manage.send(method as 'PUT', path, body);
        return reply.statusCode;
      };
      expect([method, url, await statusOf(pseudonym)]).toEqual([method, url, await statusOf(randomUUID())]);
      // The same request must do something for a user, or it would show nothing.
      if (!url.endsWith('/erasure') && (await statusOf(planted.otherId)) < 300) served++;
    }
    expect(served).toBeGreaterThan(13);
  });

  test('cannot be written by a list, an event or an identity provider', async () => {
    const { placeId, locationId } = planted.office;
    const post = async (url: string, payload: object) =>
      (
        await server.app.inject({
          method: 'POST',
          url,
          headers: { authorization: manage.authorization },
          payload,
        })
      ).json();
    expect(
      await manage.outcomes('users', [{ userId: pseudonym, userName: 'back', status: 'active' }]),
    ).toEqual([expect.stringContaining('is a pseudonym')]);
    for (const results of [
      await manage.outcomes('desk-assignments', [{ deskId: placeId, userId: pseudonym }]),
      await manage.outcomes('days', [{ userId: pseudonym, day: '2026-03-12', plan: 'r' }]),
    ]) {
      expect(results).toEqual([expect.not.stringMatching(/^(created|updated|unchanged)$/)]);
    }
    const at = { timestamp: '2026-03-10T09:00:00Z', locationId, locationType: 'location' };
    expect(
      (
        await post('/v1/presence', {
          sourceId: 's',
          presenceEvents: [{ ...at, eventId: '1', userId: pseudonym }],
        })
      ).results[0].resultCode,
    ).toBe(1);
    expect(
      (
        await post('/v1/timeoff', {
          sourceId: 's',
          timeOffEvents: [
            {
              eventId: '1',
              uid: pseudonym,
              eventType: 'scheduled',
              startDate: '2026-03-12',
              endDate: '2026-03-12',
            },
          ],
        })
      ).results[0].resultCode,
    ).toBe(1);
    const { patch, call } = await scimClient(server, planted.tenantId);
    expect(
      (await patch(`/Users/${pseudonym}`, { op: 'replace', path: 'active', value: true })).statusCode,
    ).toBe(404);
    const group = await call('POST', '/Groups', {
      schemas: [GROUP],
      displayName: 'G',
      members: [{ value: pseudonym }],
    });
    expect(group.statusCode).toBeGreaterThanOrEqual(400);
  });
});

describe('the record of erasures', () => {
  test('names nobody, and erases again whom an older copy of the database has', async () => {
    const older = await startTestServer();
    const { tenantId, userId } = await plantPerson(older);
    const record = (organisationId: string, erased: string) =>
      `${JSON.stringify({
        organisationId,
        subject: erasureDigest(organisationId, erased).toString('hex'),
        requestedAt: '2026-03-10T12:00:00Z',
        requestedBy: 'key',
      })}\n`;
    const written = await writeErasureRecord(server.db.owner);
    expect(written).toBe(
      record(planted.tenantId, planted.userId)
        .replace('12:00:00Z', '12:00:00.000Z')
        .replace('"requestedBy":"key"', `"requestedBy":"${manage.apiKey}"`),
    );
    await browserWithRole(older, tenantId, 'administrator', `second.${FOREIGN}@example.com`);
    const unknown = randomUUID();
    const lines = readErasureRecord(
      written + record(tenantId, userId) + record(tenantId, unknown) + record(randomUUID(), userId),
    );
    const deps = {
      ...{ database: older.db.owner, clock: older.clock.read, log: pino({ level: 'silent' }) },
      signal: new AbortController().signal,
    };
    expect(await applyErasureRecord(deps, lines)).toEqual({ erased: 1, pending: 0 });
    const left = [...(await wordsInDatabase(older, OWN)).keys()].filter((word) => !OF_OTHERS.test(word));
    expect(left).toEqual([]);
    expect((await writeErasureRecord(older.db.owner)).split('\n')).toHaveLength(3);
    expect(await applyErasureRecord(deps, lines)).toEqual({ erased: 0, pending: 0 });
    await older.close();
  });

  test.each(['x', '{}', '{"organisationId":"x"}', 'null'])('refuses the line %s', (line) => {
    expect(() => readErasureRecord(`\n${line}\n`)).toThrow(/^Line 2 is no/);
  });
});
