import fc from 'fast-check';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { moveToPseudonyms } from '../src/store/privacy/pseudonyms.ts';
import { verifyAggregates } from '../src/warehouse/aggregate-checks.ts';
import { AttendanceClient } from './support/attendance.ts';
import { addNode, addUser } from './support/directory.ts';
import { startTestServer, type TestServer } from './support/server.ts';
import { keyOf, type PresenceRow, periodOf, summed, type Unit } from './support/summed-metrics.ts';
import { type WriterStep, Writers, writerSteps } from './support/writers.ts';

const WRITERS = 3;
const FIRST_DAY = 8;
const LAST_DAY = 13;

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  server.clock.nowMs = Date.parse('2026-03-12T12:00:00Z');
});
afterAll(() => server.close());
const writers = Writers.forEachTest(WRITERS, () => server);

/** The rows that only one writer changes, so that no writer waits for another. */
interface Ground {
  tenantId: string;
  users: string[];
  offices: string[];
  /** By office: zones on two levels, and desks that begin in the first one. */
  zones: string[][];
  desks: string[][];
  /** Only this writer sets the presence reporting of this office. */
  office: string;
  groups: string[];
}

type Write = [name: string, run: (client: pg.Client, ground: Ground) => Promise<unknown>];

const pick = fc.integer({ min: 0, max: 1 });
const day = fc.integer({ min: FIRST_DAY, max: LAST_DAY }).map(dayOf);
const of = <T>(list: readonly T[], index: number): T => list[index % list.length] as T;

function dayOf(n: number): string {
  return `2026-03-${String(n).padStart(2, '0')}`;
}

const writes: fc.Arbitrary<Write> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .record({ day, user: pick, office: pick, desk: pick, at: fc.constantFrom('office', 'zone', 'desk') })
      .map(detected),
  },
  {
    weight: 5,
    arbitrary: fc
      .record({
        ...{ day, user: pick, office: pick, desk: pick },
        plan: fc.constantFrom('o', 'o', 'r', null),
        setBy: fc.constantFrom('day', 'presence'),
        at: fc.constantFrom('office', 'zone', 'desk'),
      })
      .map(planned),
  },
  {
    weight: 2,
    arbitrary: fc
      .record({ day, user: pick, desk: pick, at: fc.constantFrom('office', 'zone', 'desk') })
      .map(rebooked),
  },
  {
    weight: 2,
    arbitrary: fc.record({ day, user: pick, setBy: fc.constantFrom('day', 'presence') }).map(attributed),
  },
  { weight: 1, arbitrary: fc.record({ user: pick, days: fc.constantFrom(-1, 1) }).map(redated) },
  { weight: 1, arbitrary: fc.record({ user: pick, day }).map(erased) },
  { weight: 1, arbitrary: fc.record({ user: pick, day }).map(nameless) },
  { weight: 1, arbitrary: fc.record({ user: pick, group: fc.integer({ min: -1, max: 1 }) }).map(regrouped) },
  { weight: 1, arbitrary: fc.record({ office: pick, desk: pick, zone: pick }).map(moved) },
  {
    weight: 1,
    arbitrary: fc
      .record({ office: pick, desk: pick, status: fc.constantFrom('active', 'inactive') })
      .map(retired),
  },
  { weight: 1, arbitrary: fc.constantFrom('detect', 'always', 'never').map(reporting) },
);

function nodeOf({ offices, zones, desks }: Ground, p: { office: number; desk: number; at: string }): string {
  if (p.at === 'office') return of(offices, p.office);
  return of(of(p.at === 'zone' ? zones : desks, p.office), p.desk);
}

