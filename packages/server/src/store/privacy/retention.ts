import type { Tx } from '../connections/db.ts';
import type { EventTable } from '../events/stored-events.ts';
import { mayBeOfDay, mayBeOfDays } from '../values/day-window.ts';
import { deleteAggregatesOfDay } from '../warehouse/aggregate-writes.ts';
import { noteRemovedDay } from '../warehouse/removed-days.ts';
import { leaveReason } from '../workday/reasons.ts';
import { names, visitorNames } from './names.ts';
import { countOf, firstDay, onDay, type Removal, SLICE_ROWS } from './removal.ts';
import { endsNames, type RetentionKindName, retentionKind } from './retention-kinds.ts';

function eventsOf(table: EventTable): Removal {
  return {
    nextDay: (tx, tenantId, before) =>
      firstDay(
        tx,
        `SELECT min(day) AS day FROM ${table}
         WHERE tenant_id = $1 AND day < $2::date AND ${mayBeOfDays('observed_at', "'-infinity'::date", '$2::date')}`,
        tenantId,
        before,
      ),
    removeSome: (tx, tenantId, day) =>
      countOf(
        tx,
        `WITH old AS MATERIALIZED (
           SELECT observed_at, event_digest FROM ${table}
           WHERE tenant_id = $1 AND day = $2::date AND ${mayBeOfDay('observed_at', '$2::date')} LIMIT ${SLICE_ROWS}
         )
         DELETE FROM ${table} e USING old
         WHERE e.tenant_id = $1 AND e.observed_at = old.observed_at AND e.event_digest = old.event_digest
           AND ${mayBeOfDay('e.observed_at', '$2::date')}`,
        tenantId,
        day,
      ),
  };
}

/** A plan and its booking go together: each refers to the other. */
const days: Removal = {
  nextDay: (tx, tenantId, before) =>
    firstDay(
      tx,
      'SELECT min(day) AS day FROM day_plans WHERE tenant_id = $1 AND day < $2::date',
      tenantId,
      before,
    ),
  removeSome: (tx, tenantId, day) =>
    countOf(
      tx,
      `WITH old AS MATERIALIZED (
         SELECT user_id FROM day_plans WHERE tenant_id = $1 AND day = $2::date LIMIT ${SLICE_ROWS}
       ), gone AS (
         DELETE FROM bookings b USING old WHERE b.tenant_id = $1 AND b.day = $2::date AND b.user_id = old.user_id
       )
       DELETE FROM day_plans p USING old WHERE p.tenant_id = $1 AND p.day = $2::date AND p.user_id = old.user_id`,
      tenantId,
      day,
    ),
};

const presence = eventsOf('presence_events');

/**
 * Aggregates repeat the rows, so they go in the same transaction, before anybody can store them again. Plans go before presence:
 * without presence, people with plans would look as if they had not come.
 */
const attendance: Removal = {
  async nextDay(tx, tenantId, before) {
    const found = [await presence.nextDay(tx, tenantId, before), await days.nextDay(tx, tenantId, before)];
    return found.filter((day) => day !== undefined).sort()[0];
  },
  async removeSome(tx, tenantId, day) {
    await deleteAggregatesOfDay(tx, tenantId, day);
    return (await days.removeSome(tx, tenantId, day)) || (await presence.removeSome(tx, tenantId, day));
  },
};

const actionLog: Removal = {
  nextDay: (tx, tenantId, before) =>
    firstDay(
      tx,
      `SELECT (min(logged_at) AT TIME ZONE 'UTC')::date AS day FROM action_log
       WHERE tenant_id = $1 AND logged_at < $2::date::timestamp AT TIME ZONE 'UTC'`,
      tenantId,
      before,
    ),
  removeSome: (tx, tenantId, day) =>
    countOf(
      tx,
      `WITH old AS MATERIALIZED (
         SELECT logged_at, entry_id FROM action_log WHERE tenant_id = $1 AND ${onDay('logged_at')} LIMIT ${SLICE_ROWS}
       )
       DELETE FROM action_log l USING old
       WHERE l.tenant_id = $1 AND l.logged_at = old.logged_at AND l.entry_id = old.entry_id AND ${onDay('l.logged_at')}`,
      tenantId,
      day,
    ),
};

