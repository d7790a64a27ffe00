import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Monitor } from '../src/http/monitoring/monitor.ts';
import { Database } from '../src/store/connections/db.ts';
import { WarehouseReads } from '../src/store/warehouse/warehouse-reads.ts';
import { datasets } from '../src/warehouse/datasets.ts';
import { ClusterPair } from './support/cluster-pair.ts';
import { listPrograms, type Programs } from './support/clusters.ts';
import { Consumer, facts } from './support/consumer.ts';
import { fillEveryDataset } from './support/every-dataset.ts';
import { replicaOf, type TestServer } from './support/server.ts';
import { until } from './support/waiting.ts';

const DATES = { startDate: '2026-03-01', endDate: '2026-03-31' };

/** A pair whose server has the standby for reads, and one that reads the primary only. */
async function startReading(programs: Programs) {
  const monitor = new Monitor();
  const pair = await ClusterPair.start(programs, { monitor, readsStandby: true });
  const database = new Database({
    target: pair.server.db.target,
    as: 'restricted',
    poolSize: 2,
    exportPoolSize: 2,
  });
  pair.others.push(database);
  onTestFinished(() => database.close());
  const app = await replicaOf(pair.server, { database });
  onTestFinished(() => app.close());
  const onPrimary: TestServer = { ...pair.server, app };
  const consumer = (path: string, server: TestServer = pair.server) =>
    new Consumer(server, pair.site.key, path);
  /** The answers of exports and metrics so far, by source, and the fallbacks by reason. */
  const counts = async (): Promise<Record<string, number>> => {
    const metrics = await monitor.registry.getMetricsAsJSON();
    const values = metrics
      .filter(({ name }) => /warehouse_reads|standby_fallbacks/.test(name))
      .flatMap(({ values }) => values as { value: number; labels: Record<string, string> }[]);
    return Object.fromEntries(
      values.map(({ value, labels }) => [labels.source ?? labels.reason ?? '', value]),
    );
  };
  return { pair, onPrimary, consumer, counts };
}

