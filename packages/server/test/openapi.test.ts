import type { RouteOptions } from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Access } from '../src/auth/guard.ts';
import { peopleRolesOf } from '../src/auth/people-access.ts';
import { basic, startTestServer, type TestServer } from './support/server.ts';
import { browserWithRole } from './support/sessions.ts';

type Json = null | boolean | number | string | Json[] | { [member: string]: Json };
interface Operation {
  summary?: string;
  tags?: string[];
  security?: Record<string, string[]>[];
  requestBody?: Json;
  responses: Record<string, { description?: string; content?: Record<string, { schema?: Json }> }>;
}
interface Document {
  openapi: string;
  info: { title: string; version: string };
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Json>; securitySchemes: Record<string, Json> };
}

let server: TestServer;
let document: Document;
beforeAll(async () => {
  server = await startTestServer();
  document = (await server.app.inject('/openapi.json')).json();
});
afterAll(() => server.close());

/** The path in the notation of OpenAPI. */
const templated = (url: string) => url.replace(/:(\w+)/g, '{$1}');
/** SCIM routes that exist only to answer that a function is missing. */
const isRefusal = ({ url, schema }: RouteOptions) =>
  url.startsWith('/scim/v2') && (schema as { hide?: boolean } | undefined)?.hide === true;

const operations = () =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );

/** Every value of this member name, anywhere in the document. */
function findAll(value: Json, name: string): Json[] {
  if (Array.isArray(value)) return value.flatMap((item) => findAll(item, name));
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, member]) => [
    ...(key === name ? [member] : []),
    ...findAll(member, name),
  ]);
}

