import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { TestProxy } from '../../../sdk/test/support/proxy.ts';
import type { ExportedFile } from '../../src/cli/export/manifest.ts';
import { type DatasetPath, hasDays } from '../../src/cli/export/parts.ts';
import { moveTo, redate } from '../support/redating.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { listen } from '../support/sockets.ts';
import { Workplace } from '../support/submissions.ts';
import { exportHere, rowsOf } from './export-support.ts';
import { Workspace } from './support.ts';

const DATASETS: DatasetPath[] = ['presence', 'occupancy', 'visitors', 'user-booking-attendance'];
/** The command reads each dataset in three calls: April, then March up to the 30th, then the 31st. */
const MONTHS = { datasets: DATASETS, startDate: '2026-03-01', endDate: '2026-04-02', concurrency: 1 };
/** Around the boundaries of days, windows and months. In London, their days are those of the text. */
const INSTANTS = [
  ...['2026-02-28T20:00:00Z', '2026-03-01T02:00:00Z'],
  ...['2026-03-30T20:00:00Z', '2026-03-31T02:00:00Z', '2026-03-31T20:00:00Z', '2026-04-01T02:00:00Z'],
];
/** Compared with London, late events are on the next day in Tokyo, and early ones on the day before in New York. */
const [TOKYO, NEW_YORK, LONDON] = ['Asia/Tokyo', 'America/New_York', 'Europe/London'];

let work: Workspace;
let server: TestServer;
let proxy: TestProxy;
let site: Workplace;
let key: { apiKey: string; secret: string };
beforeAll(async () => {
  work = await Workspace.create();
  server = await startTestServer();
  proxy = await TestProxy.start(await listen(server));
  // Exports use the real time.
  server.clock.nowMs = Date.now();
});
afterEach(() => proxy.reset());
afterAll(async () => {
  await proxy.close();
  await server.close();
  await work.close();
});

async function startIn(timeZone: string): Promise<void> {
  site = await Workplace.open(server, LONDON);
  key = await server.key(site.tenantId);
  const events = INSTANTS.map((timestamp) => ({
    ...{ eventId: timestamp, timestamp, locationId: site.office.locationId, locationType: 'location' },
    ...{ userId: site.user.userId, occupancy: 1, visitorName: 'Ada' },
  }));
  await site.submit('presence', { sourceId: 'test', presenceEvents: events });
  await site.submit('occupancy', { sourceId: 'test', occupancyEvents: events });
  await site.submit('visitor-arrival', { sourceId: 'test', visitorArrivals: events });
  if (timeZone !== LONDON) await become(timeZone);
}

async function become(timeZone: string): Promise<void> {
  await moveTo(site, timeZone);
  await redate(server);
}

const here = (folder: string, options: Parameters<typeof exportHere>[2] = MONTHS) =>
  exportHere(work.path(folder), { baseUrl: proxy.baseUrl, ...key }, options);

/** All rows of the files, as sorted texts. */
async function rowsIn(folder: string, files: ExportedFile[]): Promise<string[]> {
  const all = await Promise.all(files.map(({ path }) => rowsOf(work.path(`${folder}/${path}`))));
  return all
    .flat()
    .filter((row) => row !== '')
    .sort();
}

/** How many times the files contain each event of a dataset. */
async function timesOf(dataset: string, folder: string, files: ExportedFile[]): Promise<number[]> {
  const rows = await rowsIn(
    folder,
    files.filter((file) => file.dataset === dataset),
  );
  return INSTANTS.map((id) => rows.filter((row) => JSON.parse(row).eventId === id).length);
}

test('an event that changes its day while a run reads is there once, with its new day, after the next run', async () => {
  const seen = { lost: 0, doubled: 0 };
  for (const [index, zones] of [
    [LONDON, TOKYO, NEW_YORK],
    [TOKYO, NEW_YORK, LONDON],
    [NEW_YORK, LONDON, TOKYO],
  ].entries()) {
    for (const call of [2, 3]) {
      await startIn(zones[0] as string);
      const folder = `${index}-${call}`;
      // The change comes before the second or third call of a dataset, with other calls before and after.
      const calls = new Map<string, number>();
      let changes = 0;
      proxy.hold = async ({ path, query }) => {
        if (!query.has('startDate')) return;
        calls.set(path, (calls.get(path) ?? 0) + 1);
        if (calls.get(path) === call) await become(zones[++changes % zones.length] as string);
      };
      const { files } = await here(folder);
      proxy.reset();
      expect(changes).toBe(DATASETS.filter(hasDays).length);
      for (const dataset of ['presence', 'occupancy', 'visitors']) {
        // The first and the last event may belong to days outside the requested ones.
        const times = (await timesOf(dataset, folder, files)).slice(2, -1);
        seen.lost += times.filter((count) => count === 0).length;
        seen.doubled += times.filter((count) => count > 1).length;
      }
      const next = await here(folder);
      expect(next.read).toBe(0);
      const full = await here(`${folder}-full`);
      expect(await rowsIn(folder, next.files)).toEqual(await rowsIn(`${folder}-full`, full.files));
    }
  }
  // Otherwise the test would prove nothing.
  expect(seen.lost).toBeGreaterThan(0);
  expect(seen.doubled).toBeGreaterThan(0);
});

test.each([
  [NEW_YORK, 'out of the requested months'],
  [TOKYO, 'into them'],
])('an event that %s moves %s is in the folder once', async (timeZone) => {
  await startIn(LONDON);
  const folder = `beside-${timeZone.replace('/', '-')}`;
  const datasets: DatasetPath[] = ['presence', 'occupancy', 'visitors'];
  await here(folder, { ...MONTHS, datasets, startDate: '2026-02-01' });
  await become(timeZone);
  await here(folder, { ...MONTHS, datasets });
  const { files } = await here(`${folder}-full`, { ...MONTHS, datasets, startDate: '2026-02-01' });
  // The manifest of the run with fewer months lists all files.
  expect(await rowsIn(folder, files)).toEqual(await rowsIn(`${folder}-full`, files));
});
