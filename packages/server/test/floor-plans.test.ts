import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type FloorClient, floorClient } from './support/floor.ts';
import { makeLondon } from './support/manage.ts';
import { expectProblem } from './support/problems.ts';
import { startTestServer, type TestServer } from './support/server.ts';

let server: TestServer;
let client: FloorClient;
let london: Awaited<ReturnType<typeof makeLondon>>;
beforeAll(async () => {
  server = await startTestServer();
});
beforeEach(async () => {
  client = await floorClient(server);
  london = await makeLondon(client);
});
afterAll(() => server.close());

const sheet = (placements: object[] = []) => ({ imageId: null, aspectRatio: 1.5, placements });
const at = (nodeId: string, x = 0.25, y = 0.5) => ({ nodeId, x, y, width: null, height: null });

test('a draft is seen by nobody else until it is published, at once and whole', async () => {
  const { levelId, deskId, zoneId } = london;
  expect(await client.plan(levelId)).toEqual({ levelId, published: null, hasDraft: false });
  expectProblem(await client.send('GET', `levels/${levelId}/floor-plan/draft`), 404);
  const zone = { nodeId: zoneId, x: 0.5, y: 0.5, width: 0.5, height: 0.25 };
  const draft = await client.putDraft(levelId, sheet([at(deskId), zone]));
  expect(draft.body).toMatchObject({ levelId, basedOn: null, hidden: 0, changedBy: client.apiKey });
  expect(draft.body.placements).toEqual(
    [
      { ...at(deskId), kind: 'place', name: 'N1', zoneId },
      { ...zone, kind: 'zone', name: 'North', zoneId },
    ].toSorted((a, b) => (a.nodeId < b.nodeId ? -1 : 1)),
  );
  expect(await client.plan(levelId)).toEqual({ levelId, published: null, hasDraft: true });
  const published = await client.publish(levelId, { 'if-match': draft.etag });
  expect(published).toMatchObject({ hasDraft: false, published: { version: 1, aspectRatio: 1.5 } });
  expect(published.published?.placements).toEqual(draft.body.placements);
  expect(await client.plan(levelId)).toEqual(published);
  expectProblem(await client.send('GET', `levels/${levelId}/floor-plan/draft`), 404);
});
