import { uuidArray } from '../connections/binary-arrays.ts';
import type { Tx } from '../connections/db.ts';
import { lockUsers } from '../directory/users.ts';
import { NAMELESS_VISITOR } from '../events/visitor-arrivals.ts';
import { mayBeOfDay, mayBeOfDays } from '../values/day-window.ts';
import { addDays } from '../values/days.ts';
import { findEndedNames, noteNamesDone } from './ended-names.ts';
import { openYears } from './pseudonym-years.ts';
import { logWithoutText, makeRoomForPlans, SERVER_REASONS, takePseudonyms } from './pseudonyms.ts';
import { firstDay, onDay, type Removal, SLICE_ROWS } from './removal.ts';
import type { KindOfNames } from './retention-kinds.ts';

/** Users whose rows of a day move in one transaction. */
const SLICE_USERS = 1_000;
/** The name of a visitor after an erasure, in migration 0050. */
const ERASED_VISITOR = 'Erased visitor';

/** SQL: a user is no pseudonym. */
const hasName = (userId: string) =>
  `NOT EXISTS (SELECT FROM users u WHERE u.tenant_id = $1 AND u.user_id = ${userId} AND u.pseudonym_year IS NOT NULL)`;

/**
 * Presence, plans, bookings and hosts of a local day, and entries of the action log that were logged on the same day of UTC. Rows
 * stay, under the pseudonym of the year.
 */
export const names: Removal = {
  nextDay: async (tx, tenantId, before) =>
    firstDay(
      tx,
      `SELECT least(
         (SELECT min(day) FROM presence_events
          WHERE tenant_id = $1 AND day >= $3::date AND day < $2::date AND ${mayBeOfDays('observed_at', '$3::date', '$2::date')}),
         (SELECT min(day) FROM day_plans WHERE tenant_id = $1 AND day >= $3::date AND day < $2::date),
         (SELECT min(day) FROM visitor_arrivals
          WHERE tenant_id = $1 AND day >= $3::date AND day < $2::date AND host_user_id IS NOT NULL
            AND ${mayBeOfDays('observed_at', '$3::date', '$2::date')}),
         (SELECT (min(logged_at) AT TIME ZONE 'UTC')::date FROM action_log
          WHERE tenant_id = $1 AND logged_at >= $3::date::timestamp AT TIME ZONE 'UTC'
            AND logged_at < $2::date::timestamp AT TIME ZONE 'UTC')) AS day`,
      tenantId,
      before,
      (await findEndedNames(tx, tenantId, 'names'))?.doneBefore ?? '-infinity',
    ),
  removeSome: (tx, tenantId, day) =>
    untilDone(
      tx,
      tenantId,
      'names',
      day,
      async () => (await moveRowsOfUsers(tx, tenantId, day)) || moveLog(tx, tenantId, day),
    ),
};

/** Visitors of a local day. Arrivals stay. */
export const visitorNames: Removal = {
  nextDay: async (tx, tenantId, before) =>
    firstDay(
      tx,
      `SELECT min(day) AS day FROM visitor_arrivals
       WHERE tenant_id = $1 AND day >= $3::date AND day < $2::date AND ${mayBeOfDays('observed_at', '$3::date', '$2::date')}`,
      tenantId,
      before,
      (await findEndedNames(tx, tenantId, 'visitorNames'))?.doneBefore ?? '-infinity',
    ),
  removeSome: (tx, tenantId, day) =>
    untilDone(tx, tenantId, 'visitorNames', day, () => clearVisitors(tx, tenantId, day)),
};

/** Does a part of a day, and notes the day as done when nothing is left of it. */
async function untilDone(
  tx: Tx,
  tenantId: string,
  kind: KindOfNames,
  day: string,
  work: () => Promise<number>,
): Promise<number> {
  const ended = await findEndedNames(tx, tenantId, kind);
  if (!ended || day >= ended.before) throw new Error(`The ${kind} of ${day} have not ended.`);
  const rows = await work();
  if (rows === 0) await noteNamesDone(tx, tenantId, kind, { doneBefore: addDays(day, 1), ended });
  return rows;
}

