import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { addNode, addUser } from './support/directory.ts';
import { addSite, type Site } from './support/presence.ts';
import { startTestServer, type TestServer } from './support/server.ts';

const WHOLE = ['users', 'groups', 'locations', 'desks', 'spaces'] as const;
type Whole = (typeof WHOLE)[number];
const GROUP = 'aaaaaaaa-0000-4000-8000-000000000000';
const PARENT = 'bbbbbbbb-0000-4000-8000-000000000000';

let server: TestServer;
let site: Site;
beforeAll(async () => {
  server = await startTestServer();
});
beforeEach(async () => {
  site = await addSite(server);
  await owned(
    `INSERT INTO groups (tenant_id, group_id, group_type, name, in_hierarchy)
     VALUES ($1, $2, 'Team', 'Red', true), ($1, $3, 'Team', 'All', true)`,
    [GROUP, PARENT],
  );
});
afterAll(() => server.close());

const owned = (sql: string, values: unknown[]) =>
  server.db.owner.inTenant(site.tenantId, (tx) => tx.query(sql, [site.tenantId, ...values]));
const get = (path: string, headers: Record<string, string> = {}, method: 'GET' | 'HEAD' = 'GET') =>
  server.app.inject({ method, url: `/v1/analytics/${path}`, headers: { ...site.headers, ...headers } });
const etagOf = async (path: string, headers?: Record<string, string>) =>
  String((await get(path, headers)).headers.etag);
const etags = async () =>
  Object.fromEntries(await Promise.all(WHOLE.map(async (path) => [path, await etagOf(`${path}/basic`)])));

/** Sets a column of a row of the site. */
const set = (table: 'users' | 'nodes' | 'groups', id: string, assignment: string) =>
  owned(`UPDATE ${table} SET ${assignment} WHERE tenant_id = $1 AND ${table.slice(0, -1)}_id = $2`, [id]);

describe('a dataset without changes', () => {
  test.each(WHOLE)('%s is a 304 without a body, on both paths', async (path) => {
    const etag = await etagOf(`${path}/basic`);
    expect(etag).toMatch(/^"[\w-]{20,}"$/);
    const authorization = `Bearer ${await server.token(site.key)}`;
    for (const [url, headers] of [
      [`${path}/basic`, {}],
      [path, { authorization }],
    ] as const) {
      const reply = await get(url, { ...headers, 'if-none-match': etag });
      expect(reply.statusCode).toBe(304);
      expect(reply.headers).toMatchObject({
        etag,
        vary: 'Accept, Accept-Encoding',
        'cache-control': 'private, no-cache',
      });
      expect(reply.body).toBe('');
    }
  });

  test.each([
    ['a list', (etag: string) => `"x", ${etag}`, 304],
    ['a weak one, as proxies make them', (etag: string) => `W/${etag}`, 304],
    ['any', () => '*', 304],
    ['another', () => '"x"', 200],
    ['an empty one', () => '', 200],
  ])('If-None-Match with %s', async (_, toHeader, status) => {
    const header = toHeader(await etagOf('users/basic'));
    expect((await get('users/basic', { 'if-none-match': header })).statusCode).toBe(status);
  });

  test('has one ETag for each format and coding, and only its own ETag gives a 304', async () => {
    const forms = ['json', 'ndjson', 'csv'].flatMap((format) =>
      ['identity', 'gzip', 'br'].map((coding) => ({ path: `desks/basic?format=${format}`, coding })),
    );
    const found = await Promise.all(
      forms.map(({ path, coding }) => etagOf(path, { 'accept-encoding': coding })),
    );
    expect(new Set(found).size).toBe(forms.length);
    for (const { path, coding } of forms) {
      const statuses = await Promise.all(
        found.map(
          async (etag) => (await get(path, { 'accept-encoding': coding, 'if-none-match': etag })).statusCode,
        ),
      );
      expect(statuses.filter((status) => status === 304)).toHaveLength(1);
    }
  });

  test('a HEAD has the same ETag and the same 304', async () => {
    const etag = await etagOf('users/basic');
    expect((await get('users/basic', {}, 'HEAD')).headers.etag).toBe(etag);
    expect((await get('users/basic', { 'if-none-match': etag }, 'HEAD')).statusCode).toBe(304);
  });

  test('has no ETag if its rows have days', async () => {
    const reply = await get('presence/basic?startDate=2026-03-01&endDate=2026-03-01', {
      'if-none-match': '*',
    });
    expect(reply.statusCode).toBe(200);
    expect(reply.headers).not.toHaveProperty('etag');
  });
});