function detected(p: { day: string; user: number; office: number; desk: number; at: string }): Write {
  return [
    `detected ${JSON.stringify(p)}`,
    (client, ground) =>
      client.query(
        `INSERT INTO presence_events (tenant_id, observed_at, event_digest, day, user_id, location_id, node_id, event_id,
                                      source_id, received_at)
         SELECT $1, $2::timestamp AT TIME ZONE 'UTC' + interval '9 hours', gen_random_uuid(), $2::date, $3, $4, $5, 'e', 'door', now()`,
        [ground.tenantId, p.day, of(ground.users, p.user), of(ground.offices, p.office), nodeOf(ground, p)],
      ),
  ];
}

function planned(p: {
  day: string;
  user: number;
  office: number;
  desk: number;
  plan: string | null;
  setBy: string;
  at: string;
}): Write {
  return [
    `planned ${JSON.stringify(p)}`,
    async (client, ground) => {
      const key = [ground.tenantId, of(ground.users, p.user), p.day];
      await client.query('DELETE FROM bookings WHERE tenant_id = $1 AND user_id = $2 AND day = $3', key);
      if (p.plan === null) {
        await client.query('DELETE FROM day_plans WHERE tenant_id = $1 AND user_id = $2 AND day = $3', key);
        return;
      }
      const office = p.plan === 'o' ? of(ground.offices, p.office) : null;
      await client.query(
        `INSERT INTO day_plans (tenant_id, user_id, day, plan, location_id, set_by) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (tenant_id, user_id, day) DO UPDATE
         SET plan = excluded.plan, location_id = excluded.location_id, set_by = excluded.set_by`,
        [...key, p.plan, office, p.setBy],
      );
      if (office === null) return;
      await book(client, key, office, nodeOf(ground, p));
    },
  ];
}

/** Books a node of an office; the office itself if another user of this writer has the desk. */
function book(client: pg.Client, key: readonly string[], office: string, nodeId: string): Promise<unknown> {
  return client.query(
    `INSERT INTO bookings (tenant_id, user_id, day, location_id, node_id, node_kind, zone_id, set_by)
     SELECT $1, $2, $3, $4, p.node_id, p.kind, p.zone_id, 'person' FROM node_paths p
     WHERE p.tenant_id = $1 AND p.node_id = CASE
       WHEN EXISTS (SELECT FROM bookings b WHERE b.tenant_id = $1 AND b.day = $3 AND b.node_id = $5) THEN $4::uuid
       ELSE $5::uuid END`,
    [...key, office, nodeId],
  );
}

/** Another booking at the same office, as a person makes it who takes another desk. */
function rebooked(p: { day: string; user: number; desk: number; at: string }): Write {
  return [
    `rebooked ${JSON.stringify(p)}`,
    async (client, ground) => {
      const key = [ground.tenantId, of(ground.users, p.user), p.day];
      const { rows } = await client.query<{ office: string }>(
        `DELETE FROM bookings WHERE tenant_id = $1 AND user_id = $2 AND day = $3 RETURNING location_id AS office`,
        key,
      );
      if (rows[0])
        await book(
          client,
          key,
          rows[0].office,
          nodeOf(ground, { ...p, office: ground.offices.indexOf(rows[0].office) }),
        );
    },
  ];
}

/** Who made a plan decides whether it counts. */
function attributed(p: { day: string; user: number; setBy: string }): Write {
  return [
    `attributed ${JSON.stringify(p)}`,
    (client, { tenantId, users }) =>
      client.query('UPDATE day_plans SET set_by = $4 WHERE tenant_id = $1 AND user_id = $2 AND day = $3', [
        tenantId,
        of(users, p.user),
        p.day,
        p.setBy,
      ]),
  ];
}

function redated(p: { user: number; days: number }): Write {
  return [
    `redated ${JSON.stringify(p)}`,
    (client, { tenantId, users }) =>
      client.query(
        `UPDATE presence_events SET day = day + $3::integer, written_xid = pg_current_xact_id()
         WHERE tenant_id = $1 AND user_id = $2 AND day BETWEEN '2026-03-08' AND '2026-03-13'`,
        [tenantId, of(users, p.user), p.days],
      ),
  ];
}

