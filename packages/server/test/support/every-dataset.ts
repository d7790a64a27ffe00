import type { Site } from './presence.ts';
import type { TestServer } from './server.ts';
import { logChanges, storeDays } from './workday.ts';

/** Texts that at least one format must escape or convert. */
export const AWKWARD_TEXTS = [
  '',
  'plain',
  'quote " and \\ backslash',
  '\\N',
  '\\x41\\101\\t',
  'tab\tnew\nline\rreturn',
  '\u0001\b\f\v\u001f\u007f\u0085',
  '\u2028 line separator',
  'Zürich 東京 \u{1F600}',
  '=1+1',
  'a,b;c',
  'x'.repeat(1_024),
  "'=1+1",
  "''quoted'",
  '-1 Basement',
] as const;

const DAY = '2026-03-10';

/**
 * Adds rows to every dataset: texts of every kind, every kind of node, instants in microseconds, and unknown values.
 */
export async function fillEveryDataset({ db: { owner } }: TestServer, site: Site): Promise<void> {
  const { tenantId, office, user } = site;
  await owner.inTenant(tenantId, async (tx) => {
    const run = (sql: string, ...values: unknown[]) => tx.query(sql, [tenantId, ...values]);
    await run(
      `INSERT INTO nodes (tenant_id, node_id, kind, parent_id, name, space_type, capacity)
       SELECT $1, md5('room ' || i)::uuid, 'space', $2, $3, CASE WHEN i = 1 THEN 'booth' END, CASE WHEN i = 1 THEN 4 END
       FROM generate_series(1, 2) i`,
      office.levelId,
      AWKWARD_TEXTS[2],
    );
    await run(
      'UPDATE nodes SET name = $2 WHERE tenant_id = $1 AND node_id = $3',
      AWKWARD_TEXTS[8],
      office.zoneId,
    );
    await run(
      'UPDATE nodes SET address = $2 WHERE tenant_id = $1 AND node_id = $3',
      'a\n"b"',
      office.locationId,
    );
    await run(
      `INSERT INTO groups (tenant_id, group_id, group_type, name) VALUES ($1, $2, 'team', $3)`,
      office.zoneId,
      AWKWARD_TEXTS[5],
    );
    await run(
      `INSERT INTO users (tenant_id, user_id, user_name, user_name_folded, email, email_folded, first_name, last_name,
                          primary_group_id, primary_location_id)
       SELECT $1, md5('person ' || i)::uuid, 'person ' || i, 'person ' || i, CASE WHEN i > 0 THEN text END, CASE WHEN i > 0 THEN text END, text, NULL,
              CASE WHEN i > 0 THEN $3::uuid END, CASE WHEN i > 0 THEN $4::uuid END
       FROM unnest($2::text[]) WITH ORDINALITY AS t (text, n), LATERAL (SELECT n - 1 AS i) AS numbered`,
      AWKWARD_TEXTS,
      office.zoneId,
      office.locationId,
    );
    // Each text occurs as each member in turn, on each kind of node.
    const events = `FROM unnest($2::text[]) WITH ORDINALITY AS t (text, i),
                         (SELECT node_id, kind FROM nodes WHERE tenant_id = $1) AS n,
                         LATERAL (SELECT '${DAY} 09:00:00Z'::timestamptz + i * interval '123456.7 microseconds' AS at) AS timed`;
    await run(
      `INSERT INTO presence_events (tenant_id, observed_at, event_digest, day, user_id, location_id, node_id,
                                    event_id, source_id, source_user_id, received_at)
       SELECT $1, at, md5(i || node_id::text)::uuid, '${DAY}'::date + (i % 2)::integer, md5('person ' || i - 1)::uuid, $3, node_id,
              text, text, CASE WHEN i % 2 = 0 THEN text END, at ${events}`,
      AWKWARD_TEXTS,
      office.locationId,
    );
    await run(
      `INSERT INTO occupancy_events (tenant_id, observed_at, event_digest, day, location_id, node_id, event_id,
                                     source_id, occupied, occupancy, received_at)
       SELECT $1, at, md5(i || node_id::text)::uuid, '${DAY}', $3, node_id, text, text, i % 2 = 0,
              CASE i WHEN 1 THEN NULL WHEN 2 THEN 0.1 WHEN 3 THEN 1e21 WHEN 4 THEN 5e-324 ELSE i END, at ${events}`,
      AWKWARD_TEXTS,
      office.locationId,
    );
    await run(
      `INSERT INTO visitor_arrivals (tenant_id, observed_at, event_digest, day, location_id, node_id, event_id, source_id,
                                     visitor_name, visitor_email, visitor_company, host_user_id, received_at)
       SELECT $1, at, md5(i || node_id::text)::uuid, '${DAY}', $3, node_id, text, text, text || '.', text,
              CASE WHEN i % 2 = 0 THEN text END, CASE WHEN i % 2 = 0 THEN $4::uuid END, at ${events}`,
      AWKWARD_TEXTS,
      office.locationId,
      user.userId,
    );
  });
  const { locationId, zoneId, placeId } = office;
  const plan = { userId: user.userId, locationId, plan: 'o' as const };
  await storeDays(owner, tenantId, [
    { ...plan, day: '2026-03-09' },
    { ...plan, day: '2026-03-10', booking: { nodeId: zoneId, kind: 'zone', zoneId } },
    { ...plan, day: '2026-03-11', booking: { nodeId: placeId, kind: 'place', zoneId } },
    { userId: user.userId, day: '2026-03-12', plan: 'r' },
  ]);
  await logChanges(
    owner,
    tenantId,
    AWKWARD_TEXTS.map((text, i) => ({
      loggedAt: `2026-03-10T09:00:00.${String(i * 1_001).padStart(6, '0')}Z`,
      userId: user.userId,
      day: DAY,
      action: text,
      description: text,
      reason: i % 2 ? text : null,
      before: i % 2 ? { [text]: text, n: [1.5, null, true] } : null,
      after: i % 3 ? {} : null,
    })),
  );
}
