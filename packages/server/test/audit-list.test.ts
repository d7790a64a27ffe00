import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addAuditEntries } from '../src/store/audit/entries.ts';
import { type ListedEntry, listAuditEntries } from '../src/store/audit/list.ts';
import type { TimePosition } from '../src/store/values/page.ts';
import { entriesOf } from './support/audit.ts';
import { seeingAll } from './support/backup.ts';
import { addUser, type TestUser } from './support/directory.ts';
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

describe('a search', () => {
  const rare = { kind: 'user', name: 'rare@example.com' } as const;
  let users: TestUser[];
  let tenantId: string;
  const page = (limit: number, search: string, after?: TimePosition) =>
    server.db.restricted.inTenant(tenantId, async (tx) => {
      const filter = { window: undefined, actions: undefined, search };
      const rows = await listAuditEntries(tx, tenantId, filter, { limit, after });
      const { rows: reads } = await tx.query(
        `SELECT sum(seq_tup_read + idx_tup_fetch)::integer AS read FROM pg_stat_xact_all_tables
         WHERE relname LIKE 'audit_entries%'`,
      );
      return { rows, read: Number(reads[0].read) };
    });
  const idsOf = (rows: readonly ListedEntry[]) => rows.map(({ entryId }) => entryId);

  beforeAll(async () => {
    tenantId = await server.organisation();
    users = await Promise.all(
      ['rare', 'first', 'second'].map((name) =>
        addUser(server.db.owner, tenantId, { userName: `${name}@example.com` }),
      ),
    );
    const [{ userId = '' } = {}, first, second] = users;
    const subject = (reference: string | undefined, isActor: boolean) => ({
      ...rare,
      reference: String(reference),
      subjectId: randomUUID(),
      isActor,
    });
    const entryOf = (index: number, ...subjects: ReturnType<typeof subject>[]) => ({
      ...{
        entryId: randomUUID(),
        occurredAt: new Date(server.clock.nowMs + index),
        action: 'session.ended',
        version: 1,
      },
      subjects,
      context: { address: null, userAgent: null, correlationId: null },
      metadata: { sessions: 'own' },
    });
    await server.db.restricted.inTenant(tenantId, (tx) =>
      addAuditEntries(tx, [
        entryOf(0, subject(userId, true), subject(userId, false)),
        entryOf(1, subject(first?.userId, true), subject(userId, false)),
        entryOf(2, subject(first?.userId, true), subject(second?.userId, false), subject(userId, false)),
        entryOf(3, subject(userId, true)),
      ]),
    );
    // So many that PostgreSQL does not read the whole table because that is cheap.
    await seeingAll(server.db.target, async (client) => {
      await client.query(
        `INSERT INTO audit_entries (tenant_id, occurred_at, entry_id, action, version, actor_id, target_ids, context, metadata)
         SELECT s.tenant_id, $2::timestamptz + n * interval '1 millisecond', gen_random_uuid(), 'session.ended', 1, s.subject_id,
                '{}', '{}', '{"sessions": "own"}'
         FROM audit_subjects s, generate_series(11, 40010) AS n WHERE s.tenant_id = $1 AND s.reference = $3`,
        [tenantId, new Date(server.clock.nowMs), first?.userId],
      );
      await client.query('ANALYZE audit_entries');
    });
  });

  test('for a rare name reads a few of many entries, in which the name is the actor, the target or one of several', async () => {
    const { rows, read } = await page(50, 'RARE@');
    expect(rows.map((row) => (row.occurredAt as Date).getTime() - server.clock.nowMs)).toEqual([3, 2, 1, 0]);
    expect(read).toBeLessThan(100);
    const paged: ListedEntry[] = [];
    for (let after: TimePosition | undefined; ; ) {
      const [row] = (await page(1, 'rare@', after)).rows;
      if (!row) break;
      paged.push(row);
      after = { at: row.occurredAt as Date, id: String(row.entryId) };
    }
    expect(idsOf(paged)).toEqual(idsOf(rows));
  });

  test('for a name that many entries have finds the newest of them', async () => {
    const { rows } = await page(2, 'first@');
    expect(rows.map((row) => (row.occurredAt as Date).getTime() - server.clock.nowMs)).toEqual([
      40_010, 40_009,
    ]);
  });
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
