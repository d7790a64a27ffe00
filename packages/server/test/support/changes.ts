import { afterAll, beforeAll, beforeEach, expect } from 'vitest';
import type { Tx } from '../../src/store/connections/db.ts';
import { datasets } from '../../src/warehouse/datasets.ts';
import { Consumer, facts, type Row } from './consumer.ts';
import { addNode, addUser } from './directory.ts';
import { addSite, goodEvent, results, type Site } from './presence.ts';
import { startTestServer, type TestServer } from './server.ts';
import { logChanges, storeDays } from './workday.ts';

/**
 * The datasets with changes. Metrics have none, because the server computes them. The audit trail changes by each read;
 * `audit.test.ts` has its changes and pages.
 */
export const followable = datasets.filter(
  ({ key, ofAdministrators }) => key !== undefined && !ofAdministrators,
);
export const DATES = 'startDate=2026-03-01&endDate=2026-03-31';
export const datesOf = (path: string) => {
  // A read of the audit trail is an entry of it, too, so a test that reads it twice must not ask for reads.
  if (path === 'audit') return `${DATES}&actions=key.created`;
  return datasets.find((dataset) => dataset.path === path)?.filters.includes('dates') ? DATES : '';
};

/** A server for the tests of a file. Each test reads the changes of a new organisation. */
export class ChangesClient {
  server!: TestServer;
  site!: Site;

  /** Call it once in a file. */
  static forEachTest(): ChangesClient {
    const client = new ChangesClient();
    beforeAll(async () => {
      client.server = await startTestServer();
    });
    beforeEach(async () => {
      client.server.clock.nowMs = Date.parse('2026-03-10T12:00:00Z');
      client.site = await addSite(client.server);
    });
    afterAll(() => client.server.close());
    return client;
  }

  get = (path: string, query = '', headers: Record<string, string> = {}, method: 'GET' | 'HEAD' = 'GET') =>
    this.server.app.inject({
      method,
      url: `/v1/analytics/${path}/basic?${query}`,
      headers: { ...this.site.headers, ...headers },
    });

  cursorOf = async (path = 'users'): Promise<string> =>
    String((await this.get(path, datesOf(path))).headers['rollcall-cursor']);

  since = async (path: string, cursor: string, more = ''): Promise<Row[]> => {
    const reply = await this.get(path, `changedSince=${cursor}${more}`);
    expect(reply.statusCode, reply.body).toBe(200);
    return reply.json();
  };

  owned = <T>(work: (tx: Tx) => Promise<T>): Promise<T> =>
    this.server.db.owner.inTenant(this.site.tenantId, work);

  write = (sql: string, ...values: unknown[]) =>
    this.owned((tx) => tx.query(sql, [this.site.tenantId, ...values]));

  follower = async (path: string, query?: Record<string, string>): Promise<Consumer> => {
    const consumer = new Consumer(this.server, this.site.key, path, query);
    await consumer.load();
    return consumer;
  };

  /** The changes that came. It compares the consumer's rows with a new export. */
  followed = async (consumer: Consumer, limit?: number): Promise<Row[]> => {
    const came = await consumer.follow(limit);
    expect(facts(consumer.rows())).toEqual(facts(await consumer.exported()));
    return came;
  };

  /** Adds rows to every dataset. */
  fill = async (): Promise<void> => {
    const { server, site } = this;
    const { office, tenantId } = site;
    await addNode(server.db.owner, tenantId, { kind: 'place', parentId: office.zoneId });
    await addNode(server.db.owner, tenantId, { kind: 'space', parentId: office.levelId });
    await addNode(server.db.owner, tenantId, { kind: 'location' });
    const others = [await addUser(server.db.owner, tenantId), await addUser(server.db.owner, tenantId)];
    await this.write(
      `INSERT INTO groups (tenant_id, group_id, group_type, name)
       SELECT $1, gen_random_uuid(), 'Team', 'Team ' || i FROM generate_series(1, 3) AS i`,
    );
    const days = ['2026-03-08', '2026-03-09', '2026-03-10'];
    for (const [index, { userId }] of [site.user, ...others].entries()) {
      await storeDays(
        server.db.owner,
        tenantId,
        days.map((day) => ({
          userId,
          day,
          ...(index === 1 ? { plan: 'r' } : { plan: 'o', locationId: office.locationId }),
        })),
      );
      await results(
        server,
        site,
        days.map((day) => goodEvent(site, { userId, timestamp: `${day}T09:00:00Z` })),
      );
      await logChanges(
        server.db.owner,
        tenantId,
        days.map((day) => ({ loggedAt: `${day}T08:00:00Z`, userId, day })),
      );
    }
    for (const table of ['occupancy_events', 'visitor_arrivals']) {
      const [columns, values] =
        table === 'occupancy_events' ? ['occupied', 'true'] : ['visitor_name', "'Visitor'"];
      await this.write(
        `INSERT INTO ${table} (tenant_id, observed_at, event_digest, day, location_id, node_id, ${columns}, event_id, source_id, received_at)
         SELECT $1, e.at, gen_random_uuid(), e.at::date, $2, $2, ${values}, 'e', 's', e.at
         FROM (SELECT timestamptz '2026-03-08 09:00:00Z' + i * interval '1 hour' AS at FROM generate_series(1, 40, 8) AS i) AS e`,
        office.locationId,
      );
    }
  };
}