describe('/openapi.json', () => {
  test('is OpenAPI 3.1, and public', () => {
    expect(document.openapi).toMatch(/^3\.1\.\d+$/);
    expect(document.info).toMatchObject({
      title: 'Rollcall',
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
    });
    expect(Object.keys(document.components.securitySchemes)).toEqual(['bearer', 'basic', 'session']);
  });

  test('has no dangling reference', () => {
    const references = findAll(document as unknown as Json, '$ref');
    expect(references.length).toBeGreaterThan(10);
    for (const reference of references) {
      expect(reference).toMatch(/^#\//);
      const found = String(reference)
        .slice(2)
        .split('/')
        .reduce<unknown>((node, step) => (node as Record<string, unknown> | undefined)?.[step], document);
      expect(found, String(reference)).toBeDefined();
    }
  });

  test('describes every operation: summary, tag, answers with a description and a schema, parameters', () => {
    for (const { path, method, operation } of operations()) {
      const name = `${method} ${path}`;
      expect(operation.summary, name).toMatch(/\S/);
      expect(operation.tags, name).toHaveLength(1);
      expect(Object.keys(operation.responses).join(), name).toMatch(/20[0124]/);
      for (const response of Object.values(operation.responses)) {
        expect(response.description, name).toMatch(/\S/);
        for (const { schema } of Object.values(response.content ?? {}))
          expect(schema, name).toBeTypeOf('object');
      }
    }
  });

  test('describes every route of the server, except those of the documentation itself and of pages', () => {
    const routes = server.app.routeTable
      .filter((route) => !/^\/(docs|openapi\.json|console)/.test(route.url) && !isRefusal(route))
      .flatMap((route) =>
        [route.method].flat().map((method) => `${method.toLowerCase()} ${templated(route.url)}`),
      )
      .filter((route) => !route.startsWith('head '));
    const described = operations().map(({ path, method }) => `${method} ${path}`);
    expect(described.toSorted()).toEqual([...new Set(routes)].toSorted());
  });

  test('has the security scheme of every guarded operation, and its 401, 403 and 503', () => {
    const guarded = server.app.routeTable.flatMap((route) => {
      const { url, method, config } = route;
      const access = config?.access;
      return access === 'public' || access === undefined || method === 'HEAD' || isRefusal(route)
        ? []
        : [
            {
              url: templated(url),
              method: String(method).toLowerCase(),
              security: securityOf(access, String(method), url),
            },
          ];
    });
    expect(guarded.length).toBeGreaterThan(10);
    for (const { url, method, security } of guarded) {
      const operation = document.paths[templated(url)]?.[method];
      expect(operation?.security, url).toEqual(security.map((scheme) => ({ [scheme]: [] })));
      // A person may always read the own session.
      const refusals = security[0] === 'session' && method === 'get' ? ['401', '503'] : ['401', '403', '503'];
      expect(Object.keys(operation?.responses ?? {}), url).toEqual(expect.arrayContaining(refusals));
    }
  });

  test('has the 429 of failed logins at each operation that takes the secret of a key', () => {
    const basic = operations().filter(({ operation }) => operation.security?.some((each) => 'basic' in each));
    expect(basic.length).toBeGreaterThan(10);
    for (const { path, operation } of basic) expect(Object.keys(operation.responses), path).toContain('429');
    for (const path of ['/v1/auth', '/v1/auth/token'])
      expect(Object.keys(document.paths[path]?.post?.responses ?? {}), path).toContain('429');
  });

  test("has the answers that follow from a route's kind: a body, a query, an id in its path, an ETag", () => {
    const documented = operations().map(({ path, method, operation }) => ({
      name: `${method} ${path}`,
      statuses: Object.keys(operation.responses),
      operation,
    }));
    const withBody = documented.filter(({ operation }) => operation.requestBody);
    expect(withBody.length).toBeGreaterThan(30);
    for (const { name, statuses } of withBody)
      expect(statuses, name).toEqual(expect.arrayContaining(['400', '413', '415']));
    for (const { name, statuses } of documented) {
      if (name.includes('{')) expect(statuses, name).toEqual(expect.arrayContaining(['400', '414']));
      if (/^(post|put|patch) /.test(name))
        expect(statuses, name).toEqual(expect.arrayContaining(['400', '408', '413', '415']));
      if (/ \/(scim\/v2|v1\/analytics|v1\/manage)\//.test(name)) expect(statuses, name).toContain('400');
    }
    const withETag = documented.filter(({ statuses }) => statuses.includes('304')).map(({ name }) => name);
    const datasets = ['users', 'groups', 'locations', 'desks', 'spaces'].map(
      (name) => `get /v1/analytics/${name}`,
    );
    expect(withETag.toSorted()).toEqual(
      [
        ...datasets.flatMap((name) => [name, `${name}/basic`]),
        'get /scim/v2/Groups/{id}',
        'get /scim/v2/Users/{id}',
        'get /v1/manage/floor-plan-images/{imageId}',
      ].toSorted(),
    );
  });

  test('has each status that a wrong request gets, with the schema of the answer', async () => {
    const tenantId = await server.organisation();
    const key = await server.key(tenantId);
    const authorizations = { bearer: `Bearer ${await server.token(key)}`, basic: basic(key) };
    const json = { 'content-type': 'application/json' };
    for (const { path, method, operation } of operations()) {
      const [scheme] = Object.keys(operation.security?.[0] ?? {}) as ('bearer' | 'basic' | 'session')[];
      const headers: Record<string, string> =
        scheme === 'session'
          ? await browserWithRole(server, tenantId, 'viewer')
          : scheme
            ? { authorization: authorizations[scheme] }
            : {};
      const url = (id: string) => path.replace(/\{\w+\}/g, id);
      const requests = [
        { url: `${url('0')}?surprise=1` },
        { url: url('x'.repeat(200)) },
        ...(operation.requestBody
          ? [
              { url: url('0'), headers: { ...headers, ...json }, payload: '{' },
              { url: url('0'), headers: { ...headers, 'content-type': 'text/plain' }, payload: '{}' },
              {
                url: url('0'),
                headers: { ...headers, ...json },
                payload: Buffer.alloc(17 * 1024 * 1024, ' '),
              },
            ]
          : []),
      ];
      for (const request of requests) {
        const reply = await server.app.inject({ method: method.toUpperCase() as 'GET', headers, ...request });
        const response = operation.responses[String(reply.statusCode)];
        expect(response, `${method} ${path} ${reply.statusCode}`).toBeDefined();
        const [mediaType = ''] = String(reply.headers['content-type'] ?? '').split(';');
        if (reply.body !== '') expect(Object.keys(response?.content ?? {}), path).toContain(mediaType);
      }
    }
  });

  test.each([
    '/v1/presence',
    ...['users', 'locations', 'desks', 'spaces', 'presence'].map((name) => `/v1/analytics/${name}`),
  ])('%s has a /basic route, which differs only in the security schemes', (path) => {
    const [bearer, basic] = [document.paths[path], document.paths[`${path}/basic`]];
    const expected: Document['paths'][string] = JSON.parse(
      JSON.stringify(basic).replaceAll('{"basic":[]}', '{"bearer":[]},{"session":[]}'),
    );
    expect(expected).toEqual(bearer);
  });
});

describe('/docs', () => {
  const load = async (url: string) => {
    const reply = await server.app.inject(url);
    return reply.statusCode >= 300 && reply.statusCode < 400
      ? server.app.inject(new URL(String(reply.headers.location), `http://localhost${url}`).pathname)
      : reply;
  };

  test('loads only from this server: page, styles, scripts, initialiser', async () => {
    const page = await load('/docs');
    expect(page.statusCode).toBe(200);
    expect(page.headers['content-type']).toMatch(/^text\/html/);
    const linked = [...page.body.matchAll(/(?:href|src)="([^"]+)"/g)].map(([, url = '']) => url);
    expect(linked.length).toBeGreaterThan(4);
    for (const url of linked) {
      expect(url).not.toMatch(/^(https?:)?\/\//);
      const asset = await load(new URL(url, 'http://localhost/docs/').pathname);
      expect([url, asset.statusCode]).toEqual([url, 200]);
      if (/\.css$|initializer\.js$|theme/.test(url)) expect(elsewhere(asset.body)).toEqual([]);
    }
    expect(elsewhere(page.body)).toEqual([]);
    expect(linked.some((url) => url.endsWith('swagger-initializer.js'))).toBe(true);
  });

  test('a HEAD has the content length', async () => {
    const [page, head] = await Promise.all([
      load('/docs'),
      server.app.inject({ method: 'HEAD', url: '/docs' }),
    ]);
    expect([head.statusCode, head.body]).toEqual([200, '']);
    expect(Number(head.headers['content-length'])).toBe(page.rawPayload.length);
  });

  test('shows this document, and sends it to no validator', async () => {
    const initializer = (await load('/docs/static/swagger-initializer.js')).body;
    expect(initializer).toMatch(/"?validatorUrl"?\s*:\s*null/);
    expect((await load('/docs/json')).json()).toEqual(document);
  });

  test('forbids the browser to load from other hosts, and does not redirect it to https on a plain http server', async () => {
    const policy = String((await load('/docs')).headers['content-security-policy']);
    expect(policy).toMatch(/default-src 'self'/);
    expect(policy).not.toMatch(/https?:|swagger\.io|\*|upgrade-insecure-requests/);
  });

  /** The absolute addresses of other hosts. Comments and XML namespaces are not fetched. */
  function elsewhere(text: string): string[] {
    const fetchable = text.replaceAll(/\/\*.*?\*\/|^\s*\/\/[^\n]*$/gms, '');
    const urls = fetchable.match(/(?:https?:)?\/\/[a-z0-9.-]+\.[a-z]{2,}[^\s"'`)]*/gi) ?? [];
    return urls.filter((url) => !/^https?:\/\/www\.w3\.org\//.test(url));
  }
});

function securityOf(access: Exclude<Access, 'public'>, method: string, url: string): string[] {
  if (access === 'session') return ['session'];
  const isForPeople = access.scheme === 'bearer' && peopleRolesOf({ method, url })?.length;
  return isForPeople ? [access.scheme, 'session'] : [access.scheme];
}
