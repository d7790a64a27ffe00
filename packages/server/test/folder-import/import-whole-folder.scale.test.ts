import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ShownKey } from '../../src/auth/manage-keys.ts';
import { makeDirectory } from '../../src/demo/directory.ts';
import { makeHistory } from '../../src/demo/history.ts';
import { storeDemoDirectory } from '../../src/demo/store-directory.ts';
import { upsertDesks, upsertZones } from '../../src/directory/nodes.ts';
import { upsertUsers } from '../../src/directory/users.ts';
import { type FolderImportOptions, importFolder } from '../../src/folder-import/import-folder.ts';
import { changeDays } from '../../src/workday/plan.ts';
import { exportAll, writeExport } from '../support/export-folder.ts';
import { basic, startTestServer, type TestServer } from '../support/server.ts';

const WINDOWS = [
  { startDate: '2026-02-10', endDate: '2026-02-28' },
  { startDate: '2026-03-01', endDate: '2026-03-31' },
];

const FORMATS = ['ndjson', 'csv', 'json', 'parquet'] as const;

let server: TestServer;
let folders: string;
let old: { tenantId: string; key: ShownKey };
let lived: Awaited<ReturnType<typeof exportAll>>;

beforeAll(async () => {
  server = await startTestServer();
  folders = await mkdtemp(join(tmpdir(), 'rollcall-folder-import-'));
  old = await organisation();
  await live(old.tenantId);
  lived = await exportAll(server, old.key, WINDOWS);
  for (const format of FORMATS) {
    await writeExport(server, old.key, WINDOWS, { directory: join(folders, format), format });
  }
});

afterAll(async () => {
  await server.close();
  await rm(folders, { recursive: true });
});

async function organisation(): Promise<{ tenantId: string; key: ShownKey }> {
  const tenantId = await server.organisation();
  return { tenantId, key: await server.key(tenantId) };
}

/** Ten days of the demo. Then users leave and are renamed, desks are retired, and a zone gets a capacity. */
async function live(tenantId: string): Promise<void> {
  const { owner: database } = server.db;
  const nowMs = server.clock.nowMs;
  const directory = makeDirectory(7, 20);
  await storeDemoDirectory(directory, { database, tenantId, at: new Date(nowMs) });
  await makeHistory(directory, { database, tenantId, days: 12, nowMs, onDay: () => {} });

  const author = {
    actor: { changedBy: 'admin' as const, name: 'Ann', reason: null },
    at: new Date(nowMs),
  };
  const [leaver, renamed, booker] = directory.people;
  if (!leaver || !renamed || !booker) throw new Error('The demo has people.');
  const { office } = booker;
  const [desk] = office.desks;
  const [lounge] = office.lounges;
  await database.inTenant(tenantId, async (tx) => {
    await upsertDesks(tx, tenantId, [{ deskId: leaver.favouriteDeskId, status: 'inactive' }], author);
    await upsertDesks(tx, tenantId, [{ deskId: desk?.deskId ?? '', deskName: '=1+1 "the, corner"' }], author);
    await upsertZones(tx, tenantId, [{ ...lounge, capacity: 2 }], author);
    await upsertUsers(
      tx,
      tenantId,
      [
        { userId: leaver.userId, status: 'inactive' },
        {
          userId: renamed.userId,
          userName: 'new.name',
          firstName: "'=1",
          lastName: "'Ørsted-“Q”'",
          email: null,
        },
      ],
      author,
    );
  });
  const outcomes = await changeDays(
    database,
    tenantId,
    [booker, renamed].map(({ userId }) => ({
      userId,
      day: '2026-03-20',
      setBy: 'day',
      plan: { kind: 'o', locationId: office.locationId, booking: { nodeId: lounge?.zoneId ?? '' } },
    })),
    author,
  );
  expect(outcomes).toEqual(['changed', 'changed']);
}

