import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { addSite, goodEvent, insertPresence, results, type Site } from '../support/presence.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { listen } from '../support/sockets.ts';
import { until, Workspace } from './support.ts';

/** Most of a month of events every ten seconds. */
const ROWS = 250_000;
const MOST_MORE_BYTES = 128 * 2 ** 20;

let work: Workspace;
let server: TestServer;
let site: Site;
let baseUrl: string;
beforeAll(async () => {
  work = await Workspace.create();
  server = await startTestServer();
  // The command goes by the real time.
  server.clock.nowMs = Date.now();
  baseUrl = await listen(server);
  site = await addSite(server);
  await insertPresence(server, site, ROWS);
});
afterAll(async () => {
  await server.close();
  await work.close();
});

/** What a run reports, and the most memory that it had. */
async function run(folder: string, ...args: string[]) {
  const connection = ['--base-url', baseUrl, '--key', site.key.apiKey, '--json'];
  const command = work.spawn(['export', ...args, '--into', work.path(folder), ...connection], {
    env: { ROLLCALL_SECRET: site.key.secret },
  });
  let peakBytes = 0;
  await until(() => {
    try {
      const status = readFileSync(`/proc/${command.pid}/status`, 'utf8');
      peakBytes = Math.max(peakBytes, Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024);
    } catch {
      // It has ended.
    }
    return command.hasEnded;
  }, 300_000);
  const { code, stdout, stderr } = await command.exited;
  expect(code, stderr).toBe(0);
  return { ...JSON.parse(stdout), peakBytes };
}

test.each(['ndjson', 'csv', 'parquet'])(
  'a month of 250,000 rows in which one has changed is merged in little memory: %s',
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
