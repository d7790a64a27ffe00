import { readdir, readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { EXPORTED_DATASETS } from '../../src/cli/export/parts.ts';
import { runErasures } from '../support/erasing.ts';
import { FOREIGN, OWN, type Planted, plantPerson } from '../support/person-data.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { browserWithRole } from '../support/sessions.ts';
import { listen } from '../support/sockets.ts';
import { exportHere, rowsOf } from './export-support.ts';
import { Workspace } from './support.ts';

let work: Workspace;
let server: TestServer;
let planted: Planted;
let baseUrl: string;
let key: { apiKey: string; secret: string };
beforeAll(async () => {
  work = await Workspace.create();
  server = await startTestServer();
  planted = await plantPerson(server);
  await browserWithRole(server, planted.tenantId, 'administrator', `second.${FOREIGN}@example.com`);
  // The command uses the real time.
  server.clock.nowMs = Date.now();
  key = await server.key(planted.tenantId);
  baseUrl = await listen(server);
});
afterAll(async () => {
  await server.close();
  await work.close();
});

const FORMATS = ['ndjson', 'csv', 'parquet'] as const;
const DAYS = { startDate: '2026-02-01', endDate: '2026-04-30', datasets: [...EXPORTED_DATASETS] };
/** Senders chose these ids of events, and the codes of plans are no names. */
const OF_OTHERS = new RegExp(`${OWN}-(event|door)|(hosted|visit|desk|group|before|after)-${OWN}`, 'g');

/** The words about the person in all files of a folder. */
async function wordsIn(folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const path of await readdir(work.path(folder), { recursive: true })) {
    if (!/[.](ndjson|csv|parquet|json)$/.test(path)) continue;
    const rows = path.endsWith('.json')
      ? [await readFile(work.path(`${folder}/${path}`), 'utf8')]
      : await rowsOf(work.path(`${folder}/${path}`));
    for (const row of rows) {
      const text = (typeof row === 'string' ? row : JSON.stringify(row)).replaceAll(OF_OTHERS, '');
      found.push(...(text.match(new RegExp(`[\\w.@-]*(${OWN}|${planted.userId})[\\w.@-]*`, 'gi')) ?? []));
    }
  }
  return found;
}

const erase = (person: string, ...args: string[]) =>
  work.rollcall(['people', 'erase', person, '--base-url', baseUrl, '--key', key.apiKey, '--json', ...args], {
    env: { ROLLCALL_SECRET: key.secret },
  });

test('people erase counts without --yes, and with it waits for the end; folders that are kept current forget the name', async () => {
  for (const format of FORMATS) {
    await exportHere(work.path(format), { baseUrl, ...key }, { ...DAYS, format });
    expect((await wordsIn(format)).length).toBeGreaterThan(5);
  }
  const counted = await erase(`${OWN}.LOGIN`);
  expect(counted).toMatchObject({ code: 0, stderr: '' });
  expect(JSON.parse(counted.stdout)).toMatchObject({ userId: planted.userId, erasure: null });

  const erasing = erase(planted.email, '--yes');
  let done = false;
  const ended = erasing.finally(() => {
    done = true;
  });
  while (!done) await runErasures(server);
  const { code, stdout, stderr } = await ended;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(JSON.parse(stdout).erasure).toMatchObject({
    requestedBy: key.apiKey,
    rows: { user: 1, presence: 1 },
  });
  expect(JSON.parse((await erase(planted.userId, '--yes')).stdout).erasure.finishedAt).toBeTruthy();

  for (const format of FORMATS) {
    await exportHere(work.path(format), { baseUrl, ...key }, { ...DAYS, format });
    expect([format, await wordsIn(format)]).toEqual([format, []]);
  }
});
