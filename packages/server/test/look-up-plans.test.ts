import pg from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Tx } from '../src/store/connections/db.ts';
import { resolve } from '../src/store/directory/directory-look-up.ts';
import { listDeskPresenceToBook } from '../src/store/events/desk-presence.ts';
import { cardTextDigest } from '../src/store/values/digest.ts';
import { addOffice, addUser, type Office, type TestUser } from './support/directory.ts';
import { addSite, goodEvent, submit } from './support/presence.ts';
import { startTestServer, type TestServer } from './support/server.ts';

let server: TestServer;
let tenantId: string;
let office: Office;
let user: TestUser;
beforeAll(async () => {
  server = await startTestServer();
  tenantId = await server.organisation();
  office = await addOffice(server.db.owner, tenantId, 'UTC');
  user = await addUser(server.db.owner, tenantId);
});
afterAll(() => server.close());

const GROWN = 5_000;
const CARD = 'the card of the user';

/** Adds many rows of each kind, before any statistics of them exist. */
async function grow(tx: Tx): Promise<void> {
  await tx.query(
    `INSERT INTO users (tenant_id, user_id, user_name, user_name_folded, email, email_folded)
     SELECT $1, gen_random_uuid(), n, n, n, n FROM (SELECT 'many' || i AS n FROM generate_series(1, ${GROWN}) i) AS named`,
    [tenantId],
  );
  await tx.query(
    `INSERT INTO nodes (tenant_id, node_id, kind, parent_id, name)
     SELECT $1, gen_random_uuid(), 'place', $2, 'desk ' || i FROM generate_series(1, ${GROWN}) i`,
    [tenantId, office.zoneId],
  );
  await tx.query(
    `INSERT INTO access_credentials (tenant_id, card_digest, card_number_digest, facility_code, card_number, user_id, active,
                                     credential_type, updated_at)
     SELECT tenant_id, user_id, CASE user_id WHEN $2 THEN $3::uuid ELSE user_id END, '', user_name, user_id, true, 'badge', now()
     FROM users WHERE tenant_id = $1`,
    [tenantId, user.userId, cardTextDigest(CARD)],
  );
  await tx.query(
    `INSERT INTO access_credential_scans (tenant_id, scan_digest, card_digest, scan_data)
     SELECT tenant_id, CASE user_id WHEN $2 THEN $3::uuid ELSE user_id END, user_id, user_name FROM users WHERE tenant_id = $1`,
    [tenantId, user.userId, cardTextDigest(CARD)],
  );
  await tx.query(
    `INSERT INTO day_plans (tenant_id, user_id, day, plan, location_id, set_by)
     SELECT tenant_id, user_id, '2026-03-10', 'o', $2, 'week' FROM users WHERE tenant_id = $1`,
    [tenantId, office.locationId],
  );
  await tx.query(
    `INSERT INTO bookings (tenant_id, user_id, day, location_id, node_id, node_kind, set_by)
     SELECT tenant_id, user_id, '2026-03-10', $2, $2, 'location', 'engine' FROM users WHERE tenant_id = $1`,
    [tenantId, office.locationId],
  );
}

/** The number of rows that the transaction has read so far, by table. */
async function rowsRead(tx: Tx): Promise<Record<string, number>> {
  const { rows } = await tx.query<{ name: string; read: number }>(
    `SELECT relname AS name, (seq_tup_read + coalesce(idx_tup_fetch, 0))::int AS read FROM pg_stat_xact_user_tables
     WHERE schemaname = 'rollcall'`,
  );
  return Object.fromEntries(rows.map(({ name, read }) => [name, read]));
}

test('look-ups read only a few rows of an organisation that has just become large', async () => {
  const lookUp = async (tx: Tx) => {
    const resolved = await resolve(tx, tenantId, {
      userIds: [user.userId],
      names: [user.email, user.userName],
      namesInAnyCase: [user.email.toUpperCase()],
      cards: [CARD],
      nodeIds: [office.placeId],
    });
    const sighting = {
      ...{ userId: user.userId, locationId: office.locationId },
      ...{
        observedAtUs: Date.parse('2026-03-10T08:00:00Z') * 1_000,
        receivedAtMs: Date.parse('2026-03-10T09:00:00Z'),
      },
    };
    return { resolved, unbooked: await listDeskPresenceToBook(tx, tenantId, [sighting]) };
  };
  await server.db.owner.inTenant(tenantId, async (tx) => {
    await grow(tx);
    await tx.query('DISCARD PLANS');
    const before = await rowsRead(tx);
    const { resolved, unbooked } = await lookUp(tx);
    const after = await rowsRead(tx);
    const found = [
      resolved.userById(user.userId),
      resolved.userByName(user.email),
      resolved.userByName(user.userName),
      resolved.userByNameInAnyCase(user.email.toUpperCase()),
      ...resolved.cardHolders(CARD),
    ];
    expect(found.map((each) => each?.userId)).toEqual(Array(5).fill(user.userId));
    expect(resolved.node(office.placeId)).toMatchObject({ nodeId: office.placeId });
    expect(unbooked).toMatchObject([{ userId: user.userId, day: '2026-03-10' }]);
    const read = Object.entries(after).map(([table, rows]) => [table, rows - (before[table] ?? 0)] as const);
    expect(read.filter(([, rows]) => rows > 20)).toEqual([]);
  });
});

test('a connection discards its plans after ten seconds, because small tables may have grown', async () => {
  const discards: { client: pg.Client; atMs: number }[] = [];
  const original = pg.Client.prototype.query;
  // The server also does work in the background, on other connections.
  const query = vi.spyOn(pg.Client.prototype, 'query').mockImplementation(function (
    this: pg.Client,
    ...given: unknown[]
  ) {
    if ((given[0] as { text?: string }).text === 'DISCARD PLANS')
      discards.push({ client: this, atMs: performance.now() });
    return Reflect.apply(original, this, given);
  } as never);
  vi.useFakeTimers({ toFake: ['performance'] });
  // Its connections know no other time: those of the other server may have plans of the real one.
  const own = await startTestServer();
  try {
    const site = await addSite(own);
    const send = async () => expect((await submit(own, site, [goodEvent(site)])).statusCode).toBe(200);
    await send();
    for (const laterMs of [11_000, 9_000, 11_000]) {
      vi.advanceTimersByTime(laterMs);
      await send();
    }
    expect(discards.filter(({ atMs }) => atMs === performance.now())).not.toEqual([]);
    const gaps = discards.flatMap(({ client, atMs }, index) => {
      const next = discards.slice(index + 1).find((each) => each.client === client);
      return next ? [next.atMs - atMs] : [];
    });
    expect(gaps.filter((gap) => gap < 10_000)).toEqual([]);
  } finally {
    await own.close();
    vi.useRealTimers();
    query.mockRestore();
  }
});
