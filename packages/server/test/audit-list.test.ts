import { afterAll, beforeAll, expect, test } from 'vitest';
import { entriesOf } from './support/audit.ts';
import { addSite, type Site } from './support/presence.ts';
import { expectProblem } from './support/problems.ts';
import { startTestServer, type TestServer } from './support/server.ts';
import { type Browser, browserWithRole } from './support/sessions.ts';

let server: TestServer;
let site: Site;
let boss: Browser;
const EMAIL = 'boss@example.com';
const NEXT_DAY = 'next.day@example.com';
beforeAll(async () => {
  server = await startTestServer();
  site = await addSite(server);
  boss = await browserWithRole(server, site.tenantId, 'administrator', EMAIL);
});
afterAll(() => server.close());

const get = (query = '', headers: Browser = boss) =>
  server.app.inject({ url: `/v1/manage/audit${query}`, headers });
const rename = (name: string) =>
  server.app.inject({ method: 'PATCH', url: '/v1/manage/organisation', headers: boss, payload: { name } });

test('lists the rows of the dataset, the newest first, in pages', async () => {
  for (const name of ['One', 'Two', 'Three']) {
    server.clock.nowMs += 1_000;
    await rename(name);
  }
  await server.app.audit.flush();
  const dataset = await server.app.inject({
    url: '/v1/analytics/audit?startDate=2026-03-10&endDate=2026-03-10&actions=settings.changed',
    headers: boss,
  });
  const rows = dataset.json();
  expect(rows).toHaveLength(3);
  const listed: unknown[] = [];
  for (let after = ''; ; ) {
    const reply = await get(`?actions=settings.changed&limit=2${after}`);
    const { items, next } = reply.json();
    listed.push(...items);
    if (next === null) break;
    after = `&after=${next}`;
  }
  expect(listed).toEqual(rows.toReversed());
});

test('is filtered by days, by actions, and by who did it or to whom it was done', async () => {
  const { user } = site;
  server.clock.nowMs += 86_400_000;
  // The session of the first one has ended.
  boss = await browserWithRole(server, site.tenantId, 'administrator', NEXT_DAY);
  const at = new Date(server.clock.nowMs).toISOString();
  await server.app.inject({
    url: `/v1/analytics/presence?startDate=2026-03-01&endDate=2026-03-02&userIds=${user.userId}`,
    headers: boss,
  });
  await server.app.audit.flush();
  const found = async (query: string) =>
    (await get(query))
      .json()
      .items.map(({ action, occurredAt }: Record<string, string>) => [action, occurredAt]);
  const [name = ''] = (user.userName as string).split('@');
  const read = [['export.read', at]];
  const reads = '?actions=export.read';
  expect(await found(`${reads}&search=${encodeURIComponent(name.toUpperCase())}`)).toEqual(read);
  expect(await found(`${reads}&search=${user.userId}`)).toEqual(read);
  expect(await found(`${reads}&search=nobody-like-this`)).toEqual([]);
  const day = at.slice(0, 10);
  expect(await found(`?actions=settings.changed&startDate=${day}&endDate=${day}`)).toEqual([]);
  expect(await found(`?actions=settings.changed&startDate=2026-03-10&endDate=2026-03-10`)).toHaveLength(3);
  expect((await found(`?actions=settings.changed&search=boss`)).length).toBe(3);
});

test('is an entry itself, which does not have what was searched for', async () => {
  const before = (await entriesOf(server, site.tenantId)).length;
  await get('?search=ada%40example.com&actions=key.created');
  const [entry] = (await entriesOf(server, site.tenantId)).slice(before);
  expect(entry).toMatchObject({
    action: 'export.read',
    actor: NEXT_DAY,
    metadata: { dataset: 'audit', filters: { actions: 'key.created', search: '(not kept)' }, rows: 0 },
  });
  expect(JSON.stringify(entry)).not.toContain('ada@example.com');
});

test('is for administrators, and refuses what it cannot answer', async () => {
  for (const role of ['integrations', 'planner', 'viewer'] as const)
    expectProblem(
      await get('', await browserWithRole(server, site.tenantId, role, `${role}@example.com`)),
      403,
    );
  for (const query of ['?actions=no.such', '?startDate=2026-03-10', '?search=%00', '?after=x', '?limit=0'])
    expectProblem(await get(query), 400);
  const other = await addSite(server);
  const elsewhere = await browserWithRole(server, other.tenantId, 'administrator', 'other@example.com');
  await server.app.audit.flush();
  expect((await get('?actions=settings.changed', elsewhere)).json().items).toEqual([]);
});
