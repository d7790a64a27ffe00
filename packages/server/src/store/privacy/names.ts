import { uuidArray } from '../connections/binary-arrays.ts';
import type { Tx } from '../connections/db.ts';
import { lockUsers } from '../directory/users.ts';
import { NAMELESS_VISITOR } from '../events/visitor-arrivals.ts';
import { mayBeOfDay, mayBeOfDays } from '../values/day-window.ts';
import { addDays } from '../values/days.ts';
import { findEndedNames, noteNamesDone } from './ended-names.ts';
import { openYears, openYearsForLog } from './pseudonym-years.ts';
import { logWithoutText, moveRows, SERVER_REASONS, takePseudonyms } from './pseudonyms.ts';
import { firstDay, onDay, type Removal, SLICE_ROWS } from './removal.ts';
import type { KindOfNames } from './retention-kinds.ts';
import { ERASED_VISITOR } from './visitor-erasure.ts';

/** Users whose rows of a day move in one transaction. */
const SLICE_USERS = 1_000;

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

const yearOf = (day: string) => Number(day.slice(0, 4));

/** SQL of the digest of an event `t` of a day without its name. */
function digestOn(day: string): string {
  return `digest_without_name(t.event_digest, (SELECT k.digest_key FROM pseudonym_keys k WHERE k.tenant_id = $1 AND k.year = ${yearOf(day)}))`;
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
  const year = yearOf(day);
  await openYears(tx, tenantId, [year]);
  const pseudonyms = await takePseudonyms(
    tx,
    userIds.map((userId) => ({ userId, year })),
  );
  await deleteKnown(tx, 'presence_events', {
    tenantId,
    day,
    condition: 't.user_id = ANY ($3::uuid[])',
    values: [uuidArray(userIds)],
  });
  await moveRows(tx, tenantId, pseudonyms, {
    days: [day],
    kinds: ['presence', 'plans', 'bookings', 'visitors'],
    digest: digestOn(day),
  });
  return userIds.length;
}

/** Entries age by when they were logged. Each moves to the pseudonym of the year of its own day. The names of authors end, too. */
async function moveLog(tx: Tx, tenantId: string, day: string): Promise<number> {
  const { rows } = await tx.query<{ entryId: string; userId: string; year: number; isNamed: boolean }>(
    `SELECT * FROM (
       SELECT t.entry_id AS "entryId", t.user_id AS "userId", extract(year FROM t.day)::integer AS year,
              ${hasName('t.user_id')} AS "isNamed", t.changed_by_name IS NOT NULL AND t.changed_by IN ('user', 'admin') AS "hasAuthor"
       FROM action_log t WHERE t.tenant_id = $1 AND ${onDay('t.logged_at')}) AS e
     WHERE "isNamed" OR "hasAuthor" LIMIT ${SLICE_ROWS}`,
    [tenantId, day],
  );
  if (rows.length === 0) return 0;
  const named = rows.filter(({ isNamed }) => isNamed);
  await openYearsForLog(tx, tenantId, [...new Set(named.map(({ year }) => year))]);
  await takePseudonyms(tx, named);
  await tx.query(
    `UPDATE action_log t SET user_id = coalesce(
         (SELECT r.pseudonym_id FROM replaced_users r
          WHERE r.tenant_id = $1 AND r.user_id = t.user_id AND r.year = extract(year FROM t.day)::smallint), t.user_id),
       changed_by_name = CASE WHEN t.changed_by NOT IN ('user', 'admin') THEN t.changed_by_name END, ${logWithoutText('$3')}
     WHERE t.tenant_id = $1 AND ${onDay('t.logged_at')} AND t.entry_id = ANY ($4::uuid[])`,
    [tenantId, day, SERVER_REASONS, uuidArray(rows.map(({ entryId }) => entryId))],
  );
  return rows.length;
}

/** SQL: an arrival `t` says something about the visitor. */
const IS_NAMED_VISITOR = `(t.visitor_name NOT IN ('${NAMELESS_VISITOR}', '${ERASED_VISITOR}')
  OR num_nonnulls(t.visitor_email, t.visitor_company) > 0)`;
/** SQL: an event `t` is of the day $2. */
const EVENT_OF_DAY = `t.tenant_id = $1 AND t.day = $2::date AND ${mayBeOfDay('t.observed_at', '$2::date')}`;

/**
 * Deletes events of a day that came again without a name before their own names end: each event is stored once. Returns their
 * number. Looks up each digest as a column, since the index is no use for what a function returns (row-level security).
 *
 * @param condition SQL of the events `t`; its parameters begin with $3
 */
async function deleteKnown(
  tx: Tx,
  table: 'presence_events' | 'visitor_arrivals',
  {
    tenantId,
    day,
    condition,
    values,
  }: { tenantId: string; day: string; condition: string; values: Buffer[] },
): Promise<number> {
  const { rows } = await tx.query<{ digest: string }>(
    `WITH named AS MATERIALIZED (
       SELECT t.observed_at, t.event_digest, ${digestOn(day)} AS digest FROM ${table} t WHERE ${EVENT_OF_DAY} AND ${condition})
     SELECT n.event_digest AS digest
     FROM named n CROSS JOIN LATERAL (
       SELECT FROM ${table} k WHERE k.tenant_id = $1 AND k.observed_at = n.observed_at AND k.event_digest = n.digest LIMIT 1) AS k`,
    [tenantId, day, ...values],
  );
  if (rows.length === 0) return 0;
  // A digest includes the instant, so it stands for the whole key.
  await tx.query(`DELETE FROM ${table} t WHERE ${EVENT_OF_DAY} AND t.event_digest = ANY ($3::uuid[])`, [
    tenantId,
    day,
    uuidArray(rows.map(({ digest }) => digest)),
  ]);
  return rows.length;
}

async function clearVisitors(tx: Tx, tenantId: string, day: string): Promise<number> {
  await openYears(tx, tenantId, [yearOf(day)]);
  const known = await deleteKnown(tx, 'visitor_arrivals', {
    tenantId,
    day,
    condition: IS_NAMED_VISITOR,
    values: [],
  });
  const { rowCount } = await tx.query(
    `UPDATE visitor_arrivals t SET visitor_name = '${NAMELESS_VISITOR}', visitor_email = NULL, visitor_company = NULL,
       event_digest = ${digestOn(day)}, written_xid = pg_current_xact_id()
     WHERE ${EVENT_OF_DAY} AND ${IS_NAMED_VISITOR}`,
    [tenantId, day],
  );
  return known + (rowCount ?? 0);
}
