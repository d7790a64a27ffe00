import pino from 'pino';
import { TASKS } from '../../src/jobs/tasks.ts';
import type { Retention } from '../../src/store/privacy/retention-settings.ts';
import type { ChangesClient } from './changes.ts';
import type { TestDatabase } from './database.ts';
import type { TestClock } from './server.ts';
import { storeDays } from './workday.ts';

/** Four days in March 2026, for which `fillDays` makes rows of every kind. */
export const DAYS = ['2026-03-08', '2026-03-09', '2026-03-10', '2026-03-31'] as const;

interface Served {
  server: { db: TestDatabase; clock: Pick<TestClock, 'read'> };
}

/** Runs the job `retention` on behalf of the server, until `stopping` aborts. */
export function enforceRetention(served: Served, stopping?: AbortController): Promise<void> {
  return runTask(served, 'retention', stopping);
}

/** Runs a job on behalf of the server, until `stopping` aborts. */
export async function runTask(
  { server: { db, clock } }: Served,
  wanted: string,
  stopping?: AbortController,
): Promise<void> {
  const task = TASKS.find(({ name }) => name === wanted);
  await task?.run({
    database: db.restricted,
    target: db.target,
    clock: clock.read,
    log: pino({ level: 'silent' }),
    signal: (stopping ?? new AbortController()).signal,
    ...(stopping && { onProgress: () => stopping.abort() }),
  });
}

/** Calls a route of the retention with the key of the site. */
export async function callRetention(
  { server, site }: Pick<ChangesClient, 'server' | 'site'>,
  method: 'GET' | 'PATCH' | 'POST',
  path = '',
  payload?: object,
  headers = {},
) {
  const authorization = `Bearer ${await server.token(site.key)}`;
  const url = `/v1/manage/retention${path}`;
  return server.app.inject({
    method,
    url,
    headers: { authorization, ...headers },
    ...(payload && { payload }),
  });
}

/** Sets the retention of kinds. Throws unless the server accepts it. */
export async function setRetention(
  client: Pick<ChangesClient, 'server' | 'site'>,
  change: Partial<Retention>,
): Promise<void> {
  const reply = await callRetention(client, 'PATCH', '', change);
  if (reply.statusCode !== 200) throw new Error(reply.body);
}

/** Adds rows of every kind on `DAYS`. Then it is July. The visitors have this name. */
export async function fillDays(client: ChangesClient, visitor = 'Vera Visitor'): Promise<void> {
  const { server, site } = client;
  const { locationId } = site.office;
  await storeDays(
    server.db.owner,
    site.tenantId,
    DAYS.map((day) => ({ userId: site.user.userId, day, plan: 'o', locationId })),
  );
  for (const day of DAYS) {
    await client.write(
      `INSERT INTO presence_events (tenant_id, observed_at, event_digest, day, user_id, location_id, node_id, event_id, source_id, received_at)
       SELECT $1, $2::timestamptz + i * interval '1 minute', gen_random_uuid(), $2::timestamptz::date, $3, $4, $4, 'e' || i, 's', $2::timestamptz FROM generate_series(1, 3) AS i`,
      `${day}T09:00:00Z`,
      site.user.userId,
      locationId,
    );
    for (const [table, column, value] of [
      ['occupancy_events', 'occupied', 'true'],
      ['visitor_arrivals', 'visitor_name', `'${visitor}'`],
    ])
      await client.write(
        `INSERT INTO ${table} (tenant_id, observed_at, event_digest, day, location_id, node_id, ${column}, event_id, source_id, received_at)
         VALUES ($1, $2::timestamptz, gen_random_uuid(), $2::timestamptz::date, $3, $3, ${value}, 'e', 's', $2::timestamptz)`,
        `${day}T09:00:00Z`,
        locationId,
      );
    await client.write(
      `INSERT INTO action_log (tenant_id, logged_at, entry_id, action_id, user_id, day, category, action, description, changed_by, reason)
       VALUES ($1, $2::timestamptz, gen_random_uuid(), gen_random_uuid(), $3, $2::timestamptz::date, 'plan', 'created', 'Plan set to away', 'integration', 'Leave scheduled (sick)')`,
      `${day}T08:00:00Z`,
      site.user.userId,
    );
    await client.write(
      `INSERT INTO leaves (tenant_id, user_id, leave_id, start_day, end_day, leave_type)
       VALUES ($1, $2, gen_random_uuid(), $3, $3, 'sick')`,
      site.user.userId,
      day,
    );
    await client.write(
      `INSERT INTO refused_events (tenant_id, refused_at, refusal_id, reason, api_key_folded, endpoint, cause, sender)
       VALUES ($1, $2, gen_random_uuid(), 'r', 'k', 'presence', 'unknownUser', 'key')`,
      `${day}T09:00:00Z`,
    );
  }
  server.clock.nowMs = Date.parse('2026-07-10T12:00:00Z');
}
