import type { Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { addSite, insertPresence, type Site } from './support/presence.ts';
import { startTestServer, type TestServer } from './support/server.ts';
import { listen, openPaused } from './support/sockets.ts';

const MEBIBYTE = 1024 * 1024;

const DECODERS = { gzip: createGunzip, br: createBrotliDecompress };
type Coding = 'identity' | keyof typeof DECODERS;

let server: TestServer;
let baseUrl: string;
beforeAll(async () => {
  server = await startTestServer();
  baseUrl = await listen(server);
});
afterAll(() => server.close());

/** Exports the site's rows and discards them. Returns their number, and the maximum memory of the process. */
async function exportRows(
  site: Site,
  coding: Coding,
): Promise<{ rows: number; bytes: number; peakBytes: number }> {
  const url = `${baseUrl}/v1/analytics/presence/basic?startDate=2026-03-01&endDate=2026-03-31`;
  const response = await openPaused(url, site, { 'accept-encoding': coding });
  let [rows, bytes, peakBytes] = [0, 0, 0];
  expect(response.headers['content-encoding'] ?? 'identity').toBe(coding);
  const body: Readable = coding === 'identity' ? response : response.pipe(DECODERS[coding]());
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    for (let at = chunk.indexOf('{'); at !== -1; at = chunk.indexOf('{', at + 1)) rows++;
    peakBytes = Math.max(peakBytes, process.memoryUsage.rss());
  }
  return { rows, bytes, peakBytes };
}

test.each(['identity', 'gzip', 'br'] as const)(
  'an export of ten times as many rows needs no more memory: %s',
  async (coding) => {
    const [small, large] = [await addSite(server), await addSite(server)];
    await insertPresence(server, small, 20_000);
    await insertPresence(server, large, 200_000);
    await exportRows(small, coding);
    const few = await exportRows(small, coding);
    const many = await exportRows(large, coding);
    expect([few.rows, many.rows]).toEqual([20_000, 200_000]);
    expect(many.bytes).toBeGreaterThan(100 * MEBIBYTE);
    expect(many.peakBytes - few.peakBytes).toBeLessThan(48 * MEBIBYTE);
  },
);