function erased(p: { user: number; day: string }): Write {
  return [
    `erased ${JSON.stringify(p)}`,
    (client, { tenantId, users }) =>
      client.query('DELETE FROM presence_events WHERE tenant_id = $1 AND user_id = $2 AND day = $3', [
        tenantId,
        of(users, p.user),
        p.day,
      ]),
  ];
}

function nameless(p: { user: number; day: string }): Write {
  return [
    `nameless ${JSON.stringify(p)}`,
    (client, { tenantId, users }) => moveToPseudonyms(client, tenantId, [of(users, p.user)], [p.day]),
  ];
}

function regrouped(p: { user: number; group: number }): Write {
  return [
    `regrouped ${JSON.stringify(p)}`,
    (client, { tenantId, users, groups }) =>
      client.query('UPDATE users SET primary_group_id = $3 WHERE tenant_id = $1 AND user_id = $2', [
        tenantId,
        of(users, p.user),
        groups[p.group] ?? null,
      ]),
  ];
}

function moved(p: { office: number; desk: number; zone: number }): Write {
  return [
    `moved ${JSON.stringify(p)}`,
    (client, { tenantId, desks, zones }) =>
      client.query('UPDATE nodes SET parent_id = $3 WHERE tenant_id = $1 AND node_id = $2', [
        tenantId,
        of(of(desks, p.office), p.desk),
        of(of(zones, p.office), p.zone),
      ]),
  ];
}

function retired(p: { office: number; desk: number; status: string }): Write {
  return [
    `retired ${JSON.stringify(p)}`,
    (client, { tenantId, desks }) =>
      client.query('UPDATE nodes SET status = $3 WHERE tenant_id = $1 AND node_id = $2', [
        tenantId,
        of(of(desks, p.office), p.desk),
        p.status,
      ]),
  ];
}

function reporting(setting: string): Write {
  return [
    `reporting ${setting}`,
    (client, { tenantId, office }) =>
      client.query(
        `INSERT INTO office_settings (tenant_id, location_id, presence_reporting) VALUES ($1, $2, $3)
         ON CONFLICT (tenant_id, location_id) DO UPDATE SET presence_reporting = excluded.presence_reporting`,
        [tenantId, office, setting],
      ),
  ];
}

type Step =
  | WriterStep<Write>
  /** Several windows at once, each of which makes aggregates. */
  | { do: 'ask'; windows: { from: number; days: number }[]; period: string }
  | { do: 'verify' };

const step: fc.Arbitrary<Step> = fc.oneof(
  ...writerSteps(WRITERS, writes),
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('ask' as const),
      windows: fc.array(fc.record({ from: fc.nat(5), days: fc.integer({ min: 1, max: 9 }) }), {
        minLength: 1,
        maxLength: 3,
      }),
      period: fc.constantFrom('day', 'week', 'month', 'range'),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'verify' as const }) },
);

test('metrics equal sums over the exports, for all writes between the calls and any order of commits', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 12, maxLength: 40 }), async (steps) => {
      const { grounds, ask, verify } = await start();
      try {
        for (const each of steps) {
          if (each.do === 'ask') await Promise.all(each.windows.map((window) => ask(window, each.period)));
          if (each.do === 'verify') await verify();
          if (each.do === 'end') await writers().end(each.writer, each.how);
          if (each.do === 'write') {
            const ground = grounds[each.writer] as Ground;
            await writers().write(each.writer, ground.tenantId, each.nested, (client) =>
              each.write[1](client, ground),
            );
          }
        }
        await ask({ from: 0, days: 9 }, 'day');
        await writers().endAll('COMMIT');
        // The last refresh is recent, so the calls themselves find what is new.
        await ask({ from: 0, days: 9 }, 'day');
        await ask({ from: 0, days: 8 }, 'range');
        await verify();
      } finally {
        await writers().endAll('ROLLBACK');
      }
    }),
    { numRuns: Number(process.env.AGGREGATE_RUNS ?? 4), interruptAfterTimeLimit: 90_000 },
  );
}, 600_000);

