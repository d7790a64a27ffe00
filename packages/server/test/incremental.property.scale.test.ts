import fc from 'fast-check';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Consumer, facts, whole } from './support/consumer.ts';
import { addNode, addOffice, addUser } from './support/directory.ts';
import { startTestServer, type TestServer } from './support/server.ts';
import { type WriterStep, Writers, writerSteps } from './support/writers.ts';

const WRITERS = 3;
/** A failure that takes long to shrink is reported as it is. */
const MOST_MS = 90_000;
const DAY_MS = 86_400_000;

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());
const writers = Writers.forEachTest(WRITERS, () => server);

/** The objects of one writer, so that no writer waits for another. All writers share both offices, where they meet. */
interface Ground {
  tenantId: string;
  users: string[];
  offices: string[];
  /** The office whose settings this writer changes. */
  office: string;
  desks: string[];
}

type Write = (client: pg.Client, ground: Ground) => Promise<unknown>;

const day = fc.integer({ min: 8, max: 12 }).map((n) => `2026-03-${String(n).padStart(2, '0')}`);
const pick = fc.integer({ min: 0, max: 1 });
const of = <T>(list: T[], index: number): T => list[index % list.length] as T;

/** All kinds of writes, with values by chance. */
const writes: fc.Arbitrary<[name: string, write: Write]> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .record({ day, user: pick, office: pick, desk: pick, hour: pick, atDesk: fc.boolean() })
      .map(seen),
  },
  {
    weight: 4,
    arbitrary: fc
      .record({
        day,
        user: pick,
        office: pick,
        plan: fc.constantFrom('o', 'r', 'a', null),
        setBy: fc.constantFrom('day', 'presence'),
      })
      .map(planned),
  },
  { weight: 1, arbitrary: fc.record({ user: pick, days: fc.constantFrom(-1, 1) }).map(redated) },
  { weight: 1, arbitrary: fc.record({ user: pick, name: fc.integer({ min: 0, max: 99 }) }).map(renamed) },
  {
    weight: 1,
    arbitrary: fc.record({ user: pick, day, atMs: fc.integer({ min: 0, max: 5 * DAY_MS }) }).map(logged),
  },
  { weight: 1, arbitrary: fc.constantFrom('detect', 'always', 'never').map(reporting) },
  { weight: 1, arbitrary: fc.constantFrom('UTC', 'Pacific/Kiritimati', 'America/Los_Angeles').map(zoned) },
);

function seen(p: {
  day: string;
  user: number;
  office: number;
  desk: number;
  hour: number;
  atDesk: boolean;
}): [string, Write] {
  return [
    `seen ${JSON.stringify(p)}`,
    (client, { tenantId, users, offices, desks }) =>
      client.query(
        // Two events with the same source, id, user and instant are possible, at the desk and at the office.
        `INSERT INTO presence_events (tenant_id, observed_at, event_digest, day, user_id, location_id, node_id, event_id,
                                      source_id, received_at)
         SELECT $1, e.at, md5(concat($3::uuid, $5::uuid, e.at))::uuid, $2::date, $3, $4, $5, 'e', 'door', e.at
         FROM (SELECT $2::timestamp AT TIME ZONE 'UTC' + $6 * interval '1 hour' AS at) AS e ON CONFLICT DO NOTHING`,
        [
          tenantId,
          p.day,
          of(users, p.user),
          of(offices, p.office),
          p.atDesk ? of(desks, p.office) : of(offices, p.office),
          p.hour,
        ],
      ),
  ];
}

function planned(p: {
  day: string;
  user: number;
  office: number;
  plan: string | null;
  setBy: string;
}): [string, Write] {
  return [
    `planned ${JSON.stringify(p)}`,
    async (client, { tenantId, users, offices }) => {
      const key = [tenantId, of(users, p.user), p.day];
      await client.query('DELETE FROM bookings WHERE tenant_id = $1 AND user_id = $2 AND day = $3', key);
      if (p.plan === null) {
        await client.query('DELETE FROM day_plans WHERE tenant_id = $1 AND user_id = $2 AND day = $3', key);
        return;
      }
      const office = p.plan === 'o' ? of(offices, p.office) : null;
      await client.query(
        `INSERT INTO day_plans (tenant_id, user_id, day, plan, location_id, set_by) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (tenant_id, user_id, day) DO UPDATE
         SET plan = excluded.plan, location_id = excluded.location_id, set_by = excluded.set_by`,
        [...key, p.plan, office, p.setBy],
      );
      if (office === null) return;
      await client.query(
        `INSERT INTO bookings (tenant_id, user_id, day, location_id, node_id, node_kind, set_by)
         VALUES ($1, $2, $3, $4, $4, 'location', 'person')`,
        [...key, office],
      );
    },
  ];
}

function redated(p: { user: number; days: number }): [string, Write] {
  return [
    `redated ${JSON.stringify(p)}`,
    (client, { tenantId, users }) =>
      client.query(
        `UPDATE presence_events SET day = day + $3::integer, written_xid = pg_current_xact_id()
         WHERE tenant_id = $1 AND user_id = $2 AND day BETWEEN '2026-03-02' AND '2026-03-20'`,
        [tenantId, of(users, p.user), p.days],
      ),
  ];
}

