import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type ManageClient, makeLondon, manageClient } from './support/manage.ts';
import { expectProblem } from './support/problems.ts';
import { startTestServer, type TestServer } from './support/server.ts';

let server: TestServer;
let client: ManageClient;
let london: string;
beforeAll(async () => {
  server = await startTestServer();
});
beforeEach(async () => {
  client = await manageClient(server);
  london = (await makeLondon(client)).locationId;
});
afterAll(() => server.close());

const DEFAULTS = {
  horizonDays: 14,
  presenceReporting: 'detect',
  deskPresence: 'record',
  releaseAssignedDesks: true,
  horizonReached: null,
};
const CHOSEN = {
  horizonDays: 30,
  presenceReporting: 'never',
  deskPresence: 'book',
  releaseAssignedDesks: false,
};

describe('the settings of an office', () => {
  test('are read with their defaults, and each member can change alone', async () => {
    const office = { locationId: london, locationName: 'London' };
    const path = `locations/${london.toUpperCase()}/settings`;
    expect(await client.get(path)).toEqual({ ...office, ...DEFAULTS });
    expect(await client.patch(path, { horizonDays: 0 })).toEqual({ ...office, ...DEFAULTS, horizonDays: 0 });
    expect(await client.patch(path, { ...CHOSEN, horizonDays: null })).toEqual({
      ...office,
      ...CHOSEN,
      horizonDays: 0,
      horizonReached: null,
    });
    expect(await client.patch(path, {})).toMatchObject({ ...CHOSEN, horizonDays: 0 });
  });

  test('are changed in bulk, each item on its own and in order', async () => {
    const other = (await makeLondon(await manageClient(server))).locationId;
    const desk = (await client.list('desks'))[0]?.deskId;
    expect(
      await client.outcomes('office-settings', [
        { locationId: london, ...CHOSEN },
        { locationId: london.toUpperCase(), horizonDays: 366 },
        { locationId: london, horizonDays: 367, deskPresence: 'record' },
        { locationId: london, horizonDays: 1.5 },
        { locationId: london, presenceReporting: 'sometimes' },
        { locationId: london, deskPresence: 'BOOK' },
        { locationId: other, horizonDays: 1 },
        { locationId: desk, horizonDays: 1 },
        { locationId: 'x' },
        { locationId: london, horizonDays: null },
      ]),
    ).toEqual([
      'updated',
      'updated',
      'horizonDays "367" is not a whole number from 0 to 366',
      'horizonDays "1.5" is not a whole number from 0 to 366',
      'presenceReporting "sometimes" is not one of detect, always, never',
      'deskPresence "BOOK" is not one of record, book',
      `locationId "${other}" is not known`,
      `locationId "${desk}" is not known`,
      'locationId "x" is not a GUID',
      'unchanged',
    ]);
    expect(await client.get(`locations/${london}/settings`)).toMatchObject({ ...CHOSEN, horizonDays: 366 });
  });

  test('do not change the horizon that the engine has reached', async () => {
    await server.db.owner.inTenant(client.tenantId, (tx) =>
      tx.query(
        `INSERT INTO office_settings (tenant_id, location_id, horizon_reached) VALUES ($1, $2, '2026-03-24')`,
        [client.tenantId, london],
      ),
    );
    const change = { ...CHOSEN, horizonReached: '2030-01-01' };
    expect(await client.patch(`locations/${london}/settings`, change)).toMatchObject({
      ...CHOSEN,
      horizonReached: '2026-03-24',
    });
    await expect(
      server.db.restricted.inTenant(client.tenantId, (tx) =>
        tx.query('UPDATE office_settings SET location_id = location_id'),
      ),
    ).rejects.toThrow(/permission denied/);
  });

  test('of two people who change them, the second gets a 412', async () => {
    const path = `locations/${london}/settings`;
    const authorization = `Bearer ${await server.token(await server.key(client.tenantId))}`;
    const url = `/v1/manage/${path}`;
    const { headers } = await server.app.inject({ url, headers: { authorization } });
    const change = (horizonDays: number) =>
      server.app.inject({
        method: 'PATCH',
        url,
        headers: { authorization, 'if-match': String(headers.etag) },
        payload: { horizonDays },
      });
    const replies = await Promise.all([change(20), change(21)]);
    expect(replies.map(({ statusCode }) => statusCode).toSorted()).toEqual([200, 412]);
    expect((await client.patch(path, { horizonDays: 22 })).horizonDays).toBe(22);
  });

  test('of an unknown office are a 404; a wrong value is a 400 that names it', async () => {
    const other = (await makeLondon(await manageClient(server))).locationId;
    for (const id of [randomUUID(), other, 'x']) {
      expectProblem(await client.send('GET', `locations/${id}/settings`), 404);
      expectProblem(await client.send('PATCH', `locations/${id}/settings`, {}), 404);
    }
    for (const change of [{ horizonDays: -1 }, { deskPresence: '' }, { presenceReporting: 5 }]) {
      const reply = await client.send('PATCH', `locations/${london}/settings`, change);
      expect(expectProblem(reply, 400)).toContain(Object.keys(change)[0]);
    }
  });
});

