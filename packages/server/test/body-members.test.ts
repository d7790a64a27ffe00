import { afterAll, expect, test } from 'vitest';
import { expectProblem } from './support/problems.ts';
import { startTestServer } from './support/server.ts';
import { browserWithRole } from './support/sessions.ts';

const server = await startTestServer();
afterAll(() => server.close());
const tenantId = await server.organisation();
const headers = await browserWithRole(server, tenantId, 'administrator');

/** The parts of a JSON schema that a valid value follows from. */
interface Schema {
  type?: string;
  enum?: unknown[];
  anyOf?: Schema[];
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  minimum?: number;
  minItems?: number;
}
const GUID = '6b0c3a52-4b7e-4d3a-8f0e-0d6f1f1c2a3b';

/** A value that a schema accepts, with no more members than it must have. */
function sample(schema: Schema): unknown {
  if (schema.enum) return schema.enum[0];
  if (schema.anyOf) return sample(schema.anyOf[0] as Schema);
  if (schema.type === 'object') {
    const { properties = {}, required = [] } = schema;
    return Object.fromEntries(required.map((name) => [name, sample(properties[name] as Schema)]));
  }
  if (schema.type === 'array')
    return Array.from({ length: Math.max(1, schema.minItems ?? 0) }, () => sample(schema.items as Schema));
  if (schema.type === 'integer' || schema.type === 'number') return schema.minimum ?? 1;
  return schema.type === 'boolean' ? true : GUID;
}

const routes = server.app.routeTable.flatMap(({ method, url, schema }) => {
  const body = schema?.body as Schema | undefined;
  return url.startsWith('/v1/manage/') && body?.properties
    ? [{ method: String(method) as 'POST', url, path: url.replace(/:\w+/g, GUID), body }]
    : [];
});

test('there are routes of management with a body', () => {
  expect(routes.length).toBeGreaterThan(25);
});

test.each(routes)('$method $url refuses a member that it does not know, and names it', async (route) => {
  const { method, path: url, body } = route;
  const payload = { ...(sample(body) as object), 'a/b': null };
  const reply = await server.app.inject({ method, url, headers, payload });
  expect(expectProblem(reply, 400)).toContain('/a~1b is not known; there are ');
  expect(reply.json().errors).toMatchObject([{ path: '/a~1b' }]);
});

/** Routes whose answer has members that their body does not take. */
const answering = server.app.routeTable.flatMap(({ method, url, schema }) => {
  const { properties: taken } = (schema?.body ?? {}) as Schema;
  const { properties: answered = {} } = ((schema?.response as Record<string, Schema>)?.['200'] ??
    {}) as Schema;
  // What a PATCH answers may be sent back, also to ask for the effects.
  const sentBack = server.app.routeTable.find(
    (each) => each.method === 'PATCH' && each.url === url.replace(/\/effects$/, ''),
  )?.schema?.response as Record<string, Schema> | undefined;
  const known = { ...taken, ...sentBack?.['200']?.properties };
  const more = Object.keys(answered).filter((name) => taken && !(name in known));
  return method === 'POST' && url.startsWith('/v1/manage/') && taken && more.length > 0
    ? [{ url, path: url.replace(/:\w+/g, GUID), body: schema?.body as Schema, more }]
    : [];
});

test.each(answering)('POST $url takes no member of its answer', async ({ path: url, body, more }) => {
  const [name = ''] = more;
  const payload = { ...(sample(body) as object), [name]: null };
  const reply = await server.app.inject({ method: 'POST', url, headers, payload });
  expect(expectProblem(reply, 400)).toContain(`/${name} is not known; there are `);
});

test('a row that was read can be changed and sent back, also to ask for the effects', async () => {
  const created = await server.app.inject({
    method: 'POST',
    url: '/v1/manage/locations',
    headers,
    payload: { items: [{ locationName: 'London', timeZone: 'Europe/London' }] },
  });
  const url = `/v1/manage/locations/${created.json().results[0].id}`;
  const row = (await server.app.inject({ url, headers })).json();
  const payload = { ...row, locationName: 'Londinium' };
  const effects = await server.app.inject({ method: 'POST', url: `${url}/effects`, headers, payload });
  expect(effects.statusCode, effects.body).toBe(200);
  const changed = await server.app.inject({ method: 'PATCH', url, headers, payload });
  expect(changed.json()).toEqual(payload);
});

test('a misspelt filter tries no refused event again', async () => {
  const reply = await server.app.inject({
    method: 'POST',
    url: '/v1/manage/refused-events/retry',
    headers,
    payload: { casue: 'unknownUser' },
  });
  expect(expectProblem(reply, 400)).toContain('/casue is not known');
});
