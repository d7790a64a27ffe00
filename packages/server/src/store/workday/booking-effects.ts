import type { Tx } from '../connections/db.ts';

/** What a transaction has done to bookings. Numbers count bookings: one user's day each. */
export interface BookingEffects {
  /** Bookings that are now at another node. */
  rebooked: number;
  /** Bookings that are gone. */
  removed: number;
  /** Bookings of days that had none. */
  made: number;
  /** The changed and removed bookings by day, and by the office where they are now. At most `MOST_EFFECT_ROWS`. */
  days: BookingEffect[];
}

export interface BookingEffect {
  /** YYYY-MM-DD */
  day: string;
  bookings: number;
  /** The office where these bookings are now; null if they are gone. */
  toLocationId: string | null;
  toLocationName: string | null;
}

export const MOST_EFFECT_ROWS = 1_000;

/**
 * What this transaction has done to bookings since `since`, as its action log says. Several changes of one booking count
 * as one. A booking that stays at its desk while the desk moves within the office is no change.
 */
export async function readBookingEffects(tx: Tx, tenantId: string, since: Date): Promise<BookingEffects> {
  const { rows } = await tx.query<BookingEffect & { wasBooked: boolean; sums: BookingSums }>(
    `WITH changes AS (
       SELECT day, (array_agg(before ORDER BY logged_at, entry_id))[1] AS before,
              (array_agg(after ORDER BY logged_at DESC, entry_id DESC))[1] AS after
       FROM action_log
       WHERE tenant_id = $1 AND logged_at >= $2 AND written_xid = pg_current_xact_id() AND category = 'booking'
       GROUP BY user_id, day
     ), counted AS (
       SELECT day, before IS NOT NULL AS was_booked, (after->>'locationId')::uuid AS location_id,
              count(*)::integer AS bookings
       FROM changes WHERE before IS DISTINCT FROM after GROUP BY 1, 2, 3
     ), sums AS (
       SELECT json_build_object(
         'rebooked', coalesce(sum(bookings) FILTER (WHERE was_booked AND location_id IS NOT NULL), 0),
         'removed', coalesce(sum(bookings) FILTER (WHERE was_booked AND location_id IS NULL), 0),
         'made', coalesce(sum(bookings) FILTER (WHERE NOT was_booked), 0)) AS sums
       FROM counted
     )
     SELECT s.sums, c.day, c.was_booked AS "wasBooked", c.bookings, c.location_id AS "toLocationId",
            n.name AS "toLocationName"
     FROM sums s
     LEFT JOIN counted c ON c.was_booked
     LEFT JOIN nodes n ON n.tenant_id = $1 AND n.node_id = c.location_id
     ORDER BY c.day, n.name, c.location_id LIMIT $3`,
    [tenantId, since, MOST_EFFECT_ROWS],
  );
  const sums = rows[0]?.sums ?? { rebooked: 0, removed: 0, made: 0 };
  const days = rows
    .filter(({ day }) => day !== null)
    .map(({ day, bookings, toLocationId, toLocationName }) => ({
      day,
      bookings,
      toLocationId,
      toLocationName,
    }));
  return { ...sums, days };
}

type BookingSums = Pick<BookingEffects, 'rebooked' | 'removed' | 'made'>;
