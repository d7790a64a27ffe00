import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ImportKind } from '../src/csv-import/kinds.ts';
import { upsertDesks, upsertLocations } from '../src/directory/nodes.ts';
import { upsertUsers } from '../src/directory/users.ts';
import { importFolder } from '../src/folder-import/import-folder.ts';
import { counts, importFile, listNodes, listUsers } from './support/import.ts';
import { basic, startTestServer, type TestServer } from './support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

const author = { actor: { changedBy: 'admin' as const, name: null, reason: null }, at: new Date() };

/** Texts as the directory stores them: not empty, and without white space around them. */
const text = fc
  .string({ unit: fc.constantFrom(...'\'=+-@\t\r\n",;|a1 é\u{1F600}'), minLength: 1, maxLength: 8 })
  .map((each) => each.trim())
  .filter((each) => each !== '');
const names = fc.uniqueArray(text, { minLength: 1, maxLength: 6 });

/** Creates an organisation whose nodes and users have these names. */
async function organisationWith(texts: string[]): Promise<string> {
  const tenantId = await server.organisation();
  await server.db.owner.inTenant(tenantId, async (tx) => {
    const places = texts.map((name) => ({ locationName: name, address: name, timeZone: 'UTC' }));
    const desks = texts.map((name) => ({
      deskName: name,
      zoneName: name,
      levelName: name,
      locationName: name,
    }));
    const people = texts.map((name, n) => ({ userName: `${name} ${n}`, firstName: name, lastName: name }));
    for (const results of [
      await upsertLocations(tx, tenantId, places, author),
      await upsertDesks(tx, tenantId, desks, author),
      await upsertUsers(tx, tenantId, people, author),
    ])
      expect(results.filter((result) => 'refused' in result)).toEqual([]);
  });
  return tenantId;
}

async function csvOf(tenantId: string, dataset: string): Promise<Buffer> {
  const key = await server.key(tenantId);
  const url = `/v1/analytics/${dataset}/basic?format=csv`;
  return (await server.app.inject({ url, headers: { authorization: basic(key) } })).rawPayload;
}

const placesAndPeople = async (tenantId: string) => [
  // The rows of desks carry the ids of levels and zones.
  await listNodes(server.db.owner, tenantId),
  await listUsers(server.db.owner, tenantId),
];

test('an import of exported files creates the exported data, for any texts; in the exporting organisation, it changes nothing', async () => {
  await fc.assert(
    fc.asyncProperty(names, async (texts) => {
      const from = await organisationWith(texts);
      const into = await server.organisation();
      for (const kind of ['locations', 'desks', 'users'] satisfies ImportKind[]) {
        const file = await csvOf(from, kind);
        const back = await importFile(server.db.owner, from, kind, file);
        expect([counts(back), back.refused]).toEqual([[0, 0, texts.length, 0], []]);
        const made = await importFile(server.db.owner, into, kind, file);
        expect([counts(made), made.refused]).toEqual([[texts.length, 0, 0, 0], []]);
      }
      expect(await placesAndPeople(into)).toEqual(await placesAndPeople(from));
    }),
    { numRuns: 12 },
  );
});

test('an import of a folder of exported files does the same', async () => {
  await fc.assert(
    fc.asyncProperty(names, async (texts) => {
      const from = await organisationWith(texts);
      const tenantId = await server.organisation();
      const directory = await mkdtemp(join(tmpdir(), 'rollcall-round-trip-'));
      for (const dataset of ['locations', 'desks', 'users']) {
        await mkdir(join(directory, dataset));
        await writeFile(join(directory, dataset, 'all.csv'), await csvOf(from, dataset));
      }
      await writeFile(join(directory, 'manifest.json'), '{}');
      const options = { directory, tenantId, timeZone: 'UTC', replaceDays: false, dryRun: false };
      await importFolder({ ...options, database: server.db.owner, clock: Date.now });
      await rm(directory, { recursive: true });
      expect(await placesAndPeople(tenantId)).toEqual(await placesAndPeople(from));
    }),
    { numRuns: 6 },
  );
});
