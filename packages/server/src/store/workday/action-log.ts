import type { Tx } from '../connections/db.ts';
import type { UserDay } from './day-plans.ts';

export interface Actor {
  changedBy: 'user' | 'admin' | 'engine' | 'integration';
  /** Who, or which program, as people know it; of entries that have none of their own. */
  name: string | null;
  /** Of entries that have none of their own. */
  reason: string | null;
}

export interface ActionLogRow extends UserDay {
  entryId: string;
  /** Shared by a change of a plan and the change of a booking that it caused. */
  actionId: string;
  category: 'plan' | 'booking';
  action: 'created' | 'changed' | 'deleted' | 'cancelled';
  /** One English sentence, without a full stop. */
  description: string;
  before: object | null;
  after: object | null;
  /** Undefined: the actor's. */
  reason: string | null | undefined;
  /** Undefined: the actor's. */
  name: string | undefined;
}

/** Adds entries of one moment and one kind of actor. Texts must be ones that PostgreSQL can hold. */
export async function insertActionLog(
  tx: Tx,
  tenantId: string,
  { actor, at, rows }: { actor: Actor; at: Date; rows: ActionLogRow[] },
): Promise<void> {
  if (rows.length === 0) return;
  const json = (value: object | null) => (value === null ? null : JSON.stringify(value));
  await tx.query(
    `INSERT INTO action_log (tenant_id, logged_at, changed_by, changed_by_name, entry_id, action_id, user_id, day,
                             category, action, description, before, after, reason)
     SELECT $1, $2, $3, w.*
     FROM unnest($4::text[], $5::uuid[], $6::uuid[], $7::uuid[], $8::date[], $9::text[], $10::text[], $11::text[],
                 $12::jsonb[], $13::jsonb[], $14::text[]) AS w`,
    [
      tenantId,
      at,
      actor.changedBy,
      rows.map(({ name = actor.name }) => name),
      rows.map((row) => row.entryId),
      rows.map((row) => row.actionId),
      rows.map((row) => row.userId),
      rows.map((row) => row.day),
      rows.map((row) => row.category),
      rows.map((row) => row.action),
      rows.map((row) => row.description),
      rows.map((row) => json(row.before)),
      rows.map((row) => json(row.after)),
      rows.map(({ reason = actor.reason }) => reason),
    ],
  );
}
