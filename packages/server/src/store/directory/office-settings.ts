import type { Tx } from '../connections/db.ts';

export const PRESENCE_REPORTING = ['detect', 'always', 'never'] as const;
export const DESK_PRESENCE = ['record', 'book'] as const;

/** The settings of an office. Missing settings have their defaults. */
export interface OfficeSettings {
  /** For how many days after today the server makes plans and bookings from week plans. */
  horizonDays: number;
  presenceReporting: (typeof PRESENCE_REPORTING)[number];
  deskPresence: (typeof DESK_PRESENCE)[number];
  releaseAssignedDesks: boolean;
}

export interface OfficeSettingsRow extends OfficeSettings {
  locationId: string;
  locationName: string;
  /** `YYYY-MM-DD`: the last day for which plans were made from week plans. Null before the first. */
  horizonReached: string | null;
}

/** The settings of those of these offices that exist, in no order. Retired offices are included. */
export async function listOfficeSettings(
  tx: Tx,
  tenantId: string,
  locationIds: string[],
): Promise<OfficeSettingsRow[]> {
  if (locationIds.length === 0) return [];
  const { rows } = await tx.query<OfficeSettingsRow>(
    `SELECT location_id AS "locationId", name AS "locationName", horizon_days AS "horizonDays",
            presence_reporting AS "presenceReporting", desk_presence AS "deskPresence",
            release_assigned_desks AS "releaseAssignedDesks", horizon_reached AS "horizonReached"
     FROM offices WHERE tenant_id = $1 AND location_id = ANY ($2::uuid[])`,
    [tenantId, locationIds],
  );
  return rows;
}

/** Stores the settings of offices, each of which occurs once. Needs the directory lock. */
export async function upsertOfficeSettings(
  tx: Tx,
  tenantId: string,
  offices: ({ locationId: string } & OfficeSettings)[],
): Promise<void> {
  if (offices.length === 0) return;
  await tx.query(
    `INSERT INTO office_settings (tenant_id, location_id, horizon_days, presence_reporting, desk_presence,
       release_assigned_desks)
     SELECT $1, r.* FROM unnest($2::uuid[], $3::integer[], $4::text[], $5::text[], $6::boolean[])
       AS r (location_id, horizon_days, presence_reporting, desk_presence, release_assigned_desks)
     ORDER BY r.location_id
     ON CONFLICT (tenant_id, location_id) DO UPDATE
     SET horizon_days = excluded.horizon_days, presence_reporting = excluded.presence_reporting,
         desk_presence = excluded.desk_presence, release_assigned_desks = excluded.release_assigned_desks`,
    [
      tenantId,
      offices.map((row) => row.locationId),
      offices.map((row) => row.horizonDays),
      offices.map((row) => row.presenceReporting),
      offices.map((row) => row.deskPresence),
      offices.map((row) => row.releaseAssignedDesks),
    ],
  );
}