describe('the organisation', () => {
  test('can be read, renamed, moved to another time zone, and can choose the attributes of derived groups', async () => {
    const before = await client.get('organisation');
    expect(before).toEqual({
      slug: expect.stringMatching(/^org-/),
      name: before.slug,
      timeZone: 'Europe/London',
      groupAttributes: [],
      primaryGroupAttribute: null,
    });
    expect(await client.patch('organisation', { name: ' Acme ', timeZone: 'Australia/Lord_Howe' })).toEqual({
      ...before,
      name: 'Acme',
      timeZone: 'Australia/Lord_Howe',
    });
    const groups = { groupAttributes: ['team', 'site'], primaryGroupAttribute: 'team' };
    expect(await client.patch('organisation', groups)).toMatchObject({ name: 'Acme', ...groups });
    expect(await client.patch('organisation', { primaryGroupAttribute: null })).toMatchObject({
      groupAttributes: ['team', 'site'],
      primaryGroupAttribute: null,
    });
    expect(await client.patch('organisation', { slug: 'other' })).toMatchObject({ slug: before.slug });
  });

  test('is changed for one version only, if the caller names it', async () => {
    const etagOf = async () => (await client.send('GET', 'organisation')).headers.etag as string;
    const patch = (change: object, ifMatch: string) =>
      client.send('PATCH', 'organisation', change, { 'if-match': ifMatch });
    const first = await etagOf();
    const renamed = await patch({ name: 'First' }, first);
    expect([renamed.statusCode, renamed.headers.etag]).toEqual([200, await etagOf()]);
    const late = await patch({ timeZone: 'Asia/Tokyo' }, first);
    expect(expectProblem(late, 412)).toContain('Somebody has changed it meanwhile');
    expect(await client.get('organisation')).toMatchObject({ name: 'First', timeZone: 'Europe/London' });
    // Of two changes of one version at the same time, one is stored.
    const version = await etagOf();
    const replies = await Promise.all(
      ['Asia/Tokyo', 'Europe/Paris'].map((timeZone) => patch({ timeZone }, version)),
    );
    expect(replies.map(({ statusCode }) => statusCode).sort()).toEqual([200, 412]);
  });

  test('cannot be changed by another organisation', async () => {
    const other = await manageClient(server);
    const before = await other.get('organisation');
    await client.patch('organisation', { name: 'Mine', timeZone: 'Asia/Tokyo', groupAttributes: ['x'] });
    expect(await other.get('organisation')).toEqual(before);
    // Without an organisation, the function of the database changes no row either.
    await server.db.restricted.inSystem((tx) => tx.query("SELECT update_organisation('All', 'UTC')"));
    expect(await other.get('organisation')).toEqual(before);
    expect(await client.get('organisation')).toMatchObject({ name: 'Mine' });
  });

  test('refuses an invalid value with a 400 that names it, and changes nothing', async () => {
    const before = await client.get('organisation');
    for (const change of [
      { timeZone: 'Mars/Olympus' },
      { timeZone: 'UTC+3' },
      { timeZone: null },
      { name: '' },
      { name: 'a\0b' },
      { name: 'x'.repeat(1_025) },
      { groupAttributes: [''], name: 'new' },
      { groupAttributes: 5 },
      { groupAttributes: ['team', 5] },
      { primaryGroupAttribute: '\ud800', name: 'new' },
    ]) {
      const reply = await client.send('PATCH', 'organisation', change);
      expect(expectProblem(reply, 400)).toContain(Object.keys(change)[0]);
    }
    expect(await client.get('organisation')).toEqual(before);
  });
});
