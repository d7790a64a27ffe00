import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { passwordOf, ROLES } from '../../src/embedded/secret.ts';
import { warnUnless } from '../support/not-run.ts';
import { basic, login } from '../support/server.ts';
import { DatabaseProxy } from '../support/sockets.ts';
import { basicKey, type Credentials, SILENT } from './demo-support.ts';
import { hasPrometheus, Prometheus, type Sample } from './prometheus-support.ts';
import { CLOSED_PORT, type Key, type Rollcall, superuserOf, until, Workspace } from './support.ts';

const fileOf = (path: string) => fileURLToPath(new URL(`../../../../monitoring/${path}`, import.meta.url));
const RULES = fileOf('alerts.yaml');
const rules = readFileSync(RULES, 'utf8');
const alertNames = [...rules.matchAll(/- alert: (\w+)/g)].map(([, name = '']) => name);
const dashboard = JSON.parse(readFileSync(fileOf('grafana/rollcall.json'), 'utf8')) as {
  panels: { title: string; targets?: { expr: string }[] }[];
};

describe('The alerts', () => {
  test('each has a row in docs/monitoring.md', () => {
    const text = readFileSync(fileOf('../docs/monitoring.md'), 'utf8');
    const rows = [...text.matchAll(/^\| `(Rollcall\w+)` \|/gm)].map(([, name]) => name);
    expect(rows).toEqual(alertNames);
  });
});

/**
 * For each alert, the series by which it fires after `at` and not before `before`, in the notation of promtool with a sample each
 * minute. `fresh` is the value that a server shows before it has done anything: none, if it does not show the series.
 */
const FIRES: Record<string, { series: Record<string, string>; before: string; at: string }> = {
  RollcallDown: { series: { 'up{job="rollcall"}': '1x5 0x10' }, before: '5m', at: '10m' },
  RollcallDatabaseDown: { series: { rollcall_database_up: '1x5 0x10' }, before: '5m', at: '10m' },
  RollcallErrors: {
    series: {
      'http_server_request_duration_seconds_count{http_response_status_class="2xx"}': '0+100x60',
      'http_server_request_duration_seconds_count{http_response_status_class="5xx"}': 'freshx20 5+5x40',
    },
    before: '20m',
    at: '45m',
  },
  RollcallSourceQuiet: {
    series: { 'rollcall_sources_quiet{kind="presence"}': '0x5 1x30' },
    before: '15m',
    at: '30m',
  },
  RollcallNoEvents: {
    series: { 'rollcall_source_last_event_timestamp_seconds{kind="presence"}': '0x6000' },
    before: '95h',
    at: '97h',
  },
  RollcallRefusalsRising: {
    series: {
      'rollcall_events_total{kind="presence",result="accepted"}': '0+97x2000',
      'rollcall_events_total{kind="presence",result="refused"}': '0+3x1600 4800+20x400',
    },
    before: '1590m',
    at: '1640m',
  },
  RollcallJobLate: {
    series: {
      'rollcall_job_interval_seconds{job_name="horizon"}': '900x90',
      'rollcall_job_last_success_timestamp_seconds{job_name="horizon"}': '0x90',
    },
    before: '45m',
    at: '60m',
  },
  RollcallJobFails: {
    series: { 'rollcall_job_runs_total{job_name="audit",outcome="failure"}': 'freshx30 4x30' },
    before: '30m',
    at: '40m',
  },
  RollcallDiskLow: {
    series: {
      'rollcall_volume_free_bytes{volume="data"}': '20x10 9x60',
      'rollcall_volume_size_bytes{volume="data"}': '100x70',
    },
    before: '20m',
    at: '40m',
  },
  RollcallReplicationLag: {
    series: { rollcall_database_replication_lag_seconds: '0x10 60x20', rollcall_database_up: '1x30' },
    before: '12m',
    at: '20m',
  },
  RollcallStandbyGone: {
    series: { rollcall_database_standbys: '2x10 1x30', rollcall_database_up: '1x40' },
    before: '12m',
    at: '20m',
  },
  RollcallStandbyFallbacks: {
    series: {
      'rollcall_warehouse_reads_total{source="standby"}': '0+4x30 120x60',
      'rollcall_warehouse_reads_total{source="primary"}': '0+1x30 30+5x60',
      'rollcall_standby_fallbacks_total{reason="unreachable"}': '0+1x30 30+5x60',
    },
    before: '35m',
    at: '60m',
  },
  RollcallEventLoopLag: {
    series: { nodejs_eventloop_lag_p99_seconds: '0.02x10 0.8x30' },
    before: '15m',
    at: '25m',
  },
  RollcallCertificateExpires: {
    series: { rollcall_tls_certificate_expiry_timestamp_seconds: `${15 * 86_400}x2000` },
    before: '23h',
    at: '25h',
  },
  RollcallFailedLogins: {
    series: { 'rollcall_failed_logins_total{by="HMAC",secret="checked"}': 'freshx30 1000x10' },
    before: '30m',
    at: '35m',
  },
  RollcallLimitsMet: {
    series: { 'rollcall_limit_refusals_total{limit="reads",of="caller"}': 'freshx30 20x10' },
    before: '30m',
    at: '36m',
  },
};

