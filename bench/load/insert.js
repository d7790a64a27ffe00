import { randomUUID } from 'node:crypto';

/** Settings of the product's own connections: row-level security and durable commits. */
export const SESSION = `SET search_path TO rollcall; SET timezone TO 'UTC'; SET jit TO off;
  SET synchronous_commit TO on; SET ROLE rollcall_app`;

/**
 * Rows of one organisation in one statement, which is a transaction of its own. The statement itself enters the
 * organisation, so that row-level security costs no round trip.
 */
const INSERT = `
  INSERT INTO presence_events (tenant_id, observed_at, event_digest, day, user_id, location_id, node_id,
                               event_id, source_id, source_user_id, received_at)
  SELECT $1::uuid, e.observed_at, e.event_digest, (e.observed_at AT TIME ZONE 'UTC')::date, e.user_id,
         e.location_id, e.node_id, e.event_id, $2, NULL, $3::timestamptz
  FROM set_config('rollcall.tenant_id', $1::text, true),
       unnest($4::timestamptz[], $5::uuid[], $6::uuid[], $7::uuid[], $8::uuid[], $9::text[])
         AS e (observed_at, event_digest, user_id, location_id, node_id, event_id)
  ON CONFLICT DO NOTHING`;

/**
 * Inserts events of one organisation, by a prepared statement.
 * @param {{ query(config: object): Promise<{ rowCount: number }> }} connection
 * @param {{ tenantId: string, locationId: string }} organisation
 * @param {string} sourceId
 * @param {{ eventId: string, timestamp: string, user: { userId: string }, desk: { nodeId: string } }[]} events
 */
export async function insertEvents(connection, { tenantId, locationId }, sourceId, events) {
  const { rowCount } = await connection.query({
    name: 'insert events',
    text: INSERT,
    values: [
      tenantId,
      sourceId,
      new Date(),
      events.map((event) => event.timestamp),
      events.map(() => randomUUID()),
      events.map((event) => event.user.userId),
      events.map(() => locationId),
      events.map((event) => event.desk.nodeId),
      events.map((event) => event.eventId),
    ],
  });
  if (rowCount !== events.length) throw new Error(`${rowCount} of ${events.length} rows were inserted.`);
}
