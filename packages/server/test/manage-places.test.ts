import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type ManageClient, makeLondon, manageClient } from './support/manage.ts';
import { expectProblem } from './support/problems.ts';
import { startTestServer, type TestServer } from './support/server.ts';

let server: TestServer;
let client: ManageClient;
let london: Awaited<ReturnType<typeof makeLondon>>;
beforeAll(async () => {
  server = await startTestServer();
});
beforeEach(async () => {
  client = await manageClient(server);
  london = await makeLondon(client);
});
afterAll(() => server.close());

const GUID = /^[0-9a-f-]{36}$/;
const upper = (id: string) => id.toUpperCase();

test('a row of each kind has its own id and name, those of all its ancestors, and its status', async () => {
  const { locationId, levelId, zoneId, deskId } = london;
  const spaceId = await client.make('spaces', {
    spaceName: 'Jetty',
    spaceType: 'booth',
    capacity: 4,
    levelId,
  });
  const inLondon = { locationId, locationName: 'London' };
  const onLevel = { levelId, levelName: 'L3', ...inLondon };
  const inZone = { zoneId, zoneName: 'North', ...onLevel };
  const status = 'active';
  expect(await client.get(`locations/${upper(locationId)}`)).toEqual({
    ...inLondon,
    address: null,
    timeZone: 'Europe/London',
    status,
  });
  expect(await client.get(`levels/${levelId}`)).toEqual({ ...onLevel, status });
  expect(await client.get(`zones/${zoneId}`)).toEqual({ ...inZone, capacity: null, status });
  const desk = { deskId, deskName: 'N1', ...inZone, assignedUserId: null, status };
  expect(await client.get(`desks/${deskId}`)).toEqual(desk);
  const space = { spaceId, spaceName: 'Jetty', spaceType: 'booth', capacity: 4, ...onLevel, status };
  expect(await client.get(`spaces/${spaceId}`)).toEqual(space);
  expect(await client.list('desks')).toEqual([desk]);
  expect(await client.list('spaces')).toEqual([space]);
});

test('a list comes in pages, by id, with filters for ancestors and status', async () => {
  const { locationId, levelId, zoneId } = london;
  const items = Array.from({ length: 25 }, (_, n) => ({ deskName: `D${n}`, zoneId }));
  await client.bulk('desks', items);
  const south = await client.make('zones', { zoneName: 'South', levelId });
  const far = await client.make('desks', { deskName: 'S1', zoneId: south, status: 'inactive' });

  const seen: unknown[] = [];
  let page = await client.get('desks?limit=10');
  for (;;) {
    seen.push(...(page.items as { deskId: string }[]).map((desk) => desk.deskId));
    if (page.next === null) break;
    page = await client.get(`desks?limit=10&after=${page.next}`);
  }
  expect(seen).toHaveLength(27);
  expect(seen).toEqual([...new Set(seen)].toSorted());
  // A page that is exactly full is the last one.
  expect(await client.get('desks?limit=27')).toMatchObject({ next: null });

  const count = async (query: string) => (await client.list(`desks?${query}`)).length;
  expect(await count(`zoneId=${upper(zoneId)}`)).toBe(26);
  expect(await count(`levelId=${levelId}&zoneId=${south}`)).toBe(1);
  expect(await count(`locationId=${locationId}&status=active`)).toBe(26);
  expect(await client.list('desks?status=inactive')).toMatchObject([{ deskId: far }]);
  for (const nothing of [`locationId=${randomUUID()}`, 'levelId=x', `zoneId=${locationId}`]) {
    expect(await count(nothing)).toBe(0);
  }
  for (const wrong of ['limit=0', 'limit=1001', 'limit=x', 'limit=1.5', 'after=x', 'status=gone']) {
    const reply = await client.send('GET', `desks?${wrong}`);
    expect(expectProblem(reply, 400)).toContain(wrong.split('=')[0]);
  }
});

test('an id that is unknown, of another kind, of another organisation, or not a GUID, is a 404', async () => {
  const elsewhere = await makeLondon(await manageClient(server));
  for (const [path, id] of [
    ['locations', elsewhere.locationId],
    ['levels', elsewhere.levelId],
    ['zones', elsewhere.zoneId],
    ['desks', elsewhere.deskId],
    ['spaces', london.deskId],
    ['desks', london.zoneId],
    ['desks', 'x'],
    ['users', randomUUID()],
  ]) {
    expectProblem(await client.send('GET', `${path}/${id}`), 404);
    expectProblem(await client.send('PATCH', `${path}/${id}`, { status: 'inactive' }), 404);
  }
});

