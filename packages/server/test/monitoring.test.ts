import { request } from 'node:http';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLogger } from '../src/http/logging.ts';
import {
  aggregate,
  keepLongestDelay,
  type ProcessMetrics,
  WorkerMetrics,
} from '../src/http/monitoring/aggregate.ts';
import { InstanceMonitor } from '../src/http/monitoring/instance-monitor.ts';
import { MOST_ORGANISATIONS, Monitor, type ShareUse } from '../src/http/monitoring/monitor.ts';
import { type MonitoringServer, serveMonitoring } from '../src/http/monitoring/monitoring-server.ts';
import { SourceActivity } from '../src/ingest/source-activity.ts';
import { Database } from '../src/store/connections/db.ts';
import { noteJobEnd, noteJobStart } from '../src/store/schema/job-runs.ts';
import { addSite, goodEvent, type Site, submit } from './support/presence.ts';
import { basic, login, startTestServer, type TestServer } from './support/server.ts';

const HOUR_MS = 3_600_000;

let monitor: Monitor;
let instance: InstanceMonitor;
let server: TestServer;
let site: Site;
let metrics: MonitoringServer;
let stopwatchMs = 0;

beforeAll(async () => {
  monitor = new Monitor();
  server = await startTestServer({}, { monitor });
  site = await addSite(server);
  instance = new InstanceMonitor({
    database: new Database({ target: server.db.target, as: 'restricted', poolSize: 1, eventPoolSize: 1 }),
    clock: server.clock.read,
    stopwatch: () => stopwatchMs,
    jobIntervals: async () => new Map([['audit', 60]]),
    volumes: { data: '/', lost: '/no/such/volume' },
  });
  metrics = await serveMonitoring({ host: '127.0.0.1', port: 0 }, async () => {
    await instance.refresh();
    return aggregate([
      (await monitor.registry.getMetricsAsJSON()) as unknown as ProcessMetrics,
      (await instance.registry.getMetricsAsJSON()) as unknown as ProcessMetrics,
    ]);
  });
});
afterAll(async () => {
  await metrics.close();
  await instance.close();
  await server.close();
});

async function scrape(): Promise<string> {
  const reply = await fetch(`http://127.0.0.1:${metrics.port}/metrics`);
  expect(reply.status).toBe(200);
  return reply.text();
}

/** The value of a sample, by its name with labels in the order of the text; 0 if there is no such sample. */
function sampleOf(text: string, sample: string): number {
  const line = text.split('\n').find((each) => each.startsWith(`${sample} `));
  return Number(line?.slice(sample.length + 1) ?? 0);
}

/** How much a sample grows while `work` runs. */
async function growth(sample: string, work: () => Promise<unknown>): Promise<number> {
  const before = sampleOf(await scrape(), sample);
  await work();
  return sampleOf(await scrape(), sample) - before;
}

function readUsers(): Promise<unknown> {
  return server.app.inject({ url: '/v1/analytics/users/basic', headers: site.headers });
}