function into(tenantId: string, options: Partial<FolderImportOptions> = {}) {
  return importFolder({
    directory: join(folders, 'ndjson'),
    database: server.db.owner,
    tenantId,
    timeZone: 'Europe/London',
    replaceDays: false,
    dryRun: false,
    clock: server.clock.read,
    ...options,
  });
}

test('the test data have everything that an import could lose', () => {
  const types = new Set(lived['user-booking-attendance']?.map((row) => row.attendanceType));
  expect([...types].sort()).toEqual(['confirmed', 'noShow', 'unconfirmed', 'walkIn', undefined]);
  const depths = new Set(lived['user-booking-attendance']?.map((row) => row.bookingDepth));
  expect([...depths].sort()).toEqual([1, 2, 3, undefined]);
  for (const [dataset, rows] of Object.entries(lived))
    expect([dataset, rows.length > 0]).toEqual([dataset, true]);
  for (const dataset of ['users', 'desks']) {
    expect(lived[dataset]?.filter((row) => row.status === 'inactive').length).toBeGreaterThan(0);
  }
});

test.each(FORMATS)(
  'an organisation that was imported from %s has the same exports as before',
  async (format) => {
    const next = await organisation();
    const directory = join(folders, format);

    const report = await into(next.tenantId, { directory });

    expect(report.datasets.flatMap(({ reasons }) => reasons)).toEqual([]);
    for (const { dataset, rows } of report.datasets)
      expect([dataset, rows]).toEqual([dataset, lived[dataset]?.length]);
    const exported = await exportAll(server, next.key, WINDOWS);
    for (const [dataset, rows] of Object.entries(lived)) expect(exported[dataset], dataset).toEqual(rows);

    const again = await into(next.tenantId, { directory });
    expect(again.datasets.map(({ stored, refused, adjusted }) => stored + refused + adjusted)).toEqual(
      again.datasets.map(() => 0),
    );
    expect(await exportAll(server, next.key, WINDOWS)).toEqual(exported);
  },
);

test('an import that is interrupted anywhere and repeated has the same result', async () => {
  const next = await organisation();
  for (const batches of [3, 7, 12, 20]) {
    let left = batches;
    const onProgress = () => {
      if (--left < 0) throw new Error('killed');
    };
    await into(next.tenantId, { onProgress }).catch((error: Error) => expect(error.message).toBe('killed'));
  }
  await into(next.tenantId);
  const exported = await exportAll(server, next.key, WINDOWS);
  for (const [dataset, rows] of Object.entries(lived)) expect(exported[dataset], dataset).toEqual(rows);
});

test('a folder of later months adds to a folder of earlier months', async () => {
  const next = await organisation();
  for (const [index, window] of WINDOWS.entries()) {
    const directory = join(folders, `part ${index}`);
    await writeExport(server, old.key, [window], { directory, format: 'ndjson' });
    const report = await into(next.tenantId, { directory });
    expect(report.datasets.flatMap(({ reasons }) => reasons)).toEqual([]);
  }
  const exported = await exportAll(server, next.key, WINDOWS);
  for (const [dataset, rows] of Object.entries(lived)) expect(exported[dataset], dataset).toEqual(rows);
});

test('a source that sends imported events again learns that they are known, and nothing is stored twice', async () => {
  const next = await organisation();
  await into(next.tenantId);
  const before = await exportAll(server, next.key, WINDOWS);
  const events = (before.presence ?? []).filter((row) => row.locationType === 'location').slice(0, 50);
  expect(events.length).toBeGreaterThan(10);
  const reply = await server.app.inject({
    method: 'POST',
    url: '/v1/presence/basic',
    headers: { authorization: basic(next.key) },
    payload: {
      sourceId: events[0]?.sourceId,
      presenceEvents: events.map(({ userEmail: _, ...event }) => event),
    },
  });
  expect(reply.statusCode).toBe(200);
  expect((await exportAll(server, next.key, WINDOWS)).presence).toEqual(before.presence);
});