const leave: Removal = {
  nextDay: (tx, tenantId, before) =>
    firstDay(
      tx,
      'SELECT min(end_day) AS day FROM leaves WHERE tenant_id = $1 AND end_day < $2::date',
      tenantId,
      before,
    ),
  removeSome: (tx, tenantId, day) =>
    countOf(
      tx,
      `DELETE FROM leaves WHERE tenant_id = $1 AND (user_id, leave_id) IN (
         SELECT user_id, leave_id FROM leaves WHERE tenant_id = $1 AND end_day = $2::date LIMIT ${SLICE_ROWS})`,
      tenantId,
      day,
    ),
};

const sickReasons = (['scheduled', 'cancelled'] as const).map((kind) => ({
  sick: leaveReason(kind, 'sick'),
  plain: leaveReason(kind, null),
}));
export const SICK_REASONS = sickReasons.map(({ sick }) => `'${sick}'`).join(', ');
const PLAIN = `CASE reason ${sickReasons.map(({ sick, plain }) => `WHEN '${sick}' THEN '${plain}'`).join(' ')} END`;

/**
 * The leave stays, and so does the entry of the action log. An entry may be logged at any time before or after its day, so
 * only the day counts. The index of these entries is small.
 */
const sickLeave: Removal = {
  nextDay: (tx, tenantId, before) =>
    firstDay(
      tx,
      `SELECT least(
         (SELECT min(end_day) FROM leaves WHERE tenant_id = $1 AND leave_type = 'sick' AND end_day < $2::date),
         (SELECT min(day) FROM action_log WHERE tenant_id = $1 AND reason IN (${SICK_REASONS}) AND day < $2::date)) AS day`,
      tenantId,
      before,
    ),
  async removeSome(tx, tenantId, day) {
    const leaves = await countOf(
      tx,
      `UPDATE leaves SET leave_type = NULL WHERE tenant_id = $1 AND (user_id, leave_id) IN (
         SELECT user_id, leave_id FROM leaves
         WHERE tenant_id = $1 AND leave_type = 'sick' AND end_day = $2::date LIMIT ${SLICE_ROWS})`,
      tenantId,
      day,
    );
    const entries = await countOf(
      tx,
      `WITH old AS MATERIALIZED (
         SELECT logged_at, entry_id FROM action_log
         WHERE tenant_id = $1 AND reason IN (${SICK_REASONS}) AND day = $2::date LIMIT ${SLICE_ROWS}
       )
       UPDATE action_log l SET reason = ${PLAIN}, written_xid = pg_current_xact_id() FROM old
       WHERE l.tenant_id = $1 AND l.logged_at = old.logged_at AND l.entry_id = old.entry_id`,
      tenantId,
      day,
    );
    return leaves + entries;
  },
};

const refusedEvents: Removal = {
  nextDay: (tx, tenantId, before) =>
    firstDay(
      tx,
      `SELECT (min(refused_at) AT TIME ZONE 'UTC')::date AS day FROM refused_events
       WHERE tenant_id = $1 AND refused_at < $2::date::timestamp AT TIME ZONE 'UTC'`,
      tenantId,
      before,
    ),
  removeSome: (tx, tenantId, day) =>
    countOf(
      tx,
      `DELETE FROM refused_events WHERE tenant_id = $1 AND (refused_at, refusal_id) IN (
         SELECT refused_at, refusal_id FROM refused_events
         WHERE tenant_id = $1 AND ${onDay('refused_at')} LIMIT ${SLICE_ROWS})`,
      tenantId,
      day,
    ),
};

