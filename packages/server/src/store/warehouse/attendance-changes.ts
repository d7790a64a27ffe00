import type { Tx } from '../connections/db.ts';
import type { DayWindow } from '../values/day-window.ts';
import { snapshotColumns, writtenSince } from './dataset-rows.ts';
import type { Changes, ExportQuery } from './query.ts';

/** A day on which attendance has changed. */
export interface ChangedDay {
  /** `YYYY-MM-DD` */
  day: string;
  /** Offices at which attendance may have changed for anybody. */
  locationIds: string[];
  /** Users all of whose rows may have changed. Null if there are too many: then the caller reads all users. */
  userIds: string[] | null;
  /** A user's plan was deleted, or an event has another day now. So there may be deleted rows. */
  hasGone: boolean;
}

/** Above this number of users on a day, the query does not list them: memory holds the lists of all days at once. */
const MOST_PEOPLE_A_DAY = 200;

/**
 * A client that reads page by page has seen rows later than its cursor's time, by the clocks of several
 * replicas. A day that ended this long before can have been read as one that had not ended.
 */
const CLOCK_MARGIN = '15 minutes';

/**
 * The days in `window` whose attendance differs from what `changes` saw, in order. Three things change
 * attendance:
 *
 * - rows that were written since,
 * - office days that have ended between the two times,
 * - a new setting of presence reporting.
 */
export async function listChangedDays(
  tx: Tx,
  tenantId: string,
  { changes, window, now }: { changes: Changes; window: DayWindow; now: Date },
): Promise<ChangedDay[]> {
  const since = (alias: string) => `${alias}.tenant_id = $1 AND ${writtenSince(alias, 2)}`;
  const { rows } = await tx.query<ChangedDay>(
    `WITH noted AS MATERIALIZED (
       SELECT c.day, c.location_id, c.user_id FROM attendance_changes c WHERE ${since('c')}
     ), offices AS MATERIALIZED (
       -- A new time zone can move the end of a day in either direction.
       SELECT n.node_id AS location_id,
              (least($4::timestamptz, $5) - interval '${CLOCK_MARGIN}') AT TIME ZONE n.time_zone - m.margin AS first,
              (greatest($4::timestamptz, $5) + interval '${CLOCK_MARGIN}') AT TIME ZONE n.time_zone + m.margin AS before
       FROM nodes n CROSS JOIN LATERAL (
         SELECT CASE WHEN ${writtenSince('n', 2)} THEN interval '2 days' ELSE interval '0' END AS margin
       ) m
       WHERE n.tenant_id = $1 AND n.kind = 'location'
     ), changed AS (
       SELECT p.day, p.location_id, p.user_id, false AS gone FROM day_plans p WHERE ${since('p')}
       UNION ALL
       SELECT b.day, b.location_id, NULL, false FROM bookings b WHERE ${since('b')}
       UNION ALL
       SELECT DISTINCT e.day, e.location_id, NULL::uuid, false FROM presence_events e WHERE ${since('e')}
       UNION ALL
       SELECT day, location_id, user_id, true FROM noted WHERE day IS NOT NULL
       UNION ALL
       SELECT DISTINCT p.day, p.location_id, NULL::uuid, false FROM day_plans p
       -- Evaluated once, and mostly false. Without this condition, every call would read all plans.
       WHERE (SELECT bool_or(n.day IS NULL) FROM noted n)
         AND p.tenant_id = $1 AND p.location_id IN (SELECT location_id FROM noted WHERE day IS NULL)
         AND p.day < (SELECT max(before) FROM offices)::date
       UNION ALL
       SELECT d.day::date, o.location_id, NULL, false
       FROM offices o
       CROSS JOIN generate_series(o.first::date, o.before::date - 1, interval '1 day') AS d (day)
       WHERE EXISTS (SELECT FROM day_plans p
                     WHERE p.tenant_id = $1 AND p.day = d.day::date AND p.location_id = o.location_id)
     )
     SELECT day, coalesce(array_agg(DISTINCT location_id) FILTER (WHERE location_id IS NOT NULL), '{}') AS "locationIds",
            CASE WHEN count(DISTINCT user_id) <= ${MOST_PEOPLE_A_DAY}
              THEN coalesce(array_agg(DISTINCT user_id) FILTER (WHERE user_id IS NOT NULL), '{}') END AS "userIds",
            bool_or(gone) AS "hasGone"
     FROM changed
     WHERE day >= $6::date AND day < $7::date
     GROUP BY day ORDER BY day`,
    [tenantId, ...snapshotColumns(changes), changes.at, now, window.from, window.before],
  );
  return rows;
}

/** A row of attendance that may have been deleted. */
export interface DeletedRow {
  userId: string;
  /** Null for a plan without an office. */
  locationId: string | null;
}

/**
 * The rows of a day that may have been deleted, each once. Ordered by user, then location, null first. With `officeIds`, only
 * those of these offices; those without an office are at the user's primary location.
 */
export async function listDeletedRows(
  tx: Tx,
  tenantId: string,
  day: string,
  { changes, officeIds }: { changes: Changes } & Pick<ExportQuery, 'officeIds'>,
): Promise<DeletedRow[]> {
  const { rows } = await tx.query<DeletedRow>(
    `SELECT DISTINCT c.user_id AS "userId", c.location_id AS "locationId" FROM attendance_changes c
     WHERE c.tenant_id = $1 AND c.day = $4::date AND ${writtenSince('c', 2)}
       AND ($5::uuid[] IS NULL OR coalesce(c.location_id, (
              SELECT u.primary_location_id FROM users u WHERE u.tenant_id = $1 AND u.user_id = c.user_id), (
              SELECT u.primary_location_id
              FROM replaced_users r JOIN users u ON u.tenant_id = $1 AND u.user_id = r.pseudonym_id
              WHERE r.tenant_id = $1 AND r.user_id = c.user_id ORDER BY r.year DESC LIMIT 1)) = ANY ($5))
     ORDER BY c.user_id, c.location_id NULLS FIRST`,
    [tenantId, ...snapshotColumns(changes), day, officeIds ?? null],
  );
  return rows;
}
