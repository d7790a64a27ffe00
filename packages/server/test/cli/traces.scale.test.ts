import { cp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { Rollcall } from '@rollcall/sdk';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { login } from '../support/server.ts';
import { CLOSED_PORT, createKeyIn, type Key, logIn, readStatus, until, Workspace } from './support.ts';

/** OTLP/HTTP in JSON: opentelemetry-proto, `trace/v1/trace.proto`. */
interface Attribute {
  key: string;
  value: { stringValue?: string; intValue?: number };
}
interface ExportedSpan {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  kind: number;
  attributes: Attribute[];
  status: { code: number };
}
interface Export {
  resourceSpans: { resource: { attributes: Attribute[] }; scopeSpans: { spans: ExportedSpan[] }[] }[];
}

const SERVER_KIND = 2;

/** A collector that keeps what it gets. */
class Collector {
  readonly exports: Export[] = [];
  /** The passwords with which they came. */
  readonly passwords: unknown[] = [];
  readonly #server: Server;

  constructor() {
    this.#server = createServer(async (request, reply) => {
      expect(request.url).toBe('/v1/traces');
      this.passwords.push(request.headers['x-password']);
      this.exports.push((await json(request)) as Export);
      reply.setHeader('content-type', 'application/json').end('{}');
    }).listen(0, '127.0.0.1');
  }

  async url(): Promise<string> {
    await until(() => this.#server.listening);
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get spans(): ExportedSpan[] {
    return this.exports.flatMap(({ resourceSpans }) =>
      resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)),
    );
  }

  /** The processes that sent spans. */
  get instances(): Set<string | undefined> {
    return new Set(
      this.exports.flatMap(({ resourceSpans }) =>
        resourceSpans.map(
          ({ resource }) =>
            resource.attributes.find(({ key }) => key === 'service.instance.id')?.value.stringValue,
        ),
      ),
    );
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

let work: Workspace;
let dataDir: string;
let key: Key;
let collector: Collector;
beforeAll(async () => {
  work = await Workspace.create();
  dataDir = work.path('data');
  key = await createKeyIn(work, dataDir);
});
beforeEach(() => {
  collector = new Collector();
});
afterEach(() => collector.close());
afterAll(() => work.close());

const linesOf = (stdout: string) =>
  stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);

const valuesOf = ({ attributes }: ExportedSpan) =>
  Object.fromEntries(
    attributes.map(({ key, value }) => [key, value.stringValue ?? Number(value.intValue)] as const),
  );

test('a request is a span with its route, its status and its work with the database, and its id is that of the answer', async () => {
  const args = ['serve', '--data-dir', dataDir, '--otlp', await collector.url()];
  const { server, baseUrl } = await work.start(args);
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
  const caller = '00f067aa0ba902b7';
  const reply = await fetch(`${baseUrl}/v1/auth?name=nobody@example.com`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', traceparent: `00-${traceId}-${caller}-01` },
    body: JSON.stringify(login(key, Math.floor(Date.now() / 1_000))),
  });
  expect(reply.headers.get('correlationId')).toBe(traceId);
  await reply.arrayBuffer();
  const { token } = await logIn(baseUrl, key);
  const users = await fetch(`${baseUrl}/v1/analytics/users`, {
    headers: { authorization: `Bearer ${token}` },
  });
  await users.arrayBuffer();
  const own = users.headers.get('correlationId') ?? '';
  expect(own).toMatch(/^[0-9a-f]{32}$/);
  const named = await fetch(`${baseUrl}/nowhere`, { headers: { correlationId: 'mine' } });
  expect(named.headers.get('correlationId')).toBe('mine');
  const { stdout } = await server.stop();
  expect(stdout).toContain(`"correlationId":"${own}"`);

  const ofRequests = collector.spans.filter(({ kind }) => kind === SERVER_KIND);
  const first =
    ofRequests.find((span) => span.traceId === traceId) ?? expect.fail('no span of the first one');
  expect(first).toMatchObject({ name: 'POST /v1/auth', parentSpanId: caller });
  const second = ofRequests.find((span) => span.traceId === own) ?? expect.fail('no span of the second one');
  expect(second).toMatchObject({ name: 'GET /v1/analytics/users' });
  expect(valuesOf(second)).toEqual({
    'http.request.method': 'GET',
    'http.route': '/v1/analytics/users',
    'http.response.status_code': 200,
  });
  const parts = collector.spans.filter(({ parentSpanId }) => parentSpanId === second.spanId);
  expect(parts.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['wait for a connection', 'transaction']),
  );
  expect(parts.filter((span) => span.traceId !== own)).toEqual([]);
  expect(ofRequests.map(({ name }) => name)).toContain('GET');
  // Nothing of the query, of the key or of the body.
  const text = JSON.stringify(collector.exports);
  for (const secret of ['nobody', key.apiKey, key.secret, token]) expect(text).not.toContain(secret);
});

test('a call of the SDK has the same id in its answer, in the log and as its trace', async () => {
  const args = ['serve', '--data-dir', dataDir, '--otlp', await collector.url()];
  const { server, baseUrl } = await work.start(args);
  const sdk = new Rollcall({ baseUrl, apiKey: key.apiKey, secret: key.secret });
  const error = await sdk.manage.users.get('00000000-0000-4000-8000-000000000000').catch((thrown) => thrown);
  const { correlationId } = error as { correlationId: string };
  const { stdout } = await server.stop();
  expect(correlationId).toMatch(/^[0-9a-f]{32}$/);
  const line = linesOf(stdout).find((each) => each.correlationId === correlationId);
  expect(line).toMatchObject({ status: 404, route: '/v1/manage/users/:userId' });
  expect(line).not.toHaveProperty('traceId');
  const spans = collector.spans.filter(({ traceId }) => traceId === correlationId);
  expect(spans.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['GET /v1/manage/users/:userId', 'transaction']),
  );
});

