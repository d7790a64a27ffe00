import { stringify } from 'csv-stringify/sync';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { CSV_KINDS } from '../src/csv-import/kinds.ts';
import { costOf } from './support/cost.ts';
import { counts, id, importFile, listNodes, listUsers, type Row } from './support/import.ts';
import { type ManageClient, manageClient } from './support/manage.ts';
import { startTestServer, type TestServer } from './support/server.ts';

let server: TestServer;
let client: ManageClient;
beforeAll(async () => {
  server = await startTestServer();
});
beforeEach(async () => {
  client = await manageClient(server);
});
afterAll(() => server.close());

const tally = (results: string[]) =>
  ['created', 'updated', 'unchanged'].map((each) => results.filter((result) => result === each).length);

test('a thousand items of a kind take few round trips to the database: created, changed and unchanged', async () => {
  await client.make('locations', { locationName: 'HQ', timeZone: 'UTC' });
  const numbers = Array.from({ length: 1_000 }, (_, n) => n);
  const inHq = { levelName: 'L1', locationName: 'HQ' };
  for (const [path, make] of [
    [
      'desks',
      (n: number, status?: string) => ({ deskName: `D${n}`, zoneName: `Z${n % 20}`, ...inHq, status }),
    ],
    ['users', (n: number, status?: string) => ({ userName: `u${n}`, primaryLocationName: 'HQ', status })],
  ] as const) {
    const items = numbers.map((n) => make(n));
    const retired = numbers.map((n) => make(n, 'inactive'));
    const cost = await costOf(async () => {
      expect(tally(await client.outcomes(path, items))).toEqual([1_000, 0, 0]);
      expect(tally(await client.outcomes(path, items))).toEqual([0, 0, 1_000]);
      expect(tally(await client.outcomes(path, retired))).toEqual([0, 1_000, 0]);
    });
    expect(cost.roundTrips).toBeLessThan(200);
  }
  expect(await client.list('users?limit=1000&status=inactive')).toHaveLength(1_000);
});

test('concurrent calls that create the same items create each of them once', async () => {
  const bystander = await manageClient(server);
  await client.make('locations', { locationName: 'HQ', timeZone: 'UTC' });
  const users = Array.from({ length: 200 }, (_, n) => ({ userName: `u${n}` }));
  const desks = Array.from({ length: 200 }, (_, n) => ({
    deskName: `D${n}`,
    zoneName: `Z${n % 3}`,
    levelName: 'L',
    locationName: 'HQ',
  }));
  for (const [path, items] of [
    ['users', users],
    ['desks', desks],
  ] as const) {
    const all = await Promise.all(Array.from({ length: 5 }, () => client.outcomes(path, [...items])));
    // The calls wait in a queue, which leaves connections for other requests.
    await bystander.list(path);
    expect(tally(all.flat())).toEqual([200, 0, 800]);
  }
  expect(await client.list('zones')).toHaveLength(3);
  expect(await client.list('levels')).toHaveLength(1);
});

test('a batch with a write conflict is tried again, at last item by item, and no item is lost', async () => {
  await server.db.owner.inSystem((tx) =>
    tx.query(`
      CREATE FUNCTION beat() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN RAISE EXCEPTION USING ERRCODE = 'unique_violation'; END $$;
      CREATE TRIGGER beat BEFORE INSERT ON users FOR EACH ROW WHEN (NEW.user_name = 'cursed') EXECUTE FUNCTION beat()`),
  );
  const items = [{ userName: 'a' }, { userName: 'cursed' }, { userName: 'b' }];
  expect(await client.outcomes('users', items)).toEqual([
    'created',
    'another change to the directory conflicted twice; send the item again',
    'created',
  ]);
  await server.db.owner.inSystem((tx) => tx.query('DROP TRIGGER beat ON users'));
  expect(await client.outcomes('users', items)).toEqual(['unchanged', 'created', 'unchanged']);
});

