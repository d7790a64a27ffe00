import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { addSite, goodEvent, results, type Site } from './support/presence.ts';
import { startTestServer, type TestServer } from './support/server.ts';
import { until } from './support/waiting.ts';

let server: TestServer;
/** The database refuses the rows of the site in the middle. */
let sites: [Site, Site, Site];
beforeAll(async () => {
  // Only the servers' storing of requests and counts runs on this clock.
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  server = await startTestServer();
  sites = [await addSite(server), await addSite(server), await addSite(server)];
  sites.sort((one, other) => (one.tenantId < other.tenantId ? -1 : 1));
  await refuse(sites[1].tenantId);
});
afterAll(async () => {
  await server.close();
  vi.useRealTimers();
});

const change = (statements: string) =>
  server.db.owner.inSystem(async (tx) => {
    await tx.query(statements);
  });
const refuse = (tenantId: string) =>
  change(`
    CREATE FUNCTION refuse_row() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF NEW.tenant_id = '${tenantId}' THEN RAISE EXCEPTION 'a faulty row'; END IF;
      RETURN NEW;
    END $$;
    CREATE TRIGGER refuse_row BEFORE INSERT ON answered_requests FOR EACH ROW EXECUTE FUNCTION refuse_row();
    CREATE TRIGGER refuse_row BEFORE INSERT ON source_hours FOR EACH ROW EXECUTE FUNCTION refuse_row();
    CREATE TRIGGER refuse_row BEFORE UPDATE ON api_keys FOR EACH ROW EXECUTE FUNCTION refuse_row();`);
const counts = (table: 'answered_requests' | 'source_hours') =>
  Promise.all(
    sites.map(({ tenantId }) =>
      server.db.owner.inTenant(tenantId, async (tx) => {
        const { rows } = await tx.query<{ count: number }>(
          table === 'source_hours'
            ? 'SELECT coalesce(sum(accepted), 0)::integer AS count FROM source_hours WHERE tenant_id = $1'
            : `SELECT count(*)::integer AS count FROM answered_requests WHERE tenant_id = $1 AND route LIKE '%presence%'`,
          [tenantId],
        );
        return rows[0]?.count;
      }),
    ),
  );

const usedKeys = () =>
  Promise.all(
    sites.map(({ tenantId }) =>
      server.db.owner.inTenant(tenantId, async (tx) => {
        const { rows } = await tx.query<{ count: number }>(
          'SELECT count(last_used_at)::integer AS count FROM api_keys WHERE tenant_id = $1',
          [tenantId],
        );
        return rows[0]?.count;
      }),
    ),
  );

test('a faulty row of an organisation costs no other one its requests and counts', async () => {
  for (const site of sites) await results(server, site, [goodEvent(site)]);
  vi.advanceTimersByTime(5_000);
  await until(async () => (await counts('answered_requests'))[2] === 1);
  await until(async () => (await counts('source_hours'))[2] === 1);
  await until(() => server.logs.filter((line) => line.includes('could not be stored')).length === 2);
  expect(await counts('answered_requests')).toEqual([1, 0, 1]);
  expect(await counts('source_hours')).toEqual([1, 0, 1]);
  await until(async () => (await usedKeys())[2] === 1);
  expect(await usedKeys()).toEqual([1, 0, 1]);
  const failures = server.logs.filter((line) => line.includes('could not be stored'));
  expect(failures.map((line) => JSON.parse(line).tenantId)).toEqual(Array(2).fill(sites[1].tenantId));

  // The counts of the organisation wait, and nothing is counted twice.
  await change(`DROP TRIGGER refuse_row ON answered_requests; DROP TRIGGER refuse_row ON source_hours;
                DROP TRIGGER refuse_row ON api_keys`);
  vi.advanceTimersByTime(5_000);
  await until(async () => (await counts('source_hours'))[1] === 1);
  expect(await counts('source_hours')).toEqual([1, 1, 1]);
  await until(async () => (await usedKeys())[1] === 1);
});