describe('The metrics of a server', () => {
  test('begin with 0 where the code lists the values of labels, so that the first burst is a growth', async () => {
    const fresh = new Monitor();
    const { app, close } = await startTestServer({}, { monitor: fresh });
    await app.ready();
    const text = await fresh.registry.metrics();
    await close();
    const samples = [
      'rollcall_failed_logins_total{by="HMAC",secret="checked"}',
      'rollcall_failed_logins_total{by="passkey",secret="refused unchecked"}',
      'rollcall_limit_refusals_total{limit="reads",of="caller"}',
      'rollcall_limit_refusals_total{limit="stored events",of="organisation"}',
      'rollcall_limit_refusals_total{limit="connections",of="share"}',
      'rollcall_requests_refused_total{reason="offices"}',
      'rollcall_events_total{kind="access-credentials",result="refused"}',
      'rollcall_events_refused_total{kind="presence",cause="malformedRequest"}',
      'rollcall_directory_lookups_total{source="memory"}',
      'rollcall_warehouse_reads_total{source="standby"}',
      'rollcall_standby_fallbacks_total{reason="conflict"}',
      'rollcall_export_rows_total{dataset="users",format="parquet"}',
      'rollcall_merge_wait_seconds_count{queue="directory"}',
      'rollcall_slot_wait_seconds_count{resource="images"}',
    ];
    const lines = text.split('\n');
    expect(samples.filter((sample) => !lines.includes(`${sample} 0`))).toEqual([]);
    // The pairs of a limit and of its holder that there cannot be.
    expect(text).not.toContain('limit="exports",of="organisation"');
    expect(text).not.toContain('limit="reads",of="share"');
  });

  test('count answers by the pattern of the route and the class of the status', async () => {
    const labels =
      'http_request_method="GET",http_route="/v1/analytics/users/basic",http_response_status_class="2xx"';
    const sample = `http_server_request_duration_seconds_count{${labels}}`;
    expect(await growth(sample, readUsers)).toBe(1);
    const unknown = sample.replace('/v1/analytics/users/basic', 'unknown').replace('2xx', '4xx');
    expect(await growth(unknown, () => server.app.inject({ url: '/ada@example.com' }))).toBe(1);
  });

  test('count events by kind and result, and refusals by cause', async () => {
    const events = [
      goodEvent(site),
      goodEvent(site, { eventId: 'e2', userId: undefined, userEmail: 'nobody' }),
    ];
    const work = () => submit(server, site, events);
    expect(await growth('rollcall_events_total{kind="presence",result="accepted"}', work)).toBe(1);
    expect(await growth('rollcall_events_total{kind="presence",result="refused"}', work)).toBe(1);
    expect(await growth('rollcall_events_refused_total{kind="presence",cause="unknownUser"}', work)).toBe(1);
    const malformed = () => submit(server, site, [{}]);
    expect(
      await growth('rollcall_events_refused_total{kind="presence",cause="malformedRequest"}', malformed),
    ).toBe(1);
  });

  test('count the requests of each round trip, and where users and nodes were found', async () => {
    const work = () => submit(server, site, [goodEvent(site, { eventId: 'e3' })]);
    await work();
    expect(await growth('rollcall_merge_requests_count{queue="events"}', work)).toBe(1);
    expect(await growth('rollcall_merge_wait_seconds_count{queue="events"}', work)).toBe(1);
    expect(await growth('rollcall_directory_lookups_total{source="memory"}', work)).toBe(1);
    const unknown = () =>
      submit(server, site, [goodEvent(site, { userId: undefined, userEmail: 'x@example.com' })]);
    expect(await growth('rollcall_directory_lookups_total{source="database"}', unknown)).toBe(1);
    expect(await growth('rollcall_merge_requests_count{queue="directory"}', unknown)).toBe(1);
  });

  test('count failed logins, refusals by a rule, and requests beyond a limit', async () => {
    const wrong = () =>
      server.app.inject({
        method: 'POST',
        url: '/v1/auth',
        payload: login({ ...site.key, secret: 'wrong' }, server.clock.nowS),
      });
    expect(await growth('rollcall_failed_logins_total{by="HMAC",secret="checked"}', wrong)).toBe(1);
    const submitter = await server.key(site.tenantId, { role: 'submitting-events' });
    const forbidden = () =>
      server.app.inject({ url: '/v1/analytics/users/basic', headers: { authorization: basic(submitter) } });
    expect(await growth('rollcall_requests_refused_total{reason="role"}', forbidden)).toBe(1);
    const limited = await server.key(site.tenantId, { limits: { reads: 1 } });
    const headers = { authorization: basic(limited) };
    const twice = async () => {
      for (let count = 0; count < 2; count++)
        await server.app.inject({ url: '/v1/analytics/users/basic', headers });
    };
    expect(await growth('rollcall_limit_refusals_total{limit="reads",of="caller"}', twice)).toBe(1);
  });

  test('count rows of exports, and the age of cursors', async () => {
    expect(await growth('rollcall_export_rows_total{dataset="users",format="json"}', readUsers)).toBe(1);
    const first = await server.app.inject({ url: '/v1/analytics/users/basic', headers: site.headers });
    server.clock.advanceS(30);
    const changed = () =>
      server.app.inject({
        url: `/v1/analytics/users/basic?changedSince=${first.headers['rollcall-cursor']}`,
        headers: site.headers,
      });
    expect(await growth('rollcall_changes_cursor_age_seconds_bucket{le="60"}', changed)).toBe(1);
    expect(await growth('rollcall_changes_cursor_age_seconds_sum', changed)).toBe(30);
  });

  test('show the pools of connections', async () => {
    const text = await scrape();
    expect(sampleOf(text, 'db_client_connection_max{db_client_connection_pool_name="requests"}')).toBe(10);
    const used = 'db_client_connection_pool_name="requests",db_client_connection_state="used"';
    const hold = server.db.restricted.inSystem(async () => {
      expect(sampleOf(await scrape(), `db_client_connection_count{${used}}`)).toBeGreaterThanOrEqual(1);
    });
    await hold;
  });

  test('show the parts of the ten organisations that hold most, and of no others', async () => {
    const uses: ShareUse[] = Array.from({ length: 30 }, (_, index) => ({
      resource: 'exports',
      organisation: `organisation-${index}`,
      part: index / 100,
    }));
    const busy = [new Monitor(), new Monitor()];
    for (const [index, each] of busy.entries()) {
      const ofProcess = uses.filter((_, position) => position % 2 === index);
      each.watch({ poolStates: () => [], connectionParts: () => [] }, [{ shareUse: () => ofProcess }]);
    }
    const processes = await Promise.all(
      busy.map(async ({ registry }) => (await registry.getMetricsAsJSON()) as unknown as ProcessMetrics),
    );
    const lines = (await aggregate(processes))
      .split('\n')
      .filter((line) => line.startsWith('rollcall_organisation'));
    expect(lines).toHaveLength(MOST_ORGANISATIONS);
    expect(lines.map((line) => Number(line.split(' ').at(-1)))).toEqual(
      [29, 28, 27, 26, 25, 24, 23, 22, 21, 20].map((part) => part / 100),
    );
  });

  test('show the part that an organisation holds while it holds it', async () => {
    const sample = `rollcall_organisation_share_ratio{resource="connections",organisation="${site.tenantId}"}`;
    await server.db.restricted.inTenant(site.tenantId, async () => {
      expect(sampleOf(await scrape(), sample)).toBe(1 / 8);
    });
    expect(sampleOf(await scrape(), sample)).toBe(0);
  });

  test('have no text of a caller, no name and no address', async () => {
    await submit(
      server,
      site,
      [goodEvent(site, { userId: undefined, userEmail: 'ada@example.com' })],
      'secret door',
    );
    await server.app.inject({ url: '/v1/manage/users/ada@example.com?x=secret', headers: site.headers });
    const text = await scrape();
    for (const word of ['@', 'secret door', site.key.apiKey, site.key.secret, site.user.userId])
      expect(text).not.toContain(word);
  });
});