/** SQL: the day in UTC on which the inactive user `u` was changed last. Nothing of a user says when the user left. */
export const LEFT_ON = `(greatest(u.created_at, u.modified_at, u.deprovisioned_at) AT TIME ZONE 'UTC')::date`;
/** SQL: the same of the card `t`. */
export const CARD_LEFT_ON = `greatest(${LEFT_ON}, (t.updated_at AT TIME ZONE 'UTC')::date)`;
const LEFT = `u.tenant_id = $1 AND u.status = 'inactive'`;

/**
 * Rows of people who left. A card that was updated since is kept for as long again.
 *
 * @param remove SQL that removes the rows; `old` is the SQL after the columns of a SELECT of these rows as `t`
 */
function ofPeopleWhoLeft(
  table: 'access_credentials' | 'week_plans',
  dayOf: string,
  remove: (old: string) => string,
): Removal {
  const joined = `FROM users u JOIN ${table} t ON t.tenant_id = u.tenant_id AND t.user_id = u.user_id WHERE ${LEFT}`;
  const removal = remove(`${joined} AND ${dayOf} = $2::date LIMIT ${SLICE_ROWS}`);
  return {
    nextDay: (tx, tenantId, before) =>
      firstDay(tx, `SELECT min(${dayOf}) AS day ${joined} AND ${dayOf} < $2::date`, tenantId, before),
    removeSome: (tx, tenantId, day) => countOf(tx, removal, tenantId, day),
  };
}

const accessCards = ofPeopleWhoLeft(
  'access_credentials',
  CARD_LEFT_ON,
  (old) => `WITH old AS MATERIALIZED (SELECT t.card_digest ${old}),
   scans AS (DELETE FROM access_credential_scans s USING old WHERE s.tenant_id = $1 AND s.card_digest = old.card_digest)
   DELETE FROM access_credentials c USING old WHERE c.tenant_id = $1 AND c.card_digest = old.card_digest`,
);

const weekPlans = ofPeopleWhoLeft(
  'week_plans',
  LEFT_ON,
  (old) => `DELETE FROM week_plans w USING (SELECT t.user_id, t.weekday ${old}) AS old
   WHERE w.tenant_id = $1 AND w.user_id = old.user_id AND w.weekday = old.weekday`,
);

const REMOVALS: Record<RetentionKindName, Removal> = {
  names,
  attendance,
  occupancy: eventsOf('occupancy_events'),
  visitors: eventsOf('visitor_arrivals'),
  visitorNames,
  leave,
  sickLeave,
  actionLog,
  refusedEvents,
  accessCards,
  weekPlans,
};

/** The oldest day before `before` that has rows of a kind. Undefined: there is none. */
export function nextDayToRemove(
  tx: Tx,
  tenantId: string,
  kind: RetentionKindName,
  before: string,
): Promise<string | undefined> {
  return REMOVALS[kind].nextDay(tx, tenantId, before);
}

/**
 * Removes some of the rows of a day, and notes it for cursors. Of a kind that ends names, some rows move, and changes tell each. Call it in a transaction of its own until it returns 0. All
 * earlier days must be without rows.
 */
export async function removeSomeOfDay(
  tx: Tx,
  tenantId: string,
  kind: RetentionKindName,
  day: string,
): Promise<number> {
  if (endsNames(kind)) return REMOVALS[kind].removeSome(tx, tenantId, day);
  // Nothing is noted row by row. And with statistics from before a large write, the planner could read a whole table.
  await tx.query(
    "SET LOCAL rollcall.retention TO 'on'; SET LOCAL enable_hashjoin TO off; SET LOCAL enable_mergejoin TO off",
  );
  const removed = await REMOVALS[kind].removeSome(tx, tenantId, day);
  const { datasets } = retentionKind(kind);
  if (removed > 0 && datasets.length > 0) await noteRemovedDay(tx, tenantId, datasets, day);
  return removed;
}
