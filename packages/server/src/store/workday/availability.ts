import type { Tx } from '../connections/db.ts';
import { disableNestedLoops } from '../connections/planner.ts';

/** An active zone on a day. */
export interface ZoneDay {
  zoneId: string;
  zoneName: string;
  levelId: string;
  levelName: string;
  /** How many users can have a booking in the zone. Null means no limit. */
  capacity: number | null;
  booked: number;
}

/** An active desk on a day, with the values that decide who can book it. */
export interface DeskDay {
  deskId: string;
  deskName: string;
  zoneId: string;
  bookedBy: string | null;
  /** The owner of the desk, if active. */
  assignedTo: string | null;
  /**
   * The office of the owner's plan. Null if the plan is not an office plan, or if there is no plan
   * (`ownerHasPlan` false).
   */
  ownersLocationId: string | null;
  ownerHasPlan: boolean;
}

export interface OfficeZones {
  name: string;
  active: boolean;
  releasesDesks: boolean;
  zones: ZoneDay[];
}

/**
 * The active zones of an office on `day` (`YYYY-MM-DD`), ordered by level and name. Undefined if there is no
 * such office.
 */
export async function findOfficeZones(
  tx: Tx,
  tenantId: string,
  locationId: string,
  day: string,
): Promise<OfficeZones | undefined> {
  const { rows } = await tx.query<Omit<OfficeZones, 'zones'> & { zone: ZoneDay | null }>(
    `SELECT o.name, o.status = 'active' AS active, o.release_assigned_desks AS "releasesDesks",
            CASE WHEN z.node_id IS NOT NULL THEN jsonb_build_object(
              'zoneId', z.node_id, 'zoneName', z.name, 'levelId', l.node_id, 'levelName', l.name,
              'capacity', z.capacity, 'booked', coalesce(d.booked, 0)) END AS zone
     FROM offices o
     LEFT JOIN (nodes l JOIN nodes z ON z.tenant_id = $1 AND z.parent_id = l.node_id AND z.kind = 'zone'
                  AND z.status = 'active')
       ON l.tenant_id = $1 AND l.parent_id = o.location_id AND l.kind = 'level' AND l.status = 'active'
     LEFT JOIN zone_days d ON d.tenant_id = $1 AND d.zone_id = z.node_id AND d.day = $3::date
     WHERE o.tenant_id = $1 AND o.location_id = $2
     ORDER BY l.name, l.node_id, z.name, z.node_id`,
    [tenantId, locationId, day],
  );
  const [first] = rows;
  if (!first) return undefined;
  const { name, active, releasesDesks } = first;
  return { name, active, releasesDesks, zones: rows.flatMap(({ zone }) => zone ?? []) };
}

/** The active desks of these zones on `day` (`YYYY-MM-DD`), in the order of the zones, then by name. */
export async function listDeskDays(
  tx: Tx,
  tenantId: string,
  zoneIds: string[],
  day: string,
): Promise<DeskDay[]> {
  if (zoneIds.length === 0) return [];
  await disableNestedLoops(tx);
  const { rows } = await tx.query<DeskDay>(
    `SELECT n.node_id AS "deskId", n.name AS "deskName", n.parent_id AS "zoneId", b.user_id AS "bookedBy",
            a.user_id AS "assignedTo", p.location_id AS "ownersLocationId", p.user_id IS NOT NULL AS "ownerHasPlan"
     FROM unnest($2::uuid[]) WITH ORDINALITY AS w (zone_id, position)
     JOIN nodes n ON n.tenant_id = $1 AND n.parent_id = w.zone_id AND n.kind = 'place' AND n.status = 'active'
     LEFT JOIN bookings b ON b.tenant_id = $1 AND b.node_id = n.node_id AND b.day = $3::date AND b.node_kind = 'place'
     LEFT JOIN (desk_assignments a JOIN users u ON u.tenant_id = $1 AND u.user_id = a.user_id AND u.status = 'active')
       ON a.tenant_id = $1 AND a.place_id = n.node_id
     LEFT JOIN day_plans p ON p.tenant_id = $1 AND p.user_id = a.user_id AND p.day = $3::date
     ORDER BY w.position, n.name, n.node_id`,
    [tenantId, zoneIds, day],
  );
  return rows;
}