describe('The metrics of what a server stands on', () => {
  test('show the database, volumes and the release', async () => {
    stopwatchMs += HOUR_MS;
    const text = await scrape();
    expect(sampleOf(text, 'rollcall_database_up')).toBe(1);
    expect(sampleOf(text, 'rollcall_database_size_bytes')).toBeGreaterThan(1_000_000);
    expect(sampleOf(text, 'rollcall_volume_free_bytes{volume="data"}')).toBeGreaterThan(0);
    expect(text).not.toContain('lost');
    expect(text).toMatch(/^rollcall_build_info\{version="\d/m);
  });

  test('show quiet sources by the rule of the list of sources', async () => {
    const tenantId = await server.organisation({ timeZone: 'UTC' });
    const activity = new SourceActivity({ database: server.db.restricted, log: createLogger('silent') });
    const nowMs = server.clock.nowMs;
    const hours = Array.from({ length: 4 * 7 * 24 }, (_, hour) => nowMs - (hour + 4) * HOUR_MS);
    for (const sourceId of ['quiet', 'new']) {
      for (const atMs of sourceId === 'quiet' ? hours : hours.slice(0, 1))
        activity.note(tenantId, { endpoint: 'occupancy', sourceId, accepted: 1, refused: 0, atMs });
    }
    await activity.close();
    stopwatchMs += HOUR_MS;
    const text = await scrape();
    expect(sampleOf(text, 'rollcall_sources{kind="occupancy"}')).toBe(2);
    expect(sampleOf(text, 'rollcall_sources_quiet{kind="occupancy"}')).toBe(1);
    const last = sampleOf(text, 'rollcall_source_last_event_timestamp_seconds{kind="occupancy"}');
    expect(last).toBeCloseTo((nowMs - 4 * HOUR_MS) / 1_000, 0);
  });

  test('show when jobs last succeeded in any server, and how long their last run took', async () => {
    const sampleOfJob = (text: string, name: string) =>
      sampleOf(text, `rollcall_job_${name}_seconds{job_name="audit"}`);
    stopwatchMs += HOUR_MS;
    const before = await scrape();
    expect(sampleOfJob(before, 'interval')).toBe(60);
    expect(before).not.toContain('rollcall_job_last_success_timestamp_seconds{');

    const { clock, db } = server;
    const run = async (name: string, failure: string | null) => {
      await db.restricted.inSystem((tx) => noteJobStart(tx, name, new Date(clock.nowMs)));
      clock.advanceS(4);
      await db.restricted.inSystem((tx) => noteJobEnd(tx, name, new Date(clock.nowMs), failure));
    };
    await run('audit', null);
    const succeededS = clock.nowMs / 1_000;
    clock.advanceS(60);
    await run('audit', 'Error: it failed');
    await run('job of another release', null);
    await db.restricted.inSystem((tx) => noteJobStart(tx, 'audit', new Date(clock.nowMs)));
    stopwatchMs += HOUR_MS;
    const text = await scrape();
    expect(sampleOfJob(text, 'last_success_timestamp')).toBe(succeededS);
    expect(sampleOfJob(text, 'last_duration')).toBe(4);
    expect(text).not.toContain('another release');
  });

  test('are read once for all scrapes of some seconds', async () => {
    stopwatchMs += HOUR_MS;
    await scrape();
    const tenantId = await server.organisation();
    const activity = new SourceActivity({ database: server.db.restricted, log: createLogger('silent') });
    activity.note(tenantId, {
      endpoint: 'timeoff',
      sourceId: '',
      accepted: 1,
      refused: 0,
      atMs: server.clock.nowMs,
    });
    await activity.close();
    expect(sampleOf(await scrape(), 'rollcall_sources{kind="timeoff"}')).toBe(0);
    stopwatchMs += 15_000;
    expect(sampleOf(await scrape(), 'rollcall_sources{kind="timeoff"}')).toBe(1);
  });

  test('say so if the database does not answer, and the scrape succeeds', async () => {
    const lost = new InstanceMonitor({
      database: new Database({ target: { host: '127.0.0.1', port: 1 }, as: 'restricted', poolSize: 1 }),
      clock: server.clock.read,
      stopwatch: () => 0,
      jobIntervals: async () => new Map(),
      volumes: { data: '/' },
    });
    await lost.refresh();
    const text = await lost.registry.metrics();
    expect(text).toContain('rollcall_database_up 0');
    expect(sampleOf(text, 'rollcall_volume_size_bytes{volume="data"}')).toBeGreaterThan(0);
    await lost.close();
  });
});

describe('The address of the metrics', () => {
  const ask = (options: { path?: string; method?: string; host?: string }) =>
    new Promise<{ status: number | undefined; body: string }>((resolve, reject) => {
      const { path = '/metrics', method = 'GET', host = 'localhost' } = options;
      const sent = request(
        { port: metrics.port, host: '127.0.0.1', path, method, headers: { host } },
        (reply) => {
          let body = '';
          reply.setEncoding('utf8').on('data', (text: string) => {
            body += text;
          });
          reply.on('end', () => resolve({ status: reply.statusCode, body }));
        },
      );
      sent.on('error', reject).end();
    });

  test('serves them alone', async () => {
    expect((await ask({ path: '/' })).status).toBe(404);
    expect((await ask({ path: '/v1/analytics/users/basic' })).status).toBe(404);
    expect((await ask({ method: 'POST' })).status).toBe(405);
    expect(await ask({ method: 'HEAD' })).toEqual({ status: 200, body: '' });
  });

  test('on this machine does not answer to a name that somebody else gave it', async () => {
    expect((await ask({ host: 'attacker.example' })).status).toBe(421);
    for (const host of ['localhost:9464', '127.0.0.1', '[::1]:9464'])
      expect((await ask({ host })).status).toBe(200);
  });

  test('is not on the port of the server', async () => {
    expect((await server.app.inject({ url: '/metrics', headers: site.headers })).statusCode).toBe(404);
  });
});

test('Counters of a worker that has ended stay counted, and its gauges do not', async () => {
  const metricsWith = async (rows: number) => {
    const each = new Monitor();
    each.noteRows('users', 'json', rows);
    each.noteCursor(1_000);
    each.watch(
      {
        poolStates: () => [{ name: 'events', most: 4, used: 1, idle: 0, waiting: 0 }],
        connectionParts: () => [],
      },
      [],
    );
    return (await each.registry.getMetricsAsJSON()) as unknown as ProcessMetrics;
  };
  const workers = new WorkerMetrics<number>();
  workers.note(1, await metricsWith(3));
  workers.note(2, await metricsWith(4));
  await workers.end(1);
  workers.note(3, await metricsWith(5));
  await workers.end(3);
  const text = await aggregate(workers.all);
  expect(sampleOf(text, 'rollcall_export_rows_total{dataset="users",format="json"}')).toBe(12);
  expect(sampleOf(text, 'rollcall_changes_cursor_age_seconds_count')).toBe(3);
  expect(sampleOf(text, 'db_client_connection_max{db_client_connection_pool_name="events"}')).toBe(4);
});

test('Of the delays of the event loops of several processes, the longest counts, and of their memory the sum', async () => {
  const processOf = async (delayS: number, bytes: number) => {
    const registry = new Registry();
    collectDefaultMetrics({ register: registry });
    keepLongestDelay(registry);
    const values = { nodejs_eventloop_lag_p99_seconds: delayS, nodejs_heap_size_used_bytes: bytes };
    const all = (await registry.getMetricsAsJSON()) as unknown as ProcessMetrics;
    for (const metric of all) {
      const value = values[metric.name as keyof typeof values];
      if (value !== undefined) metric.values = [{ value, labels: {} }];
    }
    return all;
  };
  const text = await aggregate([
    await processOf(0.01, 100),
    await processOf(1.4, 200),
    await processOf(0.02, 300),
  ]);
  expect(sampleOf(text, 'nodejs_eventloop_lag_p99_seconds')).toBe(1.4);
  expect(sampleOf(text, 'nodejs_heap_size_used_bytes')).toBe(600);
});
