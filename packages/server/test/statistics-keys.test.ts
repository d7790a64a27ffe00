import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { KeyAccess } from '../src/auth/guard.ts';
import { expectProblem } from './support/problems.ts';
import { basic, startTestServer } from './support/server.ts';
import { GROUPS, NODES, PEOPLE, smallOrganisation } from './support/small-organisation.ts';

const server = await startTestServer();
afterAll(() => server.close());
const { app } = server;
let key: { apiKey: string; secret: string };
let token: string;
beforeAll(async () => {
  const { tenantId } = await smallOrganisation(server);
  key = await server.key(tenantId, { role: 'statistics' });
  token = await server.token(key);
});

const DATES = 'startDate=2026-03-01&endDate=2026-03-31';
const ALLOWED = [
  'metrics',
  'metrics/arrivals',
  'metrics/comparison',
  'metrics/days-per-week',
  'metrics/dwell',
  'metrics/people',
  'metrics/weekdays',
];
const routes = app.routeTable.flatMap(({ method, url, config }) =>
  typeof config?.access === 'object'
    ? [method].flat().map((each) => ({ method: each as 'GET', url, access: config.access as KeyAccess }))
    : [],
);
const get = (path: string, query: string) =>
  app.inject({
    url: `/v1/analytics/${path}?${DATES}&${query}`,
    headers: { authorization: `Bearer ${token}` },
  });

describe('a key with the role statistics', () => {
  test('gets a success on exactly the routes that count, and no answer names a person', async () => {
    const answered = new Set<string>();
    for (const { method, url, access } of routes) {
      const authorization = access.scheme === 'basic' ? basic(key) : `Bearer ${token}`;
      const path = url.replace(':userId', PEOPLE.ann).replace(/:\w+/g, NODES.hq).replace('*', 'Users');
      const reply = await app.inject({
        method,
        url: url.startsWith('/v1/analytics/') ? `${path}?${DATES}` : path,
        headers: { authorization },
      });
      if (reply.statusCode < 300) answered.add(url);
      else expect(reply.statusCode, `${method} ${url}`).toBe(403);
      expect(reply.body).not.toMatch(
        new RegExp(
          [...Object.keys(PEOPLE), ...Object.values(PEOPLE), '@'].map((each) => `\\b${each}\\b`).join('|'),
        ),
      );
    }
    const twins = ALLOWED.flatMap((path) => [`/v1/analytics/${path}`, `/v1/analytics/${path}/basic`]);
    expect([...answered].sort()).toEqual(twins.sort());
  });

  test.each(ALLOWED)('counts in %s the organisation and its offices, and nothing smaller', async (path) => {
    for (const query of [
      '',
      'by=location',
      'by=organisation',
      `locationIds=${NODES.hq},${NODES.annex}`,
      'period=week',
    ])
      expect((await get(path, query)).statusCode, query).toBe(200);
    for (const query of [
      'by=level',
      'by=zone',
      'by=group',
      `groupIds=${GROUPS.data}`,
      `locationIds=${NODES.first}`,
      `locationIds=${NODES.hq},${NODES.quiet}`,
      `locationIds=${NODES.desk1}`,
    ]) {
      const reply = await get(path, query);
      expect(expectProblem(reply, 403), query).toContain('counts whole offices');
    }
  });
});
