import { readdirSync, readFileSync, statSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createKeyIn, expectOneSentence, type Key, logIn, until, Workspace, workersOf } from './support.ts';

let work: Workspace;
let dataDir: string;
let key: Key;
beforeAll(async () => {
  work = await Workspace.create();
  dataDir = work.path('data');
  key = await createKeyIn(work, dataDir);
});
afterAll(() => work.close());

async function startWith(...options: string[]) {
  const started = await work.start([
    ...['serve', '--data-dir', dataDir, '--metrics-port', '0', '--jobs', 'on', ...options],
  ]);
  const { server } = started;
  const [, metricsUrl = ''] = /Metrics are at (\S+)\./.exec(server.stderr + server.stdout) ?? [];
  return { ...started, metricsUrl };
}

async function scrape(metricsUrl: string): Promise<string> {
  const reply = await fetch(metricsUrl);
  expect(reply.status).toBe(200);
  return reply.text();
}

function sampleOf(text: string, pattern: RegExp): number {
  return Number(new RegExp(`^${pattern.source} (\\S+)$`, 'm').exec(text)?.[1] ?? 0);
}

const LOGINS =
  /http_server_request_duration_seconds_count\{http_request_method="POST",http_route="\/v1\/auth",http_response_status_class="2xx"\}/;

describe('Metrics', () => {
  test('are those of all workers, and do not fall when a worker ends', async () => {
    const { server, baseUrl, metricsUrl } = await startWith('--workers', '2');
    for (let count = 0; count < 10; count++) expect((await logIn(baseUrl, key)).status).toBe(200);
    await until(async () => sampleOf(await scrape(metricsUrl), LOGINS) === 10);
    await until(
      async () =>
        sampleOf(await scrape(metricsUrl), /rollcall_job_runs_total\{job_name="audit",outcome="success"\}/) >
        0,
    );

    const before = workersOf(server.pid);
    for (const pid of before) process.kill(pid, 'SIGKILL');
    await until(() => workersOf(server.pid).filter((pid) => !before.includes(pid)).length === 2);
    await until(async () => (await fetch(`${baseUrl}/readyz`).catch(() => undefined))?.status === 200);
    expect(sampleOf(await scrape(metricsUrl), LOGINS)).toBe(10);
    expect((await logIn(baseUrl, key)).status).toBe(200);
    await until(async () => sampleOf(await scrape(metricsUrl), LOGINS) === 11);
    await server.stop();
  });

  test('show the delay of the worker that is stuck, and not the mean of all processes', async () => {
    const { server, metricsUrl } = await startWith('--workers', '2');
    const P99 = /nodejs_eventloop_lag_p99_seconds/;
    // Both workers have answered once.
    await until(async () => sampleOf(await scrape(metricsUrl), P99) > 0);
    const [stuck = 0] = workersOf(server.pid);
    process.kill(stuck, 'SIGSTOP');
    await until(async () => sampleOf(await scrape(metricsUrl), P99) > 4);
    process.kill(stuck, 'SIGCONT');
    await until(async () => sampleOf(await scrape(metricsUrl), P99) < 4);
    await server.stop();
  });

  test.each([
    [1, 10],
    [2, 30],
  ])(
    'of pools with %i workers are also those of the process that runs the jobs, and of the queue',
    async (workers, most) => {
      const { server, metricsUrl } = await startWith(
        '--workers',
        String(workers),
        '--database-pool-size',
        '10',
      );
      const used =
        /db_client_connection_count\{db_client_connection_pool_name="job queue",db_client_connection_state="used"\}/;
      // A connection of the queue listens for new jobs.
      await until(async () => sampleOf(await scrape(metricsUrl), used) > 0);
      const ofRequests = /db_client_connection_max\{db_client_connection_pool_name="requests"\}/;
      await until(async () => sampleOf(await scrape(metricsUrl), ofRequests) === most);
      await server.stop();
    },
  );

  test('of jobs are also in a server without jobs', async () => {
    const worked = await startWith();
    const SUCCESS = /rollcall_job_last_success_timestamp_seconds\{job_name="audit"\}/;
    await until(async () => sampleOf(await scrape(worked.metricsUrl), SUCCESS) > 0);
    await worked.server.stop();
    const { server, metricsUrl } = await startWith('--jobs', 'off');
    await until(async () => sampleOf(await scrape(metricsUrl), SUCCESS) > 0);
    const text = await scrape(metricsUrl);
    expect(text).toContain('rollcall_job_last_duration_seconds{job_name="audit"}');
    expect(sampleOf(text, /rollcall_job_interval_seconds\{job_name="audit"\}/)).toBe(60);
    await server.stop();
  });

  test('need a port that is free, and an address of this machine', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await until(() => taken.listening);
    const { port } = taken.address() as { port: number };
    const serve = ['serve', '--data-dir', dataDir, '--port', '0', '--log-level', 'silent', '--metrics-port'];
    expectOneSentence(
      await work.rollcall([...serve, String(port)]),
      /Port \d+ is in use; choose another with --metrics-port/,
    );
    expectOneSentence(
      await work.rollcall([...serve, '0', '--metrics-host', '203.0.113.1']),
      /203.0.113.1 is not an address of this machine; choose another with --metrics-host/,
    );
    taken.close();
  });
});