describe('bulk', () => {
  test('creates, changes and leaves items, each on its own, and answers in order', async () => {
    const { zoneId, deskId } = london;
    const own = randomUUID();
    const results = await client.bulk('desks', [
      { deskId: own, deskName: 'N2', zoneId },
      { deskName: 'N3', zoneName: 'West', levelName: 'L3', locationName: 'London' },
      { deskId, deskName: 'N0' },
      { deskName: 'N9', zoneId: own },
      { deskId: upper(deskId).replace(/.$/, 'x'), deskName: 'N8', zoneId },
      { deskName: 'N3', zoneName: 'West', levelName: 'L3', locationName: 'London', status: null },
    ]);
    expect(results).toEqual([
      { id: own, result: 'created', message: 'Success' },
      { id: expect.stringMatching(GUID), result: 'created', message: 'Success' },
      { id: deskId, result: 'updated', message: 'Success' },
      {
        id: null,
        result: 'refused',
        message: expect.stringContaining('is the id of a desk, not of a zone'),
      },
      { id: null, result: 'refused', message: expect.stringMatching(/^deskId .* is not a GUID$/) },
      { id: results[1]?.id, result: 'unchanged', message: 'Success' },
    ]);
    expect(await client.get(`desks/${deskId}`)).toMatchObject({ deskName: 'N0', zoneId });
    expect(await client.list('zones')).toHaveLength(2);
  });

  test('accepts a row as it was read, and changes nothing', async () => {
    await client.make('spaces', { spaceName: 'Jetty', levelId: london.levelId });
    for (const path of ['locations', 'levels', 'zones', 'desks', 'spaces']) {
      const rows = await client.list(path);
      expect(await client.outcomes(path, rows)).toEqual(rows.map(() => 'unchanged'));
    }
  });

  test('accepts the parent by its id alone, and moves the item', async () => {
    const paris = await client.make('locations', { locationName: 'Paris', timeZone: 'Europe/Paris' });
    const level = await client.make('levels', { levelName: 'P1', locationId: paris });
    expect(
      await client.outcomes('zones', [{ zoneId: london.zoneId, levelId: level, zoneName: 'Nord' }]),
    ).toEqual(['updated']);
    expect(await client.get(`desks/${london.deskId}`)).toMatchObject({
      zoneName: 'Nord',
      levelName: 'P1',
      locationName: 'Paris',
    });
    // If both name and id are given, they must agree.
    expect(
      await client.outcomes('desks', [
        { deskName: 'N5', zoneId: london.zoneId, levelId: london.levelId },
        { deskName: 'N6', zoneId: london.zoneId, zoneName: 'North' },
        { deskName: 'N7', zoneId: london.zoneId, locationId: paris },
      ]),
    ).toEqual([
      expect.stringMatching(/^zoneId .* belongs to another part of the tree$/),
      expect.stringMatching(/^zoneName "North" is not the name of zoneId .*: its name is "Nord"$/),
      'levelId and levelName are both empty',
    ]);
  });

  test('refuses an invalid item with the name of the member, and stops no other item', async () => {
    const { zoneId, levelId, locationId, deskId } = london;
    expect(
      await client.outcomes('desks', [
        {},
        { deskName: 'X' },
        { deskId: randomUUID(), status: 'inactive' },
        { deskName: 'X', zoneId: randomUUID() },
        { deskName: 'X', zoneName: 'North' },
        { deskName: 'X', zoneId, status: 'gone' },
        { deskName: 'a\0', zoneId },
        { deskId, deskName: 'again' },
        { deskId, deskName: 'and again' },
      ]),
    ).toEqual([
      'deskId and deskName are both empty',
      'zoneId and zoneName are both empty',
      expect.stringMatching(/^deskId .* is not known$/),
      expect.stringMatching(/^zoneId .* is not known$/),
      'levelId and levelName are both empty',
      'status "gone" is neither active nor inactive',
      'deskName "a\\u0000" contains a NUL',
      'updated',
      expect.stringMatching(/^deskId .* was already given in \/items\/7$/),
    ]);
    expect(
      await client.outcomes('zones', [
        { zoneId, capacity: 1.5 },
        { zoneId, capacity: -1 },
        { zoneName: 'North', levelId },
      ]),
    ).toEqual([
      'capacity "1.5" is not a whole number from 0 to 2147483647',
      'capacity "-1" is not a whole number from 0 to 2147483647',
      'unchanged',
    ]);
    expect(
      await client.outcomes('locations', [
        { locationName: 'Nowhere' },
        { locationId, timeZone: 'Mars/Olympus' },
      ]),
    ).toEqual(['timeZone is empty', expect.stringContaining('timeZone "Mars/Olympus" is not the IANA name')]);
  });

  test('treats null and an empty text as absent', async () => {
    await client.bulk('zones', [{ zoneId: london.zoneId, capacity: 7 }]);
    expect(await client.outcomes('zones', [{ zoneId: london.zoneId, capacity: null }])).toEqual([
      'unchanged',
    ]);
    await client.bulk('locations', [{ locationId: london.locationId, address: '1 Quay' }]);
    expect(await client.outcomes('locations', [{ locationId: london.locationId, address: ' ' }])).toEqual([
      'unchanged',
    ]);
    expect(await client.get(`zones/${london.zoneId}`)).toMatchObject({ capacity: 7 });
  });

  test('with a wrong type, too many items or none is one 400, and stores nothing', async () => {
    const desk = { deskName: 'X', zoneId: london.zoneId };
    for (const [payload, path] of [
      [{}, '/items'],
      [{ items: [] }, '/items'],
      [{ items: Array(1_001).fill(desk) }, '/items'],
      [{ items: [desk, { deskName: 5 }] }, '/items/1/deskName'],
    ] as const) {
      const reply = await client.send('POST', 'desks', payload);
      expectProblem(reply, 400);
      expect(reply.json().errors[0].path).toBe(path);
    }
    expect(await client.list('desks')).toHaveLength(1);
  });

  test("treats an id of another organisation as unknown: refused as a parent, new as the item's own id", async () => {
    const other = await manageClient(server);
    const theirs = await makeLondon(other);
    expect(await client.outcomes('desks', [{ deskName: 'X', zoneId: theirs.zoneId }])).toEqual([
      `zoneId "${theirs.zoneId}" is not known`,
    ]);
    expect(await client.outcomes('desks', [{ deskId: theirs.deskId, status: 'inactive' }])).toEqual([
      `deskId "${theirs.deskId}" is not known`,
    ]);
    expect(
      await client.outcomes('desks', [{ deskId: theirs.deskId, deskName: 'Mine', zoneId: london.zoneId }]),
    ).toEqual(['created']);
    expect(await other.get(`desks/${theirs.deskId}`)).toMatchObject({ deskName: 'N1', status: 'active' });
  });
});

