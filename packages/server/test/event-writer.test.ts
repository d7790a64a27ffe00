import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type EventBatch, EventWriter } from '../src/ingest/event-writer.ts';
import { presence } from '../src/ingest/presence.ts';
import { seeingAll } from './support/backup.ts';
import { addUser } from './support/directory.ts';
import { addSite, presenceRows, refusedRows, type Site } from './support/presence.ts';
import { startTestServer, type TestServer } from './support/server.ts';

let server: TestServer;
let site: Site;
let writer: EventWriter;
beforeAll(async () => {
  server = await startTestServer();
  writer = new EventWriter(server.db.restricted);
});
afterAll(() => server.close());
beforeEach(async () => {
  site = await addSite(server);
});

/** One good event and one refused event of the site. */
function batchOf(expectedVersion: string | undefined): EventBatch {
  const { tenantId, office, user } = site;
  const receivedAtMs = server.clock.nowMs;
  const row = {
    ...{ observedAtUs: receivedAtMs * 1_000, eventDigest: randomUUID(), userId: user.userId },
    ...{ locationId: office.locationId, nodeId: office.placeId, eventId: 'good', sourceId: 'door' },
    ...{ receivedAtMs, sourceUserId: null },
  };
  const refusal = {
    ...{ refusedAtMs: receivedAtMs, apiKeyFolded: 'a', sender: 'key' as const, endpoint: 'presence' },
    ...{ sourceId: 'door', eventId: 'bad', resultCode: 1, cause: 'unknownUser', reason: 'nobody' },
    ...{ event: '{}', obstacle: null },
  };
  return { tenantId, expectedVersion, kind: presence, rows: [row], refusals: [refusal], tellsNew: true };
}

async function currentVersion(): Promise<string> {
  const { rows } = await server.db.owner.inTenant(site.tenantId, (tx) =>
    tx.query('SELECT sum(changes)::text AS version FROM directory_versions WHERE tenant_id = $1', [
      site.tenantId,
    ]),
  );
  return rows[0].version;
}

async function stored(): Promise<string[]> {
  const rows = [...(await presenceRows(server, site)), ...(await refusedRows(server, site))];
  return rows.map(({ eventId }) => eventId ?? '');
}

test('a batch with the current directory version is stored', async () => {
  expect(await writer.write(batchOf(await currentVersion()))).toEqual({ stale: false, isNew: [true] });
  expect(await stored()).toEqual(['good', 'bad']);
});

test('a batch with any version is stored', async () => {
  expect(await writer.write(batchOf(undefined))).toEqual({ stale: false, isNew: [true] });
  expect(await stored()).toEqual(['good', 'bad']);
});

test('a batch with an earlier version is stale, and nothing of it is stored', async () => {
  const batch = batchOf(await currentVersion());
  await addUser(server.db.owner, site.tenantId);
  expect(await writer.write(batch)).toEqual({ stale: true });
  expect(await stored()).toEqual([]);
});

test('a stale batch does not prevent other batches of the same transaction', async () => {
  const stale = batchOf(await currentVersion());
  await addUser(server.db.owner, site.tenantId);
  const current = batchOf(await currentVersion());
  const results = await Promise.all([writer.write(stale), writer.write(current)]);
  expect(results).toEqual([{ stale: true }, { stale: false, isNew: [true] }]);
  expect(await stored()).toEqual(['good', 'bad']);
});

test('a missing version from the database is an error', async () => {
  const batch = batchOf(await currentVersion());
  await seeingAll(server.db.target, async (client) => {
    const { rows } = await client.query("SELECT pg_get_functiondef('enter_tenant_at'::regproc) AS text");
    await client.query(`
      CREATE OR REPLACE FUNCTION enter_tenant_at(wanted uuid, remembered text) RETURNS text LANGUAGE plpgsql AS $$
      BEGIN RETURN NULL; END $$`);
    try {
      for (const expectedVersion of [batch.expectedVersion, undefined]) {
        await expect(writer.write({ ...batch, expectedVersion })).rejects.toThrow('version of the directory');
      }
    } finally {
      await client.query(rows[0].text);
    }
  });
});