test('a correlation id that is not the id of the trace is an attribute of the span, and the log has both ids', async () => {
  const args = ['serve', '--data-dir', dataDir, '--otlp', await collector.url()];
  const { server, baseUrl } = await work.start(args);
  const traceId = '6bf92f3577b34da6a3ce929d0e0e4736';
  const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;
  const calls = [
    { correlationId: 'mine' },
    { correlationId: '0'.repeat(32) },
    { correlationId: 'a'.repeat(32), traceparent },
  ];
  for (const headers of calls) await (await fetch(`${baseUrl}/nowhere`, { headers })).arrayBuffer();
  await (await fetch(`${baseUrl}/nowhere`, { headers: { correlationId: 'b'.repeat(32) } })).arrayBuffer();
  const { stdout } = await server.stop();
  for (const { correlationId } of calls) {
    const span = collector.spans.find((each) => valuesOf(each)['rollcall.correlation_id'] === correlationId);
    expect(span?.traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(linesOf(stdout).find((each) => each.correlationId === correlationId)).toMatchObject({
      traceId: span?.traceId,
    });
  }
  expect(collector.spans.map((each) => each.traceId)).toEqual(
    expect.arrayContaining([traceId, 'b'.repeat(32)]),
  );
});

test('a caller that does not record has no spans, and the environment has a password for the collector', async () => {
  const args = ['serve', '--data-dir', dataDir, '--otlp', await collector.url()];
  const env = { OTEL_EXPORTER_OTLP_HEADERS: 'x-password=open' };
  const { server, baseUrl } = await work.start(args, { env });
  const traceId = '5bf92f3577b34da6a3ce929d0e0e4736';
  const headers = { traceparent: `00-${traceId}-00f067aa0ba902b7-00` };
  const reply = await fetch(`${baseUrl}/v1/openapi.json`, { headers });
  expect(reply.headers.get('correlationId')).toBe(traceId);
  await reply.arrayBuffer();
  await logIn(baseUrl, key);
  await server.stop();
  expect(collector.spans.map(({ name }) => name)).toContain('POST /v1/auth');
  expect(collector.spans.filter((span) => span.traceId === traceId)).toEqual([]);
  expect(new Set(collector.passwords)).toEqual(new Set(['open']));
});

test('the environment has the part of the requests that have traces', async () => {
  const args = ['serve', '--data-dir', dataDir, '--otlp', await collector.url()];
  const { server, baseUrl } = await work.start(args, { env: { OTEL_TRACES_SAMPLER: 'always_off' } });
  await logIn(baseUrl, key);
  await server.stop();
  expect(collector.exports).toEqual([]);
});

test('each worker sends its spans, and the first process those of the jobs', async () => {
  const args = ['serve', '--data-dir', dataDir, '--workers', '2', '--otlp', await collector.url()];
  const { server, baseUrl } = await work.start(args, { env: { ROLLCALL_JOBS: 'on' } });
  const { token } = await logIn(baseUrl, key);
  await Promise.all(Array.from({ length: 8 }, () => readStatus(baseUrl, token)));
  await until(() => collector.spans.some(({ name }) => name.startsWith('job ')));
  await server.stop();
  expect(collector.instances.size).toBe(3);
  const job = collector.spans.find(({ name }) => name.startsWith('job '));
  const parts = collector.spans.filter(({ traceId, name }) => traceId === job?.traceId && name !== job.name);
  expect(parts.map(({ name }) => name)).toContain('transaction');
});

test('a collector that does not answer costs one warning, and delays nothing but the end', async () => {
  const args = ['serve', '--data-dir', dataDir, '--otlp', `http://127.0.0.1:${CLOSED_PORT}`];
  const { server, baseUrl } = await work.start(args);
  const { token } = await logIn(baseUrl, key);
  await until(() => server.stdout.includes('does not take traces'));
  expect(await readStatus(baseUrl, token)).toBe(200);
  const { stdout } = await server.stop();
  expect(stdout.match(/"level":"warn".*does not take traces/g)).toHaveLength(1);
});

test('without --otlp, nothing of the library is loaded', async () => {
  const source = fileURLToPath(new URL('../../', import.meta.url));
  const folder = work.path('without');
  for (const name of ['package.json', 'dist/bin', 'migrations', 'openapi.json', 'common-passwords.txt.gz'])
    await cp(join(source, name), join(folder, name), { recursive: true });
  await symlink(join(source, '../../node_modules'), join(folder, 'node_modules'));
  const bin = join(folder, 'dist/bin');
  const holding = [];
  for (const name of (await readdir(bin)).filter((each) => each.endsWith('.js')))
    if ((await readFile(join(bin, name), 'utf8')).includes('OTLPTraceExporter')) holding.push(name);
  expect(holding.length).toBeGreaterThan(0);
  for (const name of holding) await rm(join(bin, name));

  const program = join(bin, 'rollcall.js');
  const { server, baseUrl } = await work.start(['serve', '--data-dir', dataDir], { program });
  expect((await logIn(baseUrl, key)).status).toBe(200);
  await server.stop();
  const traced = await work.rollcall(
    ['serve', '--data-dir', dataDir, '--port', '0', '--otlp', 'http://127.0.0.1:2'],
    {
      program,
    },
  );
  expect(traced.code).toBe(1);
});