const IN_AN_OUTAGE = ['RollcallDatabaseDown', 'RollcallErrors', 'RollcallStandbyGone'];
/** These need a job that fails, a full disk, a slow network or a server without time. Only promtool makes them fire. */
const NOT_HERE = ['RollcallJobFails', 'RollcallDiskLow', 'RollcallReplicationLag', 'RollcallEventLoopLag'];

/** Further cases: the alerts that fire at a time, out of those of the name. */
const CASES: {
  name: string;
  when: string;
  series: Record<string, string>;
  firing: Record<string, number>;
}[] = [
  {
    name: 'RollcallJobLate',
    when: 'no server has ever run a job',
    series: { 'rollcall_job_interval_seconds{job_name="audit",instance="a"}': '60x30' },
    firing: { '14m': 0, '16m': 1 },
  },
  {
    name: 'RollcallJobLate',
    when: 'no server runs jobs any more, and the servers show when one did',
    series: {
      'rollcall_job_interval_seconds{job_name="audit",instance="a"}': '60x60',
      'rollcall_job_last_success_timestamp_seconds{job_name="audit",instance="a"}': '0+60x10 600x50',
    },
    firing: { '20m': 0, '40m': 1 },
  },
  {
    name: 'RollcallJobLate',
    when: 'the server that ran the last jobs was killed, and another one goes on with them',
    series: {
      'rollcall_job_interval_seconds{job_name="audit",instance="a"}': '60x60',
      'rollcall_job_last_success_timestamp_seconds{job_name="audit",instance="a"}': '0+60x60',
      'rollcall_job_interval_seconds{job_name="audit",instance="b"}': '60x10',
      'rollcall_job_last_success_timestamp_seconds{job_name="audit",instance="b"}': '0+60x10',
    },
    firing: { '10m': 0, '30m': 0, '60m': 0 },
  },
  {
    name: 'RollcallNoEvents',
    when: 'only events come no more that do not come daily',
    series: Object.fromEntries(
      ['timeoff', 'visitor-arrival', 'access-credentials'].map((kind) => [
        `rollcall_source_last_event_timestamp_seconds{kind="${kind}"}`,
        '0x15000',
      ]),
    ),
    firing: { '240h': 0 },
  },
];

warnUnless(hasPrometheus, 'promtool is missing', 'the dashboard and the alerts in Prometheus');

