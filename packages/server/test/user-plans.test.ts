import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Tx } from '../src/store/connections/db.ts';
import { listUsers } from '../src/store/directory/user-list.ts';
import { cardTextDigest } from '../src/store/values/digest.ts';
import { readUserAttendance } from '../src/workday/user-attendance.ts';
import { readUserChanges } from '../src/workday/user-changes.ts';
import { readUserProfile } from '../src/workday/user-profile.ts';
import { addOffice, addUser, type Office, type TestUser } from './support/directory.ts';
import { startTestServer, type TestServer } from './support/server.ts';

const OTHERS = 3_000;
/** A scan would read the rows of all others. Different plans read some tens of rows more or less. */
const MOST_READ = OTHERS / 10;
const CARD = '4711';
const DAYS = ['2026-03-09', '2026-03-10', '2026-03-11'];
const WINDOW = { from: '2026-03-09', before: '2026-03-12' };
const NOON = new Date('2026-03-12T12:00:00Z');

let server: TestServer;
let tenantId: string;
let office: Office;
let user: TestUser;
beforeAll(async () => {
  server = await startTestServer();
  tenantId = await server.organisation();
  office = await addOffice(server.db.owner, tenantId, 'UTC');
  user = await addUser(server.db.owner, tenantId);
  await server.db.owner.inTenant(tenantId, addOthers);
});
afterAll(() => server.close());

/** Adds many users, each with a card, leave, groups, plans, presence and entries of the action log. */
async function addOthers(tx: Tx): Promise<void> {
  const run = (sql: string, ...values: unknown[]) => tx.query(sql, [tenantId, ...values]);
  await run(
    `INSERT INTO users (tenant_id, user_id, user_name, user_name_folded, email, email_folded)
     SELECT $1, gen_random_uuid(), n, n, n, n FROM (SELECT 'many' || i AS n FROM generate_series(1, ${OTHERS}) i) AS named`,
  );
  await run(
    `INSERT INTO nodes (tenant_id, node_id, kind, parent_id, name)
     SELECT $1, gen_random_uuid(), 'place', $2, 'desk ' || i FROM generate_series(1, ${OTHERS}) i`,
    office.zoneId,
  );
  await run(
    `INSERT INTO access_credentials (tenant_id, card_digest, card_number_digest, facility_code, card_number, user_id, active,
                                     credential_type, updated_at)
     SELECT tenant_id, user_id, CASE user_id WHEN $2 THEN $3::uuid ELSE user_id END, '', user_name, user_id, true, 'badge', now()
     FROM users WHERE tenant_id = $1`,
    user.userId,
    cardTextDigest(CARD),
  );
  await run(
    `INSERT INTO leaves (tenant_id, user_id, leave_id, start_day, end_day)
     SELECT tenant_id, user_id, user_id, '2026-04-01', '2026-04-02' FROM users WHERE tenant_id = $1`,
  );
  await run(
    `INSERT INTO day_plans (tenant_id, user_id, day, plan, location_id, set_by)
     SELECT tenant_id, user_id, day, 'o', $2, 'week' FROM users, unnest($3::date[]) AS day WHERE tenant_id = $1`,
    office.locationId,
    DAYS,
  );
  await run(
    `INSERT INTO bookings (tenant_id, user_id, day, location_id, node_id, node_kind, set_by)
     SELECT tenant_id, user_id, day, $2, $2, 'location', 'engine' FROM users, unnest($3::date[]) AS day WHERE tenant_id = $1`,
    office.locationId,
    DAYS,
  );
  await run(
    `INSERT INTO presence_events (tenant_id, observed_at, event_digest, day, user_id, location_id, node_id, event_id,
                                  source_id, received_at)
     SELECT tenant_id, day + time '09:00', gen_random_uuid(), day, user_id, $2, $2, '1', 'door', now()
     FROM users, unnest($3::date[]) AS day WHERE tenant_id = $1 AND (user_id <> $4 OR day = $3[1])`,
    office.locationId,
    DAYS,
    user.userId,
  );
  await run(
    `INSERT INTO action_log (tenant_id, logged_at, entry_id, action_id, user_id, day, category, action, description, changed_by)
     SELECT tenant_id, '2026-03-09T09:00:00Z', gen_random_uuid(), gen_random_uuid(), user_id, '2026-03-09', 'plan', 'created', '', 'engine'
     FROM users WHERE tenant_id = $1`,
  );
}

/** The rows read so far. `leftOut` is a table whose rows do not count. */
async function rowsRead(tx: Tx, leftOut: string): Promise<number> {
  const { rows } = await tx.query<{ read: number }>(
    `SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::int AS read FROM pg_stat_xact_user_tables
     WHERE schemaname = 'rollcall' AND relname <> $1`,
    [leftOut],
  );
  return rows[0]?.read ?? 0;
}

test.for(['without statistics', 'with statistics'])(
  'one user is read by indexes, %s',
  async (how, { skip }) => {
    const { rows } = await server.db.owner.inSystem((tx) => tx.query('SHOW server_version_num'));
    const isOlder = Number(rows[0].server_version_num) < 170_000;
    skip(isOlder && how === 'without statistics', 'older PostgreSQL needs statistics for this');
    // Older planners read all of so few nodes to find the offices.
    const leftOut = isOlder ? 'nodes' : '';
    if (how === 'with statistics') {
      await server.db.owner.inTenant(tenantId, async (tx) => {
        await tx.query(
          'ANALYZE nodes, users, access_credentials, leaves, day_plans, bookings, presence_events, action_log',
        );
      });
    }
    await server.db.restricted.inTenant(tenantId, async (tx) => {
      const { userId } = user;
      const reads: [string, () => Promise<unknown>][] = [
        ['profile', () => readUserProfile(tx, tenantId, userId, NOON)],
        ['attendance', () => readUserAttendance(tx, tenantId, userId, { window: WINDOW, now: NOON })],
        [
          'changes',
          () => readUserChanges(tx, tenantId, { userId, day: undefined }, { limit: 10, after: null }),
        ],
        ['card', () => listUsers(tx, tenantId, { card: CARD }, { limit: 10, after: null })],
      ];
      const costs: Record<string, number> = {};
      for (const [name, read] of reads) {
        const before = await rowsRead(tx, leftOut);
        const answer = await read();
        costs[name] = (await rowsRead(tx, leftOut)) - before;
        expect(JSON.stringify(answer)).not.toBe('[]');
      }
      expect(Object.entries(costs).filter(([, cost]) => cost > MOST_READ)).toEqual([]);
    });
  },
);
