import type { Horizon } from './horizon-support.ts';

export interface SiteSize {
  people: number;
  offices: number;
  /** A multiple of 40. */
  desks: number;
}

/**
 * Offices with desks in zones of forty, some with a capacity, and users in groups of ten. Most users come three days a
 * week. Every tenth user has an
 * assigned desk, as far as there are desks. Half of the desks had a user in the weeks before.
 */
export async function fillSite(horizon: Horizon, { people, offices, desks }: SiteSize): Promise<void> {
  const run = horizon.sql.bind(horizon);
  const id = (expression: string) => `md5(${expression})::uuid`;
  const node = `INSERT INTO nodes (tenant_id, node_id, kind, parent_id, name, time_zone, capacity) SELECT $1`;
  await run(
    `${node}, ${id("'o' || n")}, 'location', NULL, 'Office ' || n, 'Europe/London', NULL FROM generate_series(0, $2 - 1) AS n`,
    [offices],
  );
  await run(
    `${node}, ${id("'l' || n")}, 'level', ${id("'o' || n % $2")}, 'Level ' || n, NULL, NULL FROM generate_series(0, $2 * 2 - 1) AS n`,
    [offices],
  );
  await run(
    `${node}, ${id("'z' || n")}, 'zone', ${id("'l' || n % ($2 * 2)")}, 'Zone ' || n, NULL, CASE WHEN n % 4 = 0 THEN 45 END
     FROM generate_series(0, $3 / 40 - 1) AS n`,
    [offices, desks],
  );
  await run(
    `${node}, ${id("'d' || n")}, 'place', ${id("'z' || n % ($2 / 40)")}, 'Desk ' || n, NULL, NULL
     FROM generate_series(0, $2 - 1) AS n`,
    [desks],
  );
  await run(
    `INSERT INTO groups (tenant_id, group_id, group_type, name)
     SELECT $1, ${id("'g' || n")}, 'team', 'Team ' || n FROM generate_series(0, $2 / 10 - 1) AS n`,
    [people],
  );
  await run(
    `INSERT INTO users (tenant_id, user_id, user_name, user_name_folded, primary_location_id, primary_group_id)
     SELECT $1, ${id("'u' || n")}, 'user ' || n, 'user ' || n, ${id("'o' || n % $3")}, ${id("'g' || n % ($2 / 10)")}
     FROM generate_series(0, $2 - 1) AS n`,
    [people, offices],
  );
  await run(
    `INSERT INTO desk_assignments (tenant_id, place_id, user_id)
     SELECT $1, ${id("'d' || n")}, ${id("'u' || n * 10")} FROM generate_series(0, $2 - 1) AS n`,
    [Math.min(Math.floor(people / 10), desks)],
  );
  await run(
    `INSERT INTO week_plans (tenant_id, user_id, weekday, plan)
     SELECT $1, ${id("'u' || n")}, weekday, CASE WHEN (n + weekday) % 5 < 3 THEN 'o' ELSE 'r' END
     FROM generate_series(0, $2 - 1) AS n CROSS JOIN generate_series(1, 5) AS weekday`,
    [people],
  );
  // One desk of the own office each, so that no two users share one.
  await run(
    `WITH had AS (
       SELECT ${id("'u' || n")} AS user_id, ${id("'d' || n")} AS node_id, day::date AS day
       FROM generate_series(1, $2 - 1, 2) AS n
       CROSS JOIN generate_series(date '2026-01-05', date '2026-02-27', interval '7 days') AS day
     ), plans AS (
       INSERT INTO day_plans (tenant_id, user_id, day, plan, location_id, set_by)
       SELECT $1, h.user_id, h.day, 'o', p.location_id, 'day'
       FROM had h JOIN node_paths p ON p.tenant_id = $1 AND p.node_id = h.node_id
     )
     INSERT INTO bookings (tenant_id, user_id, day, location_id, node_id, node_kind, zone_id, set_by)
     SELECT $1, h.user_id, h.day, p.location_id, h.node_id, 'place', p.zone_id, 'person'
     FROM had h JOIN node_paths p ON p.tenant_id = $1 AND p.node_id = h.node_id`,
    [desks],
  );
}