describe.skipIf(!hasPrometheus)('With the Prometheus of Debian', () => {
  let work: Workspace;
  let prometheus: Prometheus;
  let credentials: Credentials;
  let server: Rollcall;
  let ca: Buffer;
  let database: pg.Client;
  let standby: Awaited<ReturnType<typeof standIn>>;
  let proxy: DatabaseProxy;
  let other: { server: Rollcall; baseUrl: string };
  /** The metrics of a server before its first request. */
  let fresh: string;

  beforeAll(async () => {
    work = await Workspace.create();
    const [certFile, keyFile] = [work.path('cert.pem'), work.path('key.pem')];
    await promisify(execFile)('openssl', [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '5'],
      ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'],
      ...['-keyout', keyFile, '-out', certFile],
    ]);
    ca = readFileSync(certFile);
    const dataDir = work.path('data');
    const file = work.path('credentials.json');
    ({ server } = await work.start(
      [
        ...['demo', ...SILENT, '--data-dir', dataDir, '--credentials-file', file, '--metrics-port', '0'],
        ...['--tls-cert', certFile, '--tls-key', keyFile, '--log-file', work.path('server.log')],
      ],
      { env: { ROLLCALL_JOBS: 'on' } },
    ));
    credentials = JSON.parse(readFileSync(file, 'utf8')) as Credentials;
    const superuser = await superuserOf(dataDir);
    database = new pg.Client(superuser);
    await database.connect();
    await database.query('GRANT pg_read_all_stats TO rollcall');
    standby = await standIn(superuser);

    // Its database can be cut off, and its standby does not answer.
    proxy = await DatabaseProxy.start(superuser);
    const urlOf = async (role: string, port: number | undefined) =>
      `postgres://${role}:${encodeURIComponent(await passwordOf(dataDir, role))}@127.0.0.1:${port}/rollcall`;
    other = await work.start(['serve', '--metrics-port', '0'], {
      env: {
        DATABASE_URL: await urlOf(ROLES.owner, proxy.target.port),
        ROLLCALL_SERVING_DATABASE_URL: await urlOf(ROLES.serving, proxy.target.port),
        READ_DATABASE_URL: await urlOf(ROLES.serving, CLOSED_PORT),
        ROLLCALL_MASTER_KEY: readFileSync(`${dataDir}/master.key`, 'utf8').trim(),
      },
    });
    const metricsOf = ({ stdout, stderr }: Rollcall) =>
      /Metrics are at http:\/\/(\S+)\/metrics/.exec(stdout + stderr)?.[1] ?? '';

    fresh = await (await fetch(`http://${metricsOf(other.server)}/metrics`)).text();
    mkdirSync(work.path('prometheus'));
    prometheus = await Prometheus.start(work.path('prometheus'), {
      targets: [metricsOf(server), metricsOf(other.server), `127.0.0.1:${CLOSED_PORT}`],
      // Alerts of minutes would make a test of hours. The expressions stay as they are, but for their times.
      rules: rules
        .replaceAll(/^ +for: .*\n/gm, '')
        .replaceAll(/\[(10m|30m|1h|1d)\]/g, '[20s]')
        .replaceAll('offset 30m', 'offset 20s'),
    });
  });
  afterAll(async () => {
    await prometheus?.stop();
    await database?.end();
    standby?.connection.stream.destroy();
    await other?.server.stop();
    await proxy?.close();
    await server?.stop();
    await work?.close();
  });

  /** Sends a request to the server, and returns its status and the cursor of its answer. */
  function call(
    method: 'GET' | 'POST',
    path: string,
    { key, body }: { key?: Key; body?: object } = {},
  ): Promise<{ status: number | undefined; cursor: string }> {
    return new Promise((resolve, reject) => {
      const headers = {
        ...(key && { authorization: basic(key) }),
        ...(body && { 'content-type': 'application/json' }),
      };
      request(`${credentials.baseUrl}${path}`, { method, headers, ca }, (reply) => {
        const cursor = String(reply.headers['rollcall-cursor'] ?? '');
        reply.resume().on('end', () => resolve({ status: reply.statusCode, cursor }));
      })
        .on('error', reject)
        .end(body && JSON.stringify(body));
    });
  }

  const event = (eventId: string, where: { userEmail: string; locationId: string }) => ({
    eventId,
    timestamp: new Date().toISOString(),
    locationType: 'location',
    ...where,
  });

  /** A person of the demo, and an office. */
  async function personAndOffice(): Promise<{ userEmail: string; locationId: string }> {
    const { rows } = await database.query<{ userEmail: string; locationId: string }>(
      `SELECT u.email AS "userEmail", n.node_id AS "locationId"
       FROM rollcall.users u JOIN rollcall.nodes n USING (tenant_id)
       WHERE u.email IS NOT NULL AND n.kind = 'location' LIMIT 1`,
    );
    return rows[0] ?? expect.fail('the demo has nobody');
  }

  /** Does each kind of work once that has a metric. */
  async function useEverything(limited: Key): Promise<void> {
    const key = basicKey(credentials);
    const { cursor } = await call('GET', '/v1/analytics/users/basic', { key });
    expect((await call('GET', `/v1/analytics/users/basic?changedSince=${cursor}`, { key })).status).toBe(200);
    const known = await personAndOffice();
    const presenceEvents = [event('a', { ...known, userEmail: 'nobody@example.com' }), event('b', known)];
    const body = { sourceId: 'door', presenceEvents };
    await readFromOther();
    expect((await call('POST', '/v1/presence/basic', { key, body })).status).toBe(200);
    const submitter = credentials.keys.find(({ role }) => role === 'submitting-events') as Key;
    expect((await call('GET', '/v1/analytics/users/basic', { key: submitter })).status).toBe(403);
    await sendBurst(limited);
  }

  /** Sends wrong secrets, and more requests than a limit allows. */
  async function sendBurst(limited: Key): Promise<void> {
    for (let count = 0; count < 15; count++) await call('GET', '/v1/analytics/users/basic', { key: limited });
    const wrong = { ...limited, secret: 'wrong' };
    await Promise.all(
      Array.from({ length: 150 }, () =>
        call('POST', '/v1/auth', { body: login(wrong, Math.floor(Date.now() / 1_000)) }),
      ),
    );
  }

  /** Reads from the server whose standby does not answer. Its database may be cut off. */
  async function readFromOther(): Promise<void> {
    const headers = { authorization: basic(basicKey(credentials)) };
    const reply = await fetch(`${other.baseUrl}/v1/analytics/users/basic`, { headers });
    await reply.arrayBuffer();
  }

  /** Lets a job that runs once a day have last succeeded three days ago. */
  async function delayJob(): Promise<void> {
    await database.query(
      `UPDATE rollcall.job_runs SET succeeded_at = now() - interval '3 days'
       WHERE name = 'prune' AND succeeded_at > now() - interval '1 day'`,
    );
  }

  async function limitedKey(): Promise<Key> {
    const properties = [
      '--role',
      'all',
      '--authentication',
      'basic',
      '--name',
      'limited',
      '--limit',
      'reads=1',
    ];
    return work.json<Key>(['keys', 'create', '--data-dir', work.path('data'), ...properties]);
  }

  /** Adds a source that sent in each hour of four weeks until three hours ago, and one that last sent five days ago. */
  async function addQuietSources(): Promise<void> {
    const { rows } = await database.query<{ tenant_id: string }>(
      'SELECT tenant_id FROM rollcall.organisations',
    );
    const tenant = rows[0]?.tenant_id;
    for (const [endpoint, hoursAgo] of [
      ['presence', 3],
      ['occupancy', 120],
    ] as const) {
      await database.query(
        `INSERT INTO rollcall.sources (tenant_id, endpoint, source_id, first_event_at, last_event_at)
         VALUES ($1, $2, 'old door', now() - interval '40 days', now() - $3::int * interval '1 hour')`,
        [tenant, endpoint, hoursAgo],
      );
    }
    // Those of the demo, too, have been silent since then.
    await database.query(
      `UPDATE rollcall.sources SET first_event_at = now() - interval '40 days', last_event_at = now() - interval '120 hours'
       WHERE endpoint = 'occupancy'`,
    );
    await database.query(
      `INSERT INTO rollcall.source_hours (tenant_id, endpoint, source_id, hour, accepted, refused)
       SELECT $1, 'presence', 'old door', date_trunc('hour', now()) - n * interval '1 hour', 1, 0
       FROM generate_series(3, 24 * 29) AS n`,
      [tenant],
    );
  }

  test('the first burst of failed logins and of refused requests on a new server makes alerts fire', async () => {
    await until(async () => (await prometheus.query('rollcall_build_info')).length === 2);
    await sendBurst(await limitedKey());
    await until(async () => {
      const fired = await prometheus.fired();
      return ['RollcallFailedLogins', 'RollcallLimitsMet'].every((name) => fired.includes(name));
    });
  });

  test('every query of the dashboard has an answer, and alerts fire on our own /metrics', async () => {
    await addQuietSources();
    const limited = await limitedKey();
    const queries = dashboard.panels.flatMap(({ title, targets = [] }) =>
      targets.map(({ expr }) => ({ title, query: expr.replaceAll('$__rate_interval', '20s') })),
    );
    expect(queries.length).toBeGreaterThan(30);
    const open = new Map(queries.map(({ title, query }) => [query, title]));
    const waiting = new Set(alertNames.filter((name) => ![...IN_AN_OUTAGE, ...NOT_HERE].includes(name)));
    await until(async () => {
      await delayJob();
      await useEverything(limited);
      for (const query of open.keys())
        if (isAnswered(query, await prometheus.query(query))) open.delete(query);
      for (const name of await prometheus.fired()) waiting.delete(name);
      return open.size + waiting.size === 0;
    }).catch((error: Error) => {
      // What is missing then says more.
      if (!error.message.startsWith('not within')) throw error;
    });
    expect([...open.values()]).toEqual([]);
    expect([...waiting]).toEqual([]);

    // Every metric of every alert is one of ours, so none is silent because of a wrong name.
    const alerts = await prometheus.alerts();
    expect(alerts.map(({ name }) => name)).toEqual(alertNames);
    for (const { query } of alerts) {
      for (const [selector] of query.matchAll(/\b(?:rollcall|http|nodejs|up)\w*(?:\{[^}]*\})?/g)) {
        const name = selector.replace(/\{.*/, '');
        expect({ name, found: (await prometheus.query(name)).length > 0 }).toEqual({ name, found: true });
      }
    }
  });

  test('alerts fire when a database and a standby are gone', async () => {
    await proxy.cut('resets');
    standby.connection.stream.destroy();
    await until(async () => {
      await readFromOther();
      const fired = await prometheus.fired();
      return IN_AN_OUTAGE.every((name) => fired.includes(name));
    });
  });

  test.each(alertNames)('%s fires when it should, and not before', (name) => {
    const { series, before, at } = FIRES[name] ?? expect.fail(`no series for ${name}`);
    promtool(name, series, { [before]: 0, [at]: 1 });
  });

  test.each(CASES)('$name when $when', ({ name, series, firing }) => promtool(name, series, firing));

  /** Counters begin at 0, so that only a growth shows that a query finds what it is about. No job fails here. */
  function isAnswered(query: string, samples: Sample[]): boolean {
    const mayBeZero = !/\b(rate|increase)\(/.test(query) || query.includes('outcome="failure"');
    return samples.some(({ value: [, value] }) => mayBeZero || Number(value) > 0);
  }

  /** The first sample of a series of a new server, in the notation of promtool. */
  function freshValueOf(series: string): string {
    const line = fresh.split('\n').find((each) => each.startsWith(`${series} `));
    return line?.slice(series.length + 1) ?? '_';
  }

  /** Throws unless promtool finds, of an alert, the number that fires at each time. */
  function promtool(name: string, series: Record<string, string>, firing: Record<string, number>): void {
    const dir = mkdtempSync(work.path(name));
    writeFileSync(
      `${dir}/test.yaml`,
      JSON.stringify({
        rule_files: [RULES],
        evaluation_interval: '1m',
        tests: [
          {
            interval: '1m',
            input_series: Object.entries(series).map(([key, values]) => ({
              series: key,
              values: values.replace('fresh', freshValueOf(key)),
            })),
            promql_expr_test: Object.entries(firing).map(([evalTime, count]) => ({
              expr: `count(ALERTS{alertname="${name}",alertstate="firing"})`,
              eval_time: evalTime,
              exp_samples: count > 0 ? [{ labels: '{}', value: count }] : [],
            })),
          },
        ],
      }),
    );
    execFileSync('promtool', ['test', 'rules', `${dir}/test.yaml`], { encoding: 'utf8' });
  }
});

/** A connection that PostgreSQL takes for a standby. */
async function standIn(superuser: pg.ClientConfig) {
  const client = new pg.Client({ ...superuser, replication: 'true' } as pg.ClientConfig) as pg.Client & {
    connection: { stream: { destroy(): void } };
  };
  client.on('error', () => undefined);
  await client.connect();
  const { rows } = await client.query<{ xlogpos: string }>('IDENTIFY_SYSTEM');
  client.query(`START_REPLICATION PHYSICAL ${rows[0]?.xlogpos}`).catch(() => undefined);
  return client;
}
