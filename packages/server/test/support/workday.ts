import { randomUUID } from 'node:crypto';
import type { Database } from '../../src/store/connections/db.ts';

export interface StoredDay {
  userId: string;
  /** `YYYY-MM-DD` */
  day: string;
  plan: 'o' | 'r' | 'a';
  /** The office of an office plan. */
  locationId?: string | undefined;
  setBy?: 'week' | 'day' | 'leave' | 'presence';
  /** The booking of an office plan. Default: the office itself. */
  booking?: { nodeId: string; kind: 'location' | 'zone' | 'place'; zoneId?: string; setBy?: string };
}

/** Stores plans. Each office plan gets its booking. */
export async function storeDays(owner: Database, tenantId: string, days: StoredDay[]): Promise<void> {
  await owner.inTenant(tenantId, async (tx) => {
    for (const { userId, day, plan, locationId, setBy = 'week', booking } of days) {
      await tx.query(
        'INSERT INTO day_plans (tenant_id, user_id, day, plan, location_id, set_by) VALUES ($1, $2, $3, $4, $5, $6)',
        [tenantId, userId, day, plan, locationId ?? null, setBy],
      );
      if (plan !== 'o') continue;
      await tx.query(
        `INSERT INTO bookings (tenant_id, user_id, day, location_id, node_id, node_kind, zone_id, set_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
        [
          tenantId,
          userId,
          day,
          locationId,
          booking?.nodeId ?? locationId,
          booking?.kind ?? 'location',
          booking?.zoneId ?? null,
          booking?.setBy ?? (setBy === 'presence' ? 'presence' : 'engine'),
        ],
      );
    }
  });
}

/** Sets whether an office's presence reporting is known to work. */
export async function setReporting(
  owner: Database,
  tenantId: string,
  locationId: string,
  reporting: 'detect' | 'always' | 'never',
): Promise<void> {
  await owner.inTenant(tenantId, (tx) =>
    tx.query(
      `INSERT INTO office_settings (tenant_id, location_id, presence_reporting) VALUES ($1, $2, $3)
       ON CONFLICT (tenant_id, location_id) DO UPDATE SET presence_reporting = EXCLUDED.presence_reporting`,
      [tenantId, locationId, reporting],
    ),
  );
}

export interface LoggedChange {
  loggedAt: string;
  userId: string;
  day: string;
  entryId?: string;
  actionId?: string;
  category?: 'plan' | 'booking';
  action?: string;
  description?: string;
  changedBy?: 'user' | 'admin' | 'engine' | 'integration';
  changedByName?: string | null;
  reason?: string | null;
  before?: object | null;
  after?: object | null;
}

/** Writes entries of the action log. */
export async function logChanges(owner: Database, tenantId: string, changes: LoggedChange[]): Promise<void> {
  await owner.inTenant(tenantId, async (tx) => {
    for (const change of changes) {
      await tx.query(
        `INSERT INTO action_log (tenant_id, logged_at, entry_id, action_id, user_id, day, category, action, description,
                                 changed_by, changed_by_name, reason, before, after)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
        [
          tenantId,
          change.loggedAt,
          change.entryId ?? randomUUID(),
          change.actionId ?? randomUUID(),
          change.userId,
          change.day,
          change.category ?? 'plan',
          change.action ?? 'changed',
          change.description ?? 'Plan changed',
          change.changedBy ?? 'user',
          change.changedByName ?? null,
          change.reason ?? null,
          change.before ?? null,
          change.after ?? null,
        ],
      );
    }
  });
}