/** Locks the users, so that nobody writes their plans meanwhile. */
async function moveRowsOfUsers(tx: Tx, tenantId: string, day: string): Promise<number> {
  const { rows } = await tx.query<{ userId: string }>(
    `SELECT f.user_id AS "userId" FROM (
       SELECT user_id FROM presence_events WHERE tenant_id = $1 AND day = $2::date AND ${mayBeOfDay('observed_at', '$2::date')}
       UNION SELECT user_id FROM day_plans WHERE tenant_id = $1 AND day = $2::date
       UNION SELECT host_user_id FROM visitor_arrivals
             WHERE tenant_id = $1 AND day = $2::date AND ${mayBeOfDay('observed_at', '$2::date')}) AS f
     WHERE f.user_id IS NOT NULL AND ${hasName('f.user_id')} LIMIT ${SLICE_USERS}`,
    [tenantId, day],
  );
  if (rows.length === 0) return 0;
  const userIds = rows.map(({ userId }) => userId);
  await lockUsers(tx, tenantId, userIds);
  const year = Number(day.slice(0, 4));
  await openYears(tx, tenantId, [year]);
  const pseudonyms = await takePseudonyms(
    tx,
    userIds.map((userId) => ({ userId, year })),
  );
  const ids = [
    uuidArray(pseudonyms.map(({ userId }) => userId)),
    uuidArray(pseudonyms.map(({ pseudonymId }) => pseudonymId)),
  ] as const;
  await makeRoomForPlans(tx, tenantId, [ids[0], [day], ids[1]]);
  const ofDay = `AND ${mayBeOfDay('t.observed_at', '$2::date')}`;
  const move = (table: string, set: string, column = 'user_id') =>
    `UPDATE ${table} t SET ${set} FROM unnest($3::uuid[], $4::uuid[]) AS p (user_id, pseudonym_id)
     WHERE t.tenant_id = $1 AND t.day = $2::date AND t.${column} = p.user_id`;
  const host = 'host_user_id = p.pseudonym_id, written_xid = pg_current_xact_id()';
  for (const sql of [
    movePresence(ofDay),
    move('day_plans', 'user_id = p.pseudonym_id'),
    move('bookings', 'user_id = p.pseudonym_id'),
    `${move('visitor_arrivals', host, 'host_user_id')} ${ofDay}`,
  ]) {
    await tx.query(sql, [tenantId, day, ...ids]);
  }
  return userIds.length;
}

/** SQL of the digests of the rows `named`, which are of the day $2, by their positions. */
const NAMELESS_DIGESTS = `unnest((
    SELECT digests_without_name(array_agg(a.event_digest ORDER BY a.position), array_agg(extract(year FROM $2::date)::smallint))
    FROM named a)) WITH ORDINALITY AS d (digest, position)`;

/** SQL. An event that came again without a name, before its row moved, stays once. */
function movePresence(ofDay: string): string {
  const isKnown = `EXISTS (SELECT FROM presence_events k
    WHERE k.tenant_id = $1 AND k.observed_at = m.observed_at AND k.event_digest = m.digest)`;
  const isMoving = `t.tenant_id = $1 AND t.observed_at = m.observed_at AND t.event_digest = m.event_digest ${ofDay}`;
  return `WITH named AS MATERIALIZED (
      SELECT t.observed_at, t.event_digest, p.pseudonym_id, row_number() OVER (ORDER BY t.observed_at, t.event_digest) AS position
      FROM presence_events t JOIN unnest($3::uuid[], $4::uuid[]) AS p (user_id, pseudonym_id) ON t.user_id = p.user_id
      WHERE t.tenant_id = $1 AND t.day = $2::date ${ofDay}
    ), moving AS MATERIALIZED (
      SELECT n.*, d.digest FROM named n JOIN ${NAMELESS_DIGESTS} USING (position)
    ), known AS (
      DELETE FROM presence_events t USING moving m WHERE ${isMoving} AND ${isKnown}
    )
    UPDATE presence_events t SET user_id = m.pseudonym_id, event_digest = m.digest, source_user_id = NULL,
      written_xid = pg_current_xact_id()
    FROM moving m WHERE ${isMoving} AND NOT ${isKnown}`;
}