describe.each(await listPrograms())('PostgreSQL $major', (programs) => {
  test('cursors of the primary and of the standby are interchangeable, with transactions in progress and aborted ones', async () => {
    const { pair, onPrimary, counts } = await startReading(programs);
    const through = { ...pair.server };
    const servers = [pair.server, onPrimary];
    for (const [first, path] of [
      [0, 'users'],
      [1, 'users'],
      [0, 'presence'],
      [1, 'presence'],
    ] as const) {
      const copy = new Consumer(through, pair.site.key, path);
      const early = await pair.open();
      through.app = (servers[first] as TestServer).app;
      await copy.load();
      for (let n = first + 1; n < first + 7; n++) {
        const inProgress = await pair.open();
        await pair.addUser();
        await pair.detect();
        const aborted = await pair.open();
        await aborted.query('ROLLBACK');
        await pair.standby.catchUp(pair.primary);
        through.app = (servers[n % 2] as TestServer).app;
        await copy.follow();
        await inProgress.query('COMMIT');
        if (n === first + 3) await early.query('COMMIT');
      }
      await pair.standby.catchUp(pair.primary);
      for (const { app } of servers) {
        through.app = app;
        await copy.follow();
        expect(facts(copy.rows())).toEqual(facts(await copy.exported()));
      }
    }
    expect((await counts()).standby).toBeGreaterThan(10);
  });

  test('every dataset has the rows of the primary, and changes of it', async () => {
    const { pair, onPrimary, consumer, counts } = await startReading(programs);
    await fillEveryDataset(pair.server, pair.site);
    await pair.standby.catchUp(pair.primary);
    const answers = datasets.filter(({ path }) => path !== 'audit');
    let read = 0;
    for (const { path, filters, key } of answers) {
      const query = filters.includes('dates') ? DATES : {};
      await pair.standby.catchUp(pair.primary);
      const reply = await consumer(path).get(query);
      expect(reply.statusCode, `${path} ${reply.body}`).toBe(200);
      const there = await consumer(path, onPrimary).get(query);
      expect(facts(reply.json()), path).toEqual(facts(there.json()));
      read++;
      if (!key) continue;
      await pair.standby.catchUp(pair.primary);
      const changes = await consumer(path).get({ changedSince: String(there.headers['rollcall-cursor']) });
      expect(changes.statusCode, `${path} ${changes.body}`).toBe(200);
      read++;
    }
    expect(await counts()).toEqual({ standby: read });
  });

  test('an answer waits until the standby has what its cursor has seen, and else comes from the primary', async () => {
    const { pair, onPrimary, consumer, counts } = await startReading(programs);
    const copy = consumer('users');
    await pair.standby.catchUp(pair.primary);
    await copy.load();
    await pair.standby.replay('pause');
    const added = await pair.addUser();
    const after = String((await consumer('users', onPrimary).get({})).headers['rollcall-cursor']);
    await pair.addUser();
    const fromPrimary = await consumer('users').get({ changedSince: after });
    expect(fromPrimary.json()).toHaveLength(1);
    expect(await counts()).toMatchObject({ standby: 1, primary: 1, behind: 1 });
    // For a while nobody waits for it.
    await consumer('users').get({ changedSince: after });
    expect(await counts()).toMatchObject({ behind: 2 });
    expect(pair.server.logs.filter((line) => line.includes('instead of the standby'))).toHaveLength(1);
    await pair.standby.replay('resume');
    await until(async () => {
      const answer = await consumer('users').get({ changedSince: after });
      expect(answer.json()).toHaveLength(1);
      return ((await counts()).standby ?? 0) > 1;
    });
    expect(facts(await copy.exported()).join()).toContain(added);
  });

  test('a standby that is away or too far behind is not read, and the log says so once', async () => {
    const { pair, consumer, counts } = await startReading(programs);
    await pair.standby.catchUp(pair.primary);
    await consumer('users').load();
    const log = { warn: () => undefined, info: () => undefined };
    const strict = new WarehouseReads(pair.server.db.restricted, {
      log,
      mostBehindMs: 0,
      longestWaitMs: 100,
    });
    const usersThere = async () => {
      for await (const count of strict.stream(
        { kind: 'lists', tenantId: pair.site.tenantId, seen: [] },
        async function* (tx, source) {
          const { rows } = await tx.query('SELECT count(*)::integer AS users FROM users');
          yield { source, users: rows[0].users };
        },
      ))
        return count;
    };
    await until(async () => {
      const { source, users } = (await usersThere()) ?? {};
      expect(users).toBe(1);
      return source === 'standby';
    });
    await pair.standby.replay('pause');
    await pair.addUser();
    expect(await usersThere()).toEqual({ source: 'primary', users: 2 });
    await pair.standby.stop('SIGKILL');
    for (let n = 0; n < 3; n++) expect((await consumer('users').get({})).json()).toHaveLength(2);
    expect(await counts()).toEqual({ standby: 1, primary: 3, unreachable: 3 });
    expect(pair.server.logs.filter((line) => line.includes('instead of the standby'))).toHaveLength(1);
    await pair.standby.start();
    await until(async () => {
      expect((await consumer('users').get({})).json()).toHaveLength(2);
      await delay(200);
      return ((await counts()).standby ?? 0) > 1;
    });
    expect(pair.server.logs.filter((line) => line.includes('the standby answers'))).toHaveLength(1);
  });

  test('a read that PostgreSQL cancels for replaying runs on the primary', async () => {
    const { pair } = await startReading(programs);
    await pair.standby.asAdmin(async (admin) => {
      await admin.query("ALTER SYSTEM SET max_standby_streaming_delay = '10ms'");
      await admin.query('SELECT pg_reload_conf()');
    });
    await pair.standby.catchUp(pair.primary);
    const warnings: unknown[] = [];
    const reads = new WarehouseReads(pair.server.db.restricted, {
      log: { warn: (of) => warnings.push(of), info: () => undefined },
    });
    const sources: string[] = [];
    for await (const source of reads.stream(
      { kind: 'exports', tenantId: pair.site.tenantId, seen: [] },
      async function* (tx, from) {
        sources.push(from);
        await tx.query('SELECT count(*) FROM users');
        if (from === 'standby') {
          const reading = tx.query('SELECT pg_sleep(600)');
          reading.catch(() => undefined);
          await pair.primary.asAdmin(
            (admin) => admin.query('BEGIN; LOCK TABLE rollcall.users IN ACCESS EXCLUSIVE MODE; COMMIT'),
            'rollcall',
          );
          await reading;
        }
        yield from;
      },
    ))
      expect(source).toBe('primary');
    expect(sources).toEqual(['standby', 'primary']);
    expect(warnings).toMatchObject([{ reason: 'conflict' }]);
  });

  test('a standby that still follows the old primary is not read beside a new one', async () => {
    const { pair, consumer, counts } = await startReading(programs);
    const stale = pair.standby;
    const next = await pair.primary.standby();
    onTestFinished(() => next.remove());
    await next.catchUp(pair.primary);
    await next.stop();
    await pair.addUser();
    await stale.catchUp(pair.primary);
    const lost = consumer('users');
    await lost.load();
    expect(lost.rows()).toHaveLength(2);
    expect(await counts()).toEqual({ standby: 1 });
    await pair.primary.stop('SIGKILL');
    await next.start();
    await next.promote();
    await pair.reach(next);
    expect((await consumer('users').get({})).json()).toHaveLength(1);
    expect((await consumer('users').get({ changedSince: lost.cursor })).statusCode).toBe(410);
    const { history, standby } = await counts();
    expect({ history, standby }).toEqual({ history: expect.any(Number), standby: 1 });
  });

  test('a standby that becomes the primary gives it the reads, and cursors of both go on', async () => {
    const { pair, onPrimary, consumer, counts } = await startReading(programs);
    const copies = [consumer('users'), consumer('users', onPrimary)];
    await pair.standby.catchUp(pair.primary);
    for (const copy of copies) await copy.load();
    await pair.standby.catchUp(pair.primary);
    await pair.failOver();
    await pair.addUser();
    for (const copy of copies) {
      expect(await copy.follow()).toHaveLength(1);
      expect(facts(copy.rows())).toEqual(facts(await copy.exported()));
    }
    expect(await counts()).toMatchObject({ standby: 1, primary: 2 });
  });

  test('a cursor without a position is judged by the primary', async () => {
    const { pair, consumer, counts } = await startReading(programs);
    const copy = consumer('users');
    await pair.standby.catchUp(pair.primary);
    await copy.load();
    const [, runId, snapshot, at] = JSON.parse(Buffer.from(copy.cursor, 'base64url').toString());
    const { rows } = await pair.server.db.owner.inSystem((tx) =>
      tx.query<{ database: string }>('SELECT database FROM current_history()'),
    );
    const former = [rows[0]?.database, runId, snapshot, at];
    copy.cursor = Buffer.from(JSON.stringify(former)).toString('base64url');
    await pair.addUser();
    expect(await copy.follow()).not.toEqual([]);
    expect(await counts()).toEqual({ standby: 1, primary: 1, cursor: 1 });
  });
});