function renamed(p: { user: number; name: number }): [string, Write] {
  return [
    `renamed ${JSON.stringify(p)}`,
    async (client, { tenantId, users, desks }) => {
      await client.query('UPDATE users SET first_name = $3 WHERE tenant_id = $1 AND user_id = $2', [
        tenantId,
        of(users, p.user),
        `Name ${p.name}`,
      ]);
      await client.query('UPDATE nodes SET name = $3 WHERE tenant_id = $1 AND node_id = $2', [
        tenantId,
        of(desks, p.user),
        `Desk ${p.name} ${of(desks, p.user)}`,
      ]);
    },
  ];
}

/** Entries of the action log may have any time. */
function logged(p: { user: number; day: string; atMs: number }): [string, Write] {
  return [
    `logged ${JSON.stringify(p)}`,
    (client, { tenantId, users }) =>
      client.query(
        `INSERT INTO action_log (tenant_id, logged_at, entry_id, action_id, user_id, day, category, action, description, changed_by)
         SELECT $1, $2, gen_random_uuid(), a.id, $3, $4, c.category, 'changed', 'Changed', 'user'
         FROM (SELECT gen_random_uuid() AS id OFFSET 0) AS a, unnest(ARRAY['plan', 'booking']) AS c (category)`,
        [tenantId, new Date(Date.parse('2026-03-08') + p.atMs), of(users, p.user), p.day],
      ),
  ];
}

function reporting(setting: string): [string, Write] {
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

function zoned(timeZone: string): [string, Write] {
  return [
    `zoned ${timeZone}`,
    (client, { tenantId, office }) =>
      client.query('UPDATE nodes SET time_zone = $3 WHERE tenant_id = $1 AND node_id = $2', [
        tenantId,
        office,
        timeZone,
      ]),
  ];
}

/** One step of a writer, of the consumer or of the clock. */
type Step =
  | WriterStep<[string, Write]>
  | { do: 'follow'; limit: number | undefined }
  | { do: 'clock'; hours: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  ...writerSteps(WRITERS, writes),
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('follow' as const), limit: fc.constantFrom(undefined, 1, 3) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('clock' as const), hours: fc.integer({ min: -60, max: 60 }) }),
  },
);

test('a consumer of changes has the rows of an export, for all writes and any order of commits', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 45 }), async (steps) => {
      server.clock.nowMs = Date.parse('2026-03-10T12:00:00Z');
      const { grounds, follow } = await start();
      try {
        for (const each of steps) {
          if (each.do === 'follow') await follow(each.limit);
          if (each.do === 'clock') server.clock.nowMs += each.hours * 3_600_000;
          if (each.do === 'end') await writers().end(each.writer, each.how);
          if (each.do === 'write') {
            const ground = grounds[each.writer] as Ground;
            // Writers that change the rules for events wait for one another.
            if (each.writer > 0 && each.write[0].startsWith('zoned')) continue;
            await writers().write(each.writer, ground.tenantId, each.nested, (client) =>
              each.write[1](client, ground),
            );
          }
        }
        await follow(undefined);
        await writers().endAll('COMMIT');
        await follow(undefined);
      } finally {
        await writers().endAll('ROLLBACK');
      }
    }),
    { numRuns: Number(process.env.INCREMENTAL_RUNS ?? 3), interruptAfterTimeLimit: MOST_MS },
  );
}, 600_000);

/**
 * Creates an organisation and a consumer of all its datasets. Each poll compares the consumer's rows with an export.
 */
async function start() {
  const { owner } = server.db;
  const tenantId = await server.organisation();
  const key = await server.key(tenantId);
  const places = [
    await addOffice(owner, tenantId, 'UTC'),
    await addOffice(owner, tenantId, 'UTC'),
    await addOffice(owner, tenantId, 'UTC'),
  ];
  const offices = places.map(({ locationId }) => locationId);
  const grounds: Ground[] = [];
  for (const { locationId, zoneId } of places) {
    const people = [
      await addUser(owner, tenantId),
      await addUser(owner, tenantId, { primaryLocationId: locationId }),
    ];
    const desks = [
      await addNode(owner, tenantId, { kind: 'place', parentId: zoneId }),
      await addNode(owner, tenantId, { kind: 'place', parentId: zoneId }),
    ];
    grounds.push({
      tenantId,
      users: people.map(({ userId }) => userId),
      offices: offices.slice(0, 2),
      office: locationId,
      desks,
    });
  }
  const followers = ['users', 'desks', 'presence', 'change-log/user', 'user-booking-attendance'].map(
    (path) => ({
      consumer: new Consumer(server, key, path),
      told: path === 'users' || path === 'desks' ? whole : facts,
    }),
  );
  for (const office of offices.slice(0, 2)) {
    followers.push({
      consumer: new Consumer(server, key, 'user-booking-attendance', { locationId: office }),
      told: facts,
    });
  }
  for (const { consumer } of followers) await consumer.load();
  const follow = async (limit: number | undefined) => {
    for (const { consumer, told } of followers) {
      await consumer.follow(limit);
      expect(told(consumer.rows())).toEqual(told(await consumer.exported()));
    }
  };
  return { grounds, follow };
}