/** SQL of some entries of the action log that were logged on the day $2 of UTC, and name somebody. */
const LOG_SLICE = `SELECT t.logged_at, t.entry_id, t.user_id, extract(year FROM t.day)::smallint AS year, ${hasName('t.user_id')} AS is_named
  FROM action_log t
  WHERE t.tenant_id = $1 AND ${onDay('t.logged_at')}
    AND (${hasName('t.user_id')} OR t.changed_by_name IS NOT NULL AND t.changed_by IN ('user', 'admin'))
  ORDER BY t.logged_at, t.entry_id LIMIT ${SLICE_ROWS}`;

/** Entries age by when they were logged. Each moves to the pseudonym of the year of its own day. The names of authors end, too. */
async function moveLog(tx: Tx, tenantId: string, day: string): Promise<number> {
  const { rows } = await tx.query<{ userId: string; year: number }>(
    `SELECT DISTINCT user_id AS "userId", year FROM (${LOG_SLICE}) AS s WHERE is_named`,
    [tenantId, day],
  );
  await openYears(tx, tenantId, [...new Set(rows.map(({ year }) => year))]);
  const pseudonyms = await takePseudonyms(tx, rows);
  const { rowCount } = await tx.query(
    `WITH slice AS MATERIALIZED (${LOG_SLICE})
     UPDATE action_log t SET user_id = coalesce(p.pseudonym_id, t.user_id), ${logWithoutText('$6')},
       changed_by_name = CASE WHEN t.changed_by NOT IN ('user', 'admin') THEN t.changed_by_name END
     FROM slice s LEFT JOIN unnest($3::uuid[], $4::smallint[], $5::uuid[]) AS p (user_id, year, pseudonym_id)
       ON p.user_id = s.user_id AND p.year = s.year
     WHERE t.tenant_id = $1 AND t.logged_at = s.logged_at AND t.entry_id = s.entry_id AND ${onDay('t.logged_at')}`,
    [
      tenantId,
      day,
      uuidArray(pseudonyms.map(({ userId }) => userId)),
      pseudonyms.map(({ year }) => year),
      uuidArray(pseudonyms.map(({ pseudonymId }) => pseudonymId)),
      SERVER_REASONS,
    ],
  );
  return rowCount ?? 0;
}

async function clearVisitors(tx: Tx, tenantId: string, day: string): Promise<number> {
  const ofDay = (alias: string) => mayBeOfDay(`${alias}.observed_at`, '$2::date');
  const isKnown = `EXISTS (SELECT FROM visitor_arrivals k
    WHERE k.tenant_id = $1 AND k.observed_at = c.observed_at AND k.event_digest = c.digest)`;
  const isCleared = `t.tenant_id = $1 AND t.observed_at = c.observed_at AND t.event_digest = c.event_digest AND ${ofDay('t')}`;
  await openYears(tx, tenantId, [Number(day.slice(0, 4))]);
  const { rows } = await tx.query<{ cleared: number }>(
    `WITH named AS MATERIALIZED (
       SELECT t.observed_at, t.event_digest, row_number() OVER (ORDER BY t.observed_at, t.event_digest) AS position
       FROM visitor_arrivals t
       WHERE t.tenant_id = $1 AND t.day = $2::date AND ${ofDay('t')}
         AND (t.visitor_name NOT IN ('${NAMELESS_VISITOR}', '${ERASED_VISITOR}')
              OR num_nonnulls(t.visitor_email, t.visitor_company) > 0)
       ORDER BY t.observed_at, t.event_digest LIMIT ${SLICE_ROWS}
     ), clearing AS MATERIALIZED (
       SELECT n.*, d.digest FROM named n JOIN ${NAMELESS_DIGESTS} USING (position)
     ), known AS (
       DELETE FROM visitor_arrivals t USING clearing c WHERE ${isCleared} AND ${isKnown}
     ), cleared AS (
       UPDATE visitor_arrivals t SET visitor_name = '${NAMELESS_VISITOR}', visitor_email = NULL, visitor_company = NULL,
         event_digest = c.digest, written_xid = pg_current_xact_id()
       FROM clearing c WHERE ${isCleared} AND NOT ${isKnown}
     )
     SELECT count(*)::integer AS cleared FROM clearing`,
    [tenantId, day],
  );
  return rows[0]?.cleared ?? 0;
}