describe('PATCH', () => {
  test('changes the members that it names and returns the new row; null empties', async () => {
    const { zoneId, locationId, deskId } = london;
    await client.patch(`locations/${locationId}`, { address: '1 Quay', timeZone: 'Europe/Dublin' });
    expect(await client.patch(`locations/${locationId}`, { address: null })).toEqual({
      locationId,
      locationName: 'London',
      address: null,
      timeZone: 'Europe/Dublin',
      status: 'active',
    });
    expect(await client.patch(`zones/${upper(zoneId)}`, { capacity: 3 })).toMatchObject({ capacity: 3 });
    expect(await client.patch(`zones/${zoneId}`, { capacity: null })).toMatchObject({ capacity: null });
    expect(await client.patch(`desks/${deskId}`, {})).toMatchObject({ deskName: 'N1' });
    const readOnly = { deskId: randomUUID(), deskName: 'N1' };
    expect(await client.patch(`desks/${deskId}`, readOnly)).toMatchObject({ deskId, deskName: 'N1' });
    expect(await client.patch(`desks/${deskId}`, { status: 'inactive' })).toMatchObject({
      status: 'inactive',
    });
    expect(await client.patch(`desks/${deskId}`, { status: 'Active' })).toMatchObject({ status: 'active' });
  });

  test('is a 409 if the name is taken, and a 400 with the name of the member if a value is wrong', async () => {
    const { zoneId, levelId, locationId, deskId } = london;
    await client.make('desks', { deskName: 'N2', zoneId });
    const refused = async (path: string, change: object, status: number) =>
      expectProblem(await client.send('PATCH', path, change), status);
    expect(await refused(`desks/${deskId}`, { deskName: 'N2' }, 409)).toMatch(
      /^Nothing was changed: deskName "N2" already belongs to desk /,
    );
    expect(await refused(`desks/${deskId}`, { zoneId: randomUUID() }, 400)).toContain('zoneId');
    expect(await refused(`zones/${zoneId}`, { capacity: 0.5 }, 400)).toContain('capacity');
    expect(await refused(`locations/${locationId}`, { timeZone: 'UTC+3' }, 400)).toContain('timeZone');
    for (const change of [{ levelName: null }, { levelName: '' }, { levelName: ' ' }, { status: null }]) {
      expect(await refused(`levels/${levelId}`, change, 400)).toContain(Object.keys(change)[0]);
    }
    expect(await client.get(`desks/${deskId}`)).toMatchObject({ deskName: 'N1', zoneId });
  });
});
