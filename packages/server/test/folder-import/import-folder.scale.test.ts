import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { importFolder } from '../../src/folder-import/import-folder.ts';
import { createTestDatabase, createTestOrganisation, type TestDatabase } from '../support/database.ts';
import { heldBytes } from '../support/memory.ts';

const PEOPLE = 1_000;
const DAYS = 30;
const EVENTS = 100_000;
const MIB = 2 ** 20;

let db: TestDatabase;
let directory: string;
beforeAll(async () => {
  db = await createTestDatabase();
  directory = await mkdtemp(join(tmpdir(), 'rollcall-folder-import-'));
});
afterAll(async () => {
  await db.drop();
  await rm(directory, { recursive: true });
});

async function write(dataset: string, rows: Iterable<object>): Promise<void> {
  await mkdir(join(directory, dataset), { recursive: true });
  const lines = function* () {
    for (const row of rows) yield `${JSON.stringify(row)}\n`;
  };
  await pipeline(Readable.from(lines()), createWriteStream(join(directory, dataset, 'all.ndjson')));
}

test(`${DAYS} days of ${PEOPLE} users and ${EVENTS} events are imported in bounded memory`, async () => {
  const locationId = randomUUID();
  const userIds = Array.from({ length: PEOPLE }, () => randomUUID());
  const dayOf = (number: number) => new Date(Date.UTC(2026, 0, 1 + (number % DAYS))).toISOString();
  await write('locations', [{ locationId, locationName: 'Head office', timeZone: 'UTC' }]);
  await write(
    'users',
    userIds.map((userId, index) => ({ userId, userName: `user${index}`, primaryLocationId: locationId })),
  );
  await write(
    'user-booking-attendance',
    (function* () {
      for (let day = 0; day < DAYS; day++)
        for (const userId of userIds)
          yield { userId, day: dayOf(day), plan: 'o', bookingDepth: 1, bookingLocationId: locationId };
    })(),
  );
  await write(
    'presence',
    (function* () {
      for (let event = 0; event < EVENTS; event++) {
        const timestamp = dayOf(event).replace('T00:00:00', 'T09:00:00');
        const userId = userIds[event % PEOPLE];
        yield {
          eventId: `${event}`,
          timestamp,
          userId,
          sourceId: 'door',
          locationType: 'location',
          locationId,
        };
      }
    })(),
  );
  await writeFile(join(directory, 'manifest.json'), '{}');

  const tenantId = await createTestOrganisation(db.owner);
  let highest = 0;
  let first = 0;
  const startedMs = performance.now();
  const marks = new Map<number, number>();
  const report = await importFolder({
    directory,
    database: db.owner,
    tenantId,
    timeZone: 'UTC',
    replaceDays: false,
    dryRun: false,
    clock: () => Date.parse('2026-03-10T12:00:00Z'),
    onProgress: (done) => {
      marks.set(done, performance.now());
      if (marks.size % 10 !== 0) return;
      const held = heldBytes();
      // The tenth batch comes after the first batches of all code paths.
      if (marks.size === 10) first = held;
      highest = Math.max(highest, held);
    },
  });
  const seconds = (performance.now() - startedMs) / 1_000;
  const growthMiB = (highest - first) / MIB;
  const rows = report.datasets.reduce((sum, dataset) => sum + dataset.rows, 0);
  const steps = [...marks.values()];
  const days = ((steps[DAYS + 1] ?? 0) - (steps[1] ?? 0)) / 1_000;
  const events = ((steps.at(-1) ?? 0) - (steps[DAYS + 1] ?? 0)) / 1_000;
  console.log(
    `${rows} rows in ${seconds.toFixed(1)} s: ${Math.round((PEOPLE * DAYS) / days)} days/s, ${Math.round(EVENTS / events)} events/s; ${growthMiB.toFixed(1)} MiB more held`,
  );
  expect(report.datasets.map(({ dataset, stored }) => [dataset, stored])).toEqual([
    ['locations', 1],
    ['users', PEOPLE],
    ['user-booking-attendance', PEOPLE * DAYS],
    ['presence', EVENTS],
  ]);
  expect(growthMiB).toBeLessThan(16);
}, 600_000);