/** Values that often agree, collide or are wrong in a dozen rows. */
const few = (...values: (string | undefined)[]) => fc.constantFrom(...values);
const ids = few(undefined, undefined, undefined, id(1), id(2), id(3), 'x');
const status = few(undefined, undefined, 'active', 'inactive', 'gone');
const inTree = {
  levelId: few(undefined, undefined, id(11), id(12)),
  levelName: few('L1', 'L2'),
  locationId: few(undefined, undefined, id(21), id(29)),
  locationName: few('HQ', 'HQ', 'Annex', 'Nowhere', undefined),
  status,
};
type Kind = keyof Pick<typeof CSV_KINDS, 'locations' | 'desks' | 'spaces' | 'users'>;

const ROWS: Record<Kind, fc.Arbitrary<Record<string, string | undefined>>> = {
  locations: fc.record({
    locationId: ids,
    locationName: few('HQ', 'Annex', 'New'),
    address: few(undefined, '1 Quay'),
    timeZone: few('UTC', 'Europe/London', 'Mars/Olympus'),
    status,
  }),
  desks: fc.record({
    deskId: ids,
    deskName: few('D1', 'D2', 'D3'),
    zoneId: few(undefined, undefined, id(31), id(32)),
    zoneName: few('Z1', 'Z2'),
    ...inTree,
  }),
  spaces: fc.record({
    spaceId: ids,
    spaceName: few('S1', 'S2', 'S3'),
    spaceType: few(undefined, 'booth'),
    ...inTree,
  }),
  users: fc.record({
    userId: ids,
    userName: few('ada', 'Ada', 'grace', 'alan'),
    email: few(undefined, 'a@x.com', 'b@x.com'),
    firstName: few(undefined, 'Ada'),
    status,
    primaryLocationId: few(undefined, id(21), id(29)),
    primaryLocationName: few(undefined, 'HQ', 'Annex', 'Nowhere'),
  }),
};

/** The organisation without the random ids, in which two organisations differ. */
async function stored(tenantId: string): Promise<Row[]> {
  const [nodes, users] = [
    await listNodes(server.db.owner, tenantId),
    await listUsers(server.db.owner, tenantId),
  ];
  const names = new Map(nodes.map((node) => [node.node_id, node.name]));
  const given = (text: unknown) => (String(text).startsWith('00000000-') ? text : 'random');
  return [
    ...nodes.map((node) => ({
      ...node,
      node_id: given(node.node_id),
      parent_id: names.get(node.parent_id),
    })),
    ...users.map((user) => ({ ...user, user_id: given(user.user_id) })),
  ].toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

test.each(['locations', 'desks', 'spaces', 'users'] as const)(
  'the same rows of %s have the same effect by CSV import and in bulk',
  async (kind) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(ROWS[kind], { minLength: 1, maxLength: 12 }),
        fc.array(ROWS[kind], { minLength: 1, maxLength: 4 }),
        async (first, second) => {
          const [imported, managed] = [await server.organisation(), await manageClient(server)];
          const offices = [
            ['locationId', 'locationName', 'timeZone'],
            [id(21), 'HQ', 'UTC'],
            [id(22), 'Annex', 'UTC'],
          ];
          for (const tenantId of [imported, managed.tenantId]) {
            await importFile(server.db.owner, tenantId, 'locations', stringify(offices));
          }
          for (const rows of [first, second]) {
            const columns = Object.keys(rows[0] ?? {});
            const file = stringify(rows, { header: true, columns });
            const report = await importFile(server.db.restricted, imported, kind, file);
            const results = await managed.outcomes(kind, rows);
            expect(tally(results)).toEqual(counts(report).slice(0, 3));
            const refusals = results.flatMap((result, index) =>
              /^(created|updated|unchanged)$/.test(result) ? [] : { line: index + 2, reason: result },
            );
            expect(refusals.map(({ line, reason }) => ({ line, reason: anonymous(reason) }))).toEqual(
              report.refused.map(({ line, reason }) => ({ line, reason: anonymous(reason) })),
            );
          }
          expect(await stored(managed.tenantId)).toEqual(await stored(imported));
        },
      ),
      { numRuns: 12 },
    );
  },
);

/** A reason without random ids, and with one form of an item's origin. */
function anonymous(reason: string): string {
  return reason
    .replaceAll(/(?!00000000-)[0-9a-f]{8}-[0-9a-f-]{27}/g, 'random')
    .replaceAll(/\/items\/(\d+)/g, (_, index) => `line ${Number(index) + 2}`);
}
