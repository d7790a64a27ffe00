import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Manifest } from '../../src/cli/export/manifest.ts';
import { FILE_FORMATS, type FileFormat } from '../../src/cli/export/write.ts';
import { addSite, goodEvent, insertPresence, results, type Site } from '../support/presence.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { listen } from '../support/sockets.ts';
import { ChangingOrganisation, exportHere, rounds, rowsOf } from './export-support.ts';
import { until, Workspace } from './support.ts';

/** An event every ten seconds for most of a month. */
const ROWS = 250_000;
/** A heap that is too small for the rows. */
const HEAP_MIB = 64;
const MOST_MORE_BYTES = 128 * 2 ** 20;
const FORMATS = Object.keys(FILE_FORMATS) as FileFormat[];

let work: Workspace;
let server: TestServer;
let site: Site;
let baseUrl: string;
beforeAll(async () => {
  work = await Workspace.create();
  server = await startTestServer();
  // The command uses the real time.
  server.clock.nowMs = Date.now();
  baseUrl = await listen(server);
  site = await addSite(server);
  await insertPresence(server, site, ROWS);
});
afterAll(async () => {
  await server.close();
  await work.close();
});

/** The report of a run, and its maximum memory. */
async function run(folder: string, ...args: string[]) {
  const connection = ['--base-url', baseUrl, '--key', site.key.apiKey, '--json'];
  const command = work.spawn(['export', ...args, '--into', work.path(folder), ...connection], {
    // Garbage must not count as memory in use.
    env: { ROLLCALL_SECRET: site.key.secret, NODE_OPTIONS: `--max-old-space-size=${HEAP_MIB}` },
  });
  let peakBytes = 0;
  await until(() => {
    try {
      const status = readFileSync(`/proc/${command.pid}/status`, 'utf8');
      peakBytes = Math.max(peakBytes, Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024);
    } catch {
      // The process has ended.
    }
    return command.hasEnded;
  }, 300_000);
  const { code, stdout, stderr } = await command.exited;
  expect(code, stderr).toBe(0);
  return { ...JSON.parse(stdout), peakBytes };
}

test.each(['ndjson', 'csv', 'parquet'])(
  'a month of 250,000 rows with one change is merged in little memory: %s',
  async (format) => {
    const args = ['presence', '--from', '2026-03-01', '--to', '2026-03-31', '--format', format];
    const { peakBytes: baseBytes } = await run(`${format}-users`, 'users', '--format', format);
    const started = performance.now();
    const whole = await run(format, ...args);
    const between = performance.now();
    await results(server, site, [
      goodEvent(site, { eventId: format, timestamp: '2026-03-15T09:00:00.123Z' }),
    ]);
    const merged = await run(format, ...args);
    const ended = performance.now();
    expect(merged).toMatchObject({ read: 0, changed: 1, rows: whole.rows + 1 });
    console.log(
      `${format}: read whole in ${Math.round(between - started)} ms with ${whole.peakBytes >> 20} MB, ` +
        `merged in ${Math.round(ended - between)} ms with ${merged.peakBytes >> 20} MB, of users only ${baseBytes >> 20} MB`,
    );
    expect(merged.peakBytes - baseBytes).toBeLessThan(MOST_MORE_BYTES);
  },
);

const manifestOf = async (folder: string): Promise<Manifest> =>
  JSON.parse(await readFile(work.path(`${folder}/manifest.json`), 'utf8'));

test('after any changes between runs, the folder equals a full export, in each format', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(rounds, { minLength: 2, maxLength: 2 }), async (all) => {
      const organisation = await ChangingOrganisation.create(server);
      const source = { baseUrl, ...organisation.key };
      const exportAs = (folder: string, format: FileFormat, endDate: string) =>
        exportHere(work.path(folder), source, { format, endDate });
      const name = `property-${source.apiKey}`;
      for (const format of FORMATS) await exportAs(`${name}/${format}`, format, '2026-04-01');
      let changed = 0;
      for (const [index, changes] of all.entries()) {
        for (const change of changes) await organisation.apply(change);
        for (const format of FORMATS)
          changed += (await exportAs(`${name}/${format}`, format, index === 0 ? '2026-04-02' : '2026-04-03'))
            .changed;
      }
      expect(changed).toBeGreaterThan(0);
      for (const format of FORMATS) {
        await exportAs(`${name}/full/${format}`, format, '2026-04-03');
        const { files } = await manifestOf(`${name}/full/${format}`);
        const kept = (await manifestOf(`${name}/${format}`)).files;
        expect(kept.map(({ path, rows }) => [path, rows])).toEqual(
          files.map(({ path, rows }) => [path, rows]),
        );
        for (const { path } of files)
          expect(await rowsOf(work.path(`${name}/${format}/${path}`)), path).toEqual(
            await rowsOf(work.path(`${name}/full/${format}/${path}`)),
          );
      }
    }),
    // A failure that takes long to shrink is reported as it is.
    { numRuns: 5, interruptAfterTimeLimit: 300_000, endOnFailure: true },
  );
});