/** A new organisation, and the comparison of its metrics with its exports. */
async function start() {
  const { owner } = server.db;
  const tenantId = await server.organisation();
  const client = new AttendanceClient(server, await server.key(tenantId));
  const offices = [
    await addNode(owner, tenantId, { kind: 'location', timeZone: 'UTC' }),
    await addNode(owner, tenantId, { kind: 'location', timeZone: 'UTC' }),
  ];
  const own = await addNode(owner, tenantId, { kind: 'location', timeZone: 'UTC' });
  const { rows: groups } = await owner.inTenant(tenantId, (tx) =>
    tx.query<{ groupId: string }>(
      `INSERT INTO groups (tenant_id, group_id, group_type, name)
       SELECT $1, gen_random_uuid(), 'team', 'Team ' || n FROM generate_series(1, 2) AS n RETURNING group_id AS "groupId"`,
      [tenantId],
    ),
  );
  const grounds: Ground[] = [];
  for (let n = 0; n < WRITERS; n++) {
    const zones: string[][] = [];
    const desks: string[][] = [];
    for (const parentId of offices) {
      const levels = [
        await addNode(owner, tenantId, { kind: 'level', parentId }),
        await addNode(owner, tenantId, { kind: 'level', parentId }),
      ];
      const ofOffice: string[] = [];
      for (const level of levels)
        ofOffice.push(await addNode(owner, tenantId, { kind: 'zone', parentId: level }));
      zones.push(ofOffice);
      const zone = of(ofOffice, 0);
      desks.push([
        await addNode(owner, tenantId, { kind: 'place', parentId: zone }),
        await addNode(owner, tenantId, { kind: 'place', parentId: zone }),
      ]);
    }
    grounds.push({
      tenantId,
      users: [(await addUser(owner, tenantId)).userId, (await addUser(owner, tenantId)).userId],
      ...{ offices, zones, desks },
      office: offices[n] ?? own,
      groups: groups.map(({ groupId }) => groupId),
    });
  }
  const ask = async ({ from, days }: { from: number; days: number }, period: string) => {
    const query = { startDate: dayOf(FIRST_DAY - 1 + from), endDate: dayOf(FIRST_DAY - 2 + from + days) };
    const attendance = await client.attendance(query.startDate, query.endDate);
    const presence = await client.rows<PresenceRow>('presence', query);
    const { rows: settings } = await owner.inTenant(tenantId, (tx) =>
      tx.query<{ locationId: string; reporting: string }>(
        `SELECT location_id AS "locationId", presence_reporting AS reporting FROM offices WHERE tenant_id = $1`,
        [tenantId],
      ),
    );
    const reportingOf = (officeId: string) =>
      settings.find(({ locationId }) => locationId === officeId)?.reporting ?? '';
    for (const by of ['location', 'level', 'zone', 'group'] as Unit[]) {
      const rows = await client.rows<Record<string, unknown>>('metrics', { ...query, by, period });
      const counted = rows.filter(
        (row) => Number(row.attendance) + Number(row.noShow) + Number(row.unconfirmed) > 0,
      );
      const actual = new Map(
        counted.map((row) => [
          keyOf(String(row.periodStart).slice(0, 10), row.locationId, row.levelId, row.zoneId, row.groupId),
          row,
        ]),
      );
      const expected = summed(
        attendance,
        presence,
        { by },
        { periodOf: periodOf(period, query.startDate), reportingOf },
      );
      expect([...actual.keys()].sort()).toEqual([...expected.keys()].sort());
      for (const [key, numbers] of expected) expect(actual.get(key)).toMatchObject(numbers);
    }
  };
  const verify = async () => {
    expect((await verifyAggregates(server.db.restricted, tenantId)).wrong).toEqual([]);
  };
  return { grounds, ask, verify };
}
