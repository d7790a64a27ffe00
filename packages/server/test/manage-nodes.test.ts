import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
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

const names = async (query: string) =>
  (await client.list(`nodes?${query}`)).map(({ name }) => name as string).toSorted();

test('nodes of all kinds have their path, their parent and the number of nodes in them', async () => {
  const { locationId, levelId, zoneId, deskId } = london;
  await client.make('spaces', { spaceName: 'Jetty', levelId });
  const path = { locationId, locationName: 'London', levelId: null, levelName: null };
  const none = { zoneId: null, zoneName: null };
  expect(await client.list('nodes?kind=location')).toEqual([
    {
      nodeId: locationId,
      kind: 'location',
      name: 'London',
      status: 'active',
      parentId: null,
      children: 1,
      ...path,
      ...none,
    },
  ]);
  const onLevel = { ...path, levelId, levelName: 'L3' };
  expect(await client.list(`nodes?parentId=${zoneId}`)).toEqual([
    {
      nodeId: deskId,
      kind: 'place',
      name: 'N1',
      status: 'active',
      parentId: zoneId,
      children: 0,
      ...onLevel,
      zoneId,
      zoneName: 'North',
    },
  ]);
  expect(await client.list(`nodes?parentId=${levelId}&kind=zone`)).toMatchObject([{ children: 1, zoneId }]);
  expect(await names(`parentId=${levelId}`)).toEqual(['Jetty', 'North']);
});

test('the nodes around a node are the offices, and those in the nodes that contain it', async () => {
  const { levelId, zoneId, deskId, locationId } = london;
  await client.make('locations', { locationName: 'Paris', timeZone: 'Europe/Paris' });
  await client.make('desks', { deskName: 'S1', zoneName: 'South', levelId });
  await client.make('levels', { levelName: 'L4', locationId });
  expect(await names(`around=${deskId}`)).toEqual(['L3', 'L4', 'London', 'N1', 'North', 'Paris', 'South']);
  expect(await names(`around=${zoneId}`)).toEqual(await names(`around=${deskId}`));
  expect(await names(`around=${levelId}`)).toEqual(['L3', 'L4', 'London', 'North', 'Paris', 'South']);
  expect(await names(`around=${locationId}`)).toEqual(['L3', 'L4', 'London', 'Paris']);
  for (const unknown of ['x', '00000000-0000-4000-8000-000000000000'])
    expect(await names(`around=${unknown}`)).toEqual(['London', 'Paris']);
});

test('a search finds names with all words, in any case, and no wildcards', async () => {
  const { zoneId } = london;
  await client.bulk(
    'desks',
    ['Ärger 100%', 'arge', 'N_1'].map((deskName) => ({ deskName, zoneId })),
  );
  expect(await names(`search=${encodeURIComponent('ÄRGE 0%')}`)).toEqual(['Ärger 100%']);
  expect(await names('search=%25')).toEqual(['Ärger 100%']);
  expect(await names('search=_')).toEqual(['N_1']);
  expect(await names('search=n&kind=zone')).toEqual(['North']);
  expect(await names('search=%00')).toEqual([]);
  await client.patch(`zones/${zoneId}`, { status: 'inactive' });
  expect(await names('search=north&status=active')).toEqual([]);
  expect(await names('search=north&status=inactive')).toEqual(['North']);
});

test('nodes come in pages; a wrong kind is a 400; other organisations have none of them', async () => {
  const first = await client.get('nodes?limit=3');
  const rest = await client.get(`nodes?limit=3&after=${first.next}`);
  const ids = [first, rest].flatMap(({ items }) =>
    (items as { nodeId: string }[]).map(({ nodeId }) => nodeId),
  );
  expect(ids).toEqual(Object.values(london).toSorted());
  expect(rest.next).toBeNull();
  expect(expectProblem(await client.send('GET', 'nodes?kind=desk'), 400)).toContain('place');
  const other = await manageClient(server);
  for (const query of ['', `?parentId=${london.zoneId}`, `?around=${london.deskId}`, '?search=n'])
    expect(await other.list(`nodes${query}`)).toEqual([]);
});
