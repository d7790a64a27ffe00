import { afterAll, beforeAll, expect, test } from 'vitest';
import { addUser } from './support/directory.ts';
import { addSite, type Site } from './support/presence.ts';
import { startTestServer, type TestServer } from './support/server.ts';
import { listen, openPaused } from './support/sockets.ts';

const MEBIBYTE = 1024 * 1024;

let server: TestServer;
let site: Site;
let baseUrl: string;
let authorization: string;
beforeAll(async () => {
  server = await startTestServer();
  site = await addSite(server);
  baseUrl = await listen(server);
  authorization = `Bearer ${await server.token(site.key)}`;
});
afterAll(() => server.close());

/** A user with entries of the action log. Texts of random digits hardly shrink. */
async function addLoggedUser(entries: number): Promise<string> {
  const { userId } = await addUser(server.db.owner, site.tenantId);
  await server.db.owner.inTenant(site.tenantId, (tx) =>
    tx.query(
      `INSERT INTO action_log (tenant_id, logged_at, entry_id, action_id, user_id, day, category, action, description,
                               changed_by, reason)
       SELECT $1::uuid, now(), gen_random_uuid(), gen_random_uuid(), $2, '2026-03-12', 'plan', 'changed', 'x', 'admin',
              md5(n::text) || md5($1::text || n)
       FROM generate_series(1, $3::integer) AS n`,
      [site.tenantId, userId, entries],
    ),
  );
  return userId;
}

/** Exports a person and discards the file. Returns its bytes, and the maximum memory of the process. */
async function exportPerson(userId: string): Promise<{ bytes: number; peakBytes: number }> {
  const response = await openPaused(`${baseUrl}/v1/manage/users/${userId}/export`, {
    headers: { authorization },
  });
  let [bytes, peakBytes] = [0, 0];
  for await (const piece of response as AsyncIterable<Buffer>) {
    bytes += piece.length;
    peakBytes = Math.max(peakBytes, process.memoryUsage.rss());
  }
  expect(response.complete).toBe(true);
  return { bytes, peakBytes };
}

test('the export of a person with ten times as many rows needs no more memory', async () => {
  const [few, many] = [await addLoggedUser(15_000), await addLoggedUser(150_000)];
  await exportPerson(few);
  const small = await exportPerson(few);
  const large = await exportPerson(many);
  expect(large.bytes / small.bytes).toBeGreaterThan(9);
  expect(large.bytes).toBeGreaterThan(20 * MEBIBYTE);
  expect(large.peakBytes - small.peakBytes).toBeLessThan(48 * MEBIBYTE);
});
