import pino from 'pino';
import { upsertLocations } from '../../src/directory/nodes.ts';
import { redateOffices } from '../../src/directory/redating.ts';
import type { TestServer } from './server.ts';
import type { Workplace } from './submissions.ts';

/** Runs the job once, to its end. */
export function redate(
  server: TestServer,
  {
    signal = new AbortController().signal,
    onProgress,
  }: { signal?: AbortSignal; onProgress?: (done: number, total: number) => void } = {},
): Promise<void> {
  return redateOffices({
    database: server.db.restricted,
    clock: server.clock.read,
    log: pino({ level: 'silent' }),
    signal,
    ...(onProgress ? { onProgress } : {}),
  });
}

/** Changes the time zone of an office, as an import does. */
export async function moveTo(
  { server, tenantId, office }: Workplace,
  timeZone: string,
  locationId = office.locationId,
): Promise<void> {
  await server.db.owner.inTenant(tenantId, async (tx) => {
    const { rows } = await tx.query('SELECT name FROM nodes WHERE tenant_id = $1 AND node_id = $2', [
      tenantId,
      locationId,
    ]);
    const item = { locationId, locationName: rows[0].name as string, timeZone };
    const results = await upsertLocations(tx, tenantId, [item], {
      actor: { changedBy: 'admin', name: null, reason: null },
      at: new Date(server.clock.nowMs),
    });
    if (!results[0] || !('id' in results[0]) || results[0].result !== 'updated')
      throw new Error(JSON.stringify(results));
  });
}

/**
 * Adds presence events of the office's one user at its desk, directly to the database: one each half an hour from 1
 * March 2026.
 */
export async function addHistory(work: Workplace, count: number): Promise<void> {
  await work.server.db.owner.inTenant(work.tenantId, (tx) =>
    tx.query(
      `INSERT INTO presence_events (tenant_id, observed_at, event_digest, day, user_id, location_id, node_id,
                                    event_id, source_id, received_at)
       SELECT e.tenant_id, e.at, md5(e.i::text)::uuid, (e.at AT TIME ZONE o.time_zone)::date, $2, o.location_id, $4,
              'e' || e.i, 'history', e.at
       FROM (SELECT $1::uuid AS tenant_id, i, timestamptz '2026-03-01 00:00:00Z' + i * interval '3 minutes' AS at
             FROM generate_series(1, $5::integer) AS i) AS e
       JOIN offices o ON o.tenant_id = e.tenant_id AND o.location_id = $3`,
      [work.tenantId, work.user.userId, work.office.locationId, work.office.placeId, count],
    ),
  );
}

export interface RedatingReply {
  locationId: string;
  fromTimeZone: string;
  toTimeZone: string;
  startedAt: string | null;
  finishedAt: string | null;
  eventsDone: number;
  eventsTotal: number;
}

/** The re-dating of an office, from the management API. */
export async function redatingOf(
  { server, token }: Pick<Workplace, 'server' | 'token'>,
  locationId: string,
): Promise<RedatingReply | null> {
  const reply = await server.app.inject({
    url: `/v1/manage/locations/${locationId}/redating`,
    headers: { authorization: `Bearer ${token}` },
  });
  if (reply.statusCode !== 200) throw new Error(`${reply.statusCode} ${reply.body}`);
  return (reply.json() as { redating: RedatingReply | null }).redating;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** The local date of an instant, `YYYY-MM-DD`, by the time zone rules of Node.js. */
export function localDate(instant: string | number, timeZone: string): string {
  const format = formats.get(timeZone) ?? new Intl.DateTimeFormat('en-CA', { timeZone, dateStyle: 'short' });
  formats.set(timeZone, format);
  return format.format(new Date(instant));
}
