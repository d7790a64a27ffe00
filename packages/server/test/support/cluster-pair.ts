import pg from 'pg';
import { onTestFinished } from 'vitest';
import type { Monitor } from '../../src/http/monitoring/monitor.ts';
import { Database } from '../../src/store/connections/db.ts';
import { migrate } from '../../src/store/schema/migrate.ts';
import { Balancer, Cluster, type Programs } from './clusters.ts';
import { Consumer, facts, type Row } from './consumer.ts';
import { addUser } from './directory.ts';
import { addSite, goodEvent, results, type Site } from './presence.ts';
import { startTestServer, type TestServer } from './server.ts';
import { until } from './waiting.ts';

/** A server of Rollcall on a primary with a standby. The server reaches the primary through a balancer. */
export class ClusterPair {
  primary!: Cluster;
  standby!: Cluster;
  server!: TestServer;
  site!: Site;
  /** Other databases of the test that reach the primary through the balancer. */
  readonly others: Database[] = [];
  #balancer!: Balancer;
  #events = 0;

  /** All of it ends with the test. */
  static async start(
    programs: Programs,
    { readsStandby = false, ...options }: { monitor?: Monitor; readsStandby?: boolean } = {},
  ): Promise<ClusterPair> {
    const pair = new ClusterPair();
    pair.primary = await Cluster.create(programs);
    onTestFinished(() => pair.primary.remove());
    await migrate(pair.primary.target, { now: new Date('2026-03-10T12:00:00Z') });
    pair.standby = await pair.primary.standby();
    const { standby } = pair;
    onTestFinished(() => standby.remove());
    pair.#balancer = await Balancer.to(pair.primary);
    onTestFinished(() => pair.#balancer.close());
    const { target } = pair.#balancer;
    const db = {
      target,
      owner: new Database({ target, as: 'owner', poolSize: 2, exportPoolSize: 1 }),
      restricted: new Database({
        target,
        standby: readsStandby ? standby.target : undefined,
        as: 'restricted',
        poolSize: 4,
        exportPoolSize: 2,
      }),
      drop: async () => {
        await Promise.all([db.owner.close(), db.restricted.close()]);
      },
    };
    pair.server = await startTestServer({}, { db, ...options });
    onTestFinished(() => pair.server.close());
    pair.site = await addSite(pair.server);
    return pair;
  }

  /** The standby becomes the primary, and the server reaches it from then on. */
  async failOver(): Promise<void> {
    await this.primary.stop('SIGKILL');
    await this.standby.promote();
    await this.reach(this.standby);
  }

  /** The server reaches another primary, or the same one after a restart. Resolves when its connections to the former one have ended. */
  async reach(primary: Cluster): Promise<void> {
    this.#balancer.switchTo(primary);
    const { owner, restricted } = this.server.db;
    await until(() =>
      [owner, restricted, ...this.others]
        .flatMap((database) => database.poolStates())
        .every(({ name, used, idle }) => used + idle === 0 || name.startsWith('standby')),
    );
  }

  async addUser(): Promise<string> {
    return (await addUser(this.server.db.owner, this.site.tenantId)).userId;
  }

  async detect(): Promise<void> {
    const timestamp = `2026-03-${String(1 + (this.#events % 9)).padStart(2, '0')}T10:00:00Z`;
    await results(this.server, this.site, [
      goodEvent(this.site, { eventId: `event ${this.#events++}`, timestamp }),
    ]);
  }

  /** A transaction of the primary that has written a user, and goes on. */
  async open(): Promise<pg.Client> {
    const client = new pg.Client(this.primary.target);
    client.on('error', () => undefined);
    await client.connect();
    onTestFinished(() => client.end().catch(() => undefined));
    await client.query('SET search_path TO rollcall; BEGIN');
    await client.query("SELECT set_config('rollcall.tenant_id', $1, true)", [this.site.tenantId]);
    await client.query(
      `INSERT INTO users (tenant_id, user_id, user_name, user_name_folded, email, email_folded, status, primary_location_id)
       SELECT u.tenant_id, n.id, n.id, n.id, n.id || '@rollcall.example', n.id || '@rollcall.example', u.status, u.primary_location_id
       FROM users u, (SELECT gen_random_uuid() AS id) n WHERE u.user_id = $1`,
      [this.site.user.userId],
    );
    return client;
  }

  async follower(path: string): Promise<Consumer> {
    const consumer = new Consumer(this.server, this.site.key, path);
    await consumer.load();
    return consumer;
  }

  /** What the changes since a cursor answer. */
  since(path: string, cursor: string) {
    return new Consumer(this.server, this.site.key, path).get({ changedSince: cursor });
  }

  /** The changes that came. A copy that follows them must have the rows of the primary. */
  async followed(consumer: Consumer): Promise<{ came: Row[]; copied: unknown; exported: unknown }> {
    const came = await consumer.follow();
    return { came, copied: facts(consumer.rows()), exported: facts(await consumer.exported()) };
  }
}