describe('a change', () => {
  const changes: [string, readonly Whole[], () => Promise<unknown>][] = [
    ['of a person', ['users'], () => set('users', site.user.userId, "last_name = 'New'")],
    [
      'of a person to null',
      ['users'],
      () => set('users', site.user.userId, 'email = NULL, email_folded = NULL'),
    ],
    ['of the status of a user', ['users'], () => set('users', site.user.userId, "status = 'inactive'")],
    ['of a primary group', ['users'], () => set('users', site.user.userId, `primary_group_id = '${GROUP}'`)],
    [
      'of a primary location',
      ['users'],
      () => set('users', site.user.userId, `primary_location_id = '${site.office.locationId}'`),
    ],
    ['of a new person', ['users'], () => addUser(server.db.owner, site.tenantId)],
    ["of a group's name", ['groups'], () => set('groups', GROUP, "name = 'Blue'")],
    ["of a group's parent", ['groups'], () => set('groups', GROUP, `parent_id = '${PARENT}'`)],
    [
      'of a retired group',
      ['groups'],
      () => set('groups', GROUP, "status = 'inactive', in_hierarchy = false"),
    ],
    [
      "of an office's name",
      ['locations', 'desks', 'spaces'],
      () => set('nodes', site.office.locationId, "name = 'New'"),
    ],
    [
      "of an office's time zone",
      ['locations'],
      () => set('nodes', site.office.locationId, "time_zone = 'Asia/Tokyo'"),
    ],
    ["of an office's address", ['locations'], () => set('nodes', site.office.locationId, "address = 'New'")],
    ["of a level's name", ['desks', 'spaces'], () => set('nodes', site.office.levelId, "name = 'New'")],
    ["of a zone's name", ['desks'], () => set('nodes', site.office.zoneId, "name = 'New'")],
    ["of a desk's name", ['desks'], () => set('nodes', site.office.placeId, "name = 'New'")],
    ['of a retired desk', ['desks'], () => set('nodes', site.office.placeId, "status = 'inactive'")],
    ["of a room's capacity", ['spaces'], () => set('nodes', site.office.spaceId, 'capacity = 7')],
    ["of a room's type", ['spaces'], () => set('nodes', site.office.spaceId, "space_type = 'booth'")],
    [
      'of a new desk',
      ['desks'],
      () => addNode(server.db.owner, site.tenantId, { kind: 'place', parentId: site.office.zoneId }),
    ],
    ['of nothing that is shown', [], () => set('users', site.user.userId, 'attributes = \'{"a": 1}\'')],
  ];

  test.each(changes)('%s changes the ETags of %j and no others', async (_, affected, change) => {
    const before = await etags();
    await change();
    const after = await etags();
    expect(WHOLE.filter((path) => before[path] !== after[path])).toEqual(affected);
    for (const path of affected) {
      const reply = await get(`${path}/basic`, { 'if-none-match': before[path] });
      expect(reply.statusCode).toBe(200);
    }
  });

  test('in another organisation changes no ETag', async () => {
    const before = await etags();
    const mine = site;
    site = await addSite(server);
    await set('users', site.user.userId, "last_name = 'New'");
    await set('nodes', site.office.placeId, "name = 'New'");
    site = mine;
    expect(await etags()).toEqual(before);
  });

  test('changes the ETag also if its transaction commits after a later one', async () => {
    const other = await addUser(server.db.owner, site.tenantId);
    let between = '';
    await server.db.owner.inTenant(site.tenantId, async (tx) => {
      await tx.query("UPDATE users SET last_name = 'Early' WHERE tenant_id = $1 AND user_id = $2", [
        site.tenantId,
        site.user.userId,
      ]);
      await set('users', other.userId, "last_name = 'Late'");
      between = await etagOf('users/basic');
    });
    expect((await get('users/basic', { 'if-none-match': between })).statusCode).toBe(200);
  });
});