describe('A log in a file', () => {
  /** Sends requests for a path that there is not, each of which has a line of the log. */
  async function ask(baseUrl: string, count: number): Promise<void> {
    const agent = new Agent({ keepAlive: true, maxSockets: 16 });
    const one = () =>
      new Promise<void>((resolve, reject) => {
        request(`${baseUrl}/none`, { agent }, (reply) => reply.resume().on('end', resolve))
          .on('error', reject)
          .end();
      });
    let left = count;
    await Promise.all(
      Array.from({ length: 16 }, async () => {
        while (left-- > 0) await one();
      }),
    );
    agent.destroy();
  }

  test.each([1, 2])('of %i processes rotates and loses no line, up to the last one', async (workers) => {
    const name = `log-${workers}`;
    const files = () => readdirSync(work.dir).filter((file) => file.startsWith(`${name}.log`));
    const { server, baseUrl } = await startWith(
      ...['--workers', String(workers), '--log-file', work.path(`${name}.log`), '--log-file-mib', '1'],
    );
    let asked = 0;
    while (files().length < 3) {
      await ask(baseUrl, 2_000);
      asked += 2_000;
    }
    await ask(baseUrl, 1);
    const { stdout } = await server.stop();
    expect(stdout).not.toContain('answered');
    // The newest file may have no line yet.
    const lines = files().flatMap((file) =>
      readFileSync(work.path(file), 'utf8').split('\n').filter(Boolean),
    );
    const answered = lines.map((line) => JSON.parse(line) as { msg: string; route?: string });
    expect(answered.filter(({ msg, route }) => msg === 'answered' && route === 'unknown')).toHaveLength(
      asked + 1,
    );
    for (const file of files()) expect(statSync(work.path(file)).mode & 0o777).toBe(0o600);
  });

  test('is for people with --log-format pretty', async () => {
    const path = work.path('pretty.log');
    const { server, baseUrl } = await startWith('--log-file', path, '--log-format', 'pretty');
    await logIn(baseUrl, key);
    await server.stop();
    expect(readFileSync(path, 'utf8')).toMatch(
      /^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}\] INFO: answered \{.*"route":"\/v1\/auth"/m,
    );
  });

  test('that cannot be opened is one sentence', async () => {
    const path = work.path('none/rollcall.log');
    const outcome = await work.rollcall(['serve', '--data-dir', dataDir, '--port', '0', '--log-file', path]);
    expectOneSentence(outcome, /The log file .* cannot be opened \(ENOENT\)/);
  });
});
