import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { addNode } from './support/directory.ts';
import { addSite, goodEvent, presenceRows, results, type Site } from './support/presence.ts';
import { startTestServer, type TestServer } from './support/server.ts';

let server: TestServer;
let site: Site;
beforeAll(async () => {
  server = await startTestServer();
});
beforeEach(async () => {
  site = await addSite(server);
});
afterAll(() => server.close());

const get = (path: string) => server.app.inject({ url: `/v1/analytics/${path}`, headers: site.headers });
const rowsOf = async (dataset: string): Promise<Record<string, unknown>[]> =>
  (await get(`${dataset}/basic`)).json();
const DATES = 'startDate=2026-03-01&endDate=2026-03-31';
const owned = (sql: string, values: unknown[]) =>
  server.db.owner.inTenant(site.tenantId, (tx) => tx.query(sql, [site.tenantId, ...values]));

/** One row, with its members in order. */
function expectRow(row: Record<string, unknown> | undefined, members: Record<string, unknown>) {
  expect(Object.entries(row ?? {})).toEqual(Object.entries(members));
}

describe('a dataset', () => {
  test.each(['users', 'locations', 'desks', 'spaces', `presence?${DATES}`])(
    '%s is a bare array, on both paths, and an empty one without rows',
    async (dataset) => {
      site = { ...site, ...(await emptySite()) };
      const token = await server.token(site.key);
      const [path, query = ''] = dataset.split('?');
      const byBasic = await get(`${path}/basic/?${query}`);
      const byBearer = await server.app.inject({
        url: `/v1/analytics/${path}?${query}`,
        headers: { authorization: `Bearer ${token}` },
      });
      for (const reply of [byBasic, byBearer]) {
        expect(reply.statusCode).toBe(200);
        expect(reply.headers).toMatchObject({
          'content-type': 'application/json; charset=utf-8',
          'cache-control': 'private, no-cache',
        });
        expect(reply.body).toBe('[]');
      }
    },
  );

  test('answers a HEAD with the headers, and checks its parameters', async () => {
    const head = (path: string) =>
      server.app.inject({ method: 'HEAD', url: `/v1/analytics/${path}`, headers: site.headers });
    const reply = await head(`presence/basic?${DATES}`);
    expect(reply.statusCode).toBe(200);
    expect(reply.headers).toMatchObject({ 'content-type': 'application/json; charset=utf-8' });
    expect(reply.body).toBe('');
    expect((await head('presence/basic?startDate=2026-03-01&endDate=2026-02-01')).statusCode).toBe(400);
  });

  async function emptySite() {
    const tenantId = await server.organisation();
    const key = await server.key(tenantId);
    const authorization = `Basic ${Buffer.from(`${key.apiKey}:${key.secret}`).toString('base64')}`;
    return { tenantId, key, headers: { authorization } };
  }

  test('users: every member, null if unknown, by id', async () => {
    const nobody = '00000000-0000-4000-8000-000000000000';
    await owned(
      `INSERT INTO users (tenant_id, user_id, user_name, user_name_folded, status) VALUES ($1, $2, 'left', 'left', 'inactive')`,
      [nobody],
    );
    await owned(
      `UPDATE users SET first_name = 'Ada', last_name = 'L\u00f8', onboarded = true, primary_location_id = $3
       WHERE tenant_id = $1 AND user_id = $2`,
      [site.user.userId, site.office.locationId],
    );
    const [left, ada, ...more] = await rowsOf('users');
    expect(more).toEqual([]);
    expectRow(left, {
      email: null,
      firstName: null,
      lastName: null,
      onboarded: false,
      primaryGroupId: null,
      primaryLocationId: null,
      status: 'inactive',
      userId: nobody,
      userName: 'left',
    });
    expectRow(ada, {
      email: site.user.email,
      firstName: 'Ada',
      lastName: 'L\u00f8',
      onboarded: true,
      primaryGroupId: null,
      primaryLocationId: site.office.locationId,
      status: 'active',
      userId: site.user.userId,
      userName: site.user.userName,
    });
  });

  test('locations: offices only', async () => {
    const nodeId = 'ffffffff-0000-4000-8000-000000000000';
    await addNode(server.db.owner, site.tenantId, {
      kind: 'location',
      name: 'HQ',
      status: 'inactive',
      nodeId,
    });
    await owned(`UPDATE nodes SET address = '1 Main St' WHERE tenant_id = $1 AND node_id = $2`, [nodeId]);
    const rows = await rowsOf('locations');
    expect(rows).toHaveLength(2);
    expectRow(rows[0], {
      locationId: site.office.locationId,
      locationName: `location ${site.office.locationId.slice(0, 4)}`,
      address: null,
      status: 'active',
      timeZone: 'UTC',
    });
    expectRow(rows[1], {
      locationId: nodeId,
      locationName: 'HQ',
      address: '1 Main St',
      status: 'inactive',
      timeZone: 'Europe/London',
    });
  });

  test('desks and spaces: with all their ancestors', async () => {
    const { locationId, levelId, zoneId, placeId, spaceId } = site.office;
    const name = (kind: string, id: string) => `${kind} ${id.slice(0, 4)}`;
    const above = {
      levelId,
      levelName: name('level', levelId),
      locationId,
      locationName: name('location', locationId),
    };
    const desks = await rowsOf('desks');
    expect(desks).toHaveLength(1);
    expectRow(desks[0], {
      deskId: placeId,
      deskName: name('place', placeId),
      zoneId,
      zoneName: name('zone', zoneId),
      ...above,
      status: 'active',
    });
    await owned(
      `INSERT INTO nodes (tenant_id, node_id, kind, parent_id, name, space_type, capacity)
       VALUES ($1, 'ffffffff-0000-4000-8000-000000000000', 'space', $2, 'Booth', 'booth', 2)`,
      [levelId],
    );
    const spaces = await rowsOf('spaces');
    const unknown = { spaceType: null, capacity: null };
    const plain = { spaceId, spaceName: name('space', spaceId), ...unknown, ...above, status: 'active' };
    expectRow(spaces[0], plain);
    expectRow(spaces[1], {
      ...plain,
      spaceId: 'ffffffff-0000-4000-8000-000000000000',
      spaceName: 'Booth',
      spaceType: 'booth',
      capacity: 2,
    });
  });

  test('presence: levels, zones, desks and spaces only if they apply', async () => {
    const { locationId, levelId, zoneId, placeId } = site.office;
    const name = (kind: string, id: string) => `${kind} ${id.slice(0, 4)}`;
    await results(server, site, [
      goodEvent(site, { sourceUserId: 'card 7', timestamp: '2026-03-10T09:00:00.25Z' }),
      goodEvent(site, { locationId, locationType: 'location', timestamp: '2026-03-10T10:00:00.000025Z' }),
    ]);
    const [atDesk, inOffice] = await presenceRows(server, site);
    const common = { day: '2026-03-10T00:00:00.000Z', userId: site.user.userId, userEmail: site.user.email };
    const office = { locationId, locationName: name('location', locationId) };
    expectRow(atDesk, {
      eventId: 'e1',
      timestamp: '2026-03-10T09:00:00.250Z',
      ...common,
      sourceId: 'door',
      sourceUserId: 'card 7',
      locationType: 'place',
      ...office,
      levelId,
      levelName: name('level', levelId),
      zoneId,
      zoneName: name('zone', zoneId),
      placeId,
      placeName: name('place', placeId),
    });
    expectRow(inOffice, {
      eventId: 'e1',
      timestamp: '2026-03-10T10:00:00.000025Z',
      ...common,
      sourceId: 'door',
      sourceUserId: null,
      locationType: 'location',
      ...office,
    });
  });
});
