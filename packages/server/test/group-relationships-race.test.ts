import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { judgeRelationships, replaceRelationships } from '../src/directory/group-relationships.ts';
import { lockDirectory } from '../src/store/connections/directory-lock.ts';
import { directoryClient, listGroups, under } from './support/groups.ts';
import { startTestServer, type TestServer } from './support/server.ts';

let server: TestServer;
let client: Awaited<ReturnType<typeof directoryClient>>;
beforeAll(async () => {
  server = await startTestServer();
});
beforeEach(async () => {
  client = await directoryClient(server);
});
afterAll(() => server.close());

async function active() {
  const stored = await listGroups(server.db.owner, client.tenantId);
  return Object.entries(stored).filter(([, { status }]) => status === 'active');
}

test('of concurrent lists, one is stored completely, and none fails', async () => {
  const names = Array.from({ length: 300 }, (_, n) => `g${n}`);
  const lists = Array.from({ length: 24 }, (_, round) => {
    const order = round % 2 === 0 ? names : names.toReversed();
    return order.map((name) => under(name, `root ${round}`));
  });
  const replies = await Promise.all(lists.map((rows) => client.putRelationships(rows)));
  expect(replies.map(({ statusCode }) => statusCode)).toEqual(lists.map(() => 200));
  const groups = await active();
  const parents = new Set(groups.map(([, { parent }]) => parent).filter((parent) => parent !== null));
  expect(parents.size).toBe(1);
  expect(groups).toHaveLength(301);
});

test('writers of several replicas wait for one another, and the last list is stored completely', async () => {
  const lists = Array.from({ length: 8 }, (_, round) =>
    Array.from({ length: 200 }, (_, n) => under(`g${round % 2 === 0 ? n : 199 - n}`, `root ${round}`)),
  );
  await Promise.all(
    lists.map((rows) =>
      server.db.restricted.inTenant(client.tenantId, (tx) =>
        replaceRelationships(tx, client.tenantId, judgeRelationships(rows)),
      ),
    ),
  );
  expect(await active()).toHaveLength(201);
});

test('lists that wait for the directory lock delay no other organisation', async () => {
  const other = await directoryClient(server);
  let waiting: Promise<unknown> = Promise.resolve();
  await server.db.owner.inTenant(client.tenantId, async (tx) => {
    await lockDirectory(tx, client.tenantId);
    waiting = Promise.all(
      Array.from({ length: 15 }, (_, n) => client.putRelationships([under(`g${n}`, null)])),
    );
    // A list that held a connection would block for ever, because this transaction keeps the lock until all are
    // answered.
    for (let call = 0; call < 3; call++) {
      expect((await other.postAttributes([{ userName: 'x', attributes: {} }])).statusCode).toBe(200);
    }
  });
  await waiting;
  expect(await active()).toHaveLength(1);
});
