import { dayArray, jsonbArray, textArray, uuidArray } from '../connections/binary-arrays.ts';
import type { Tx } from '../connections/db.ts';
import type { UserDay } from './day-plans.ts';

export interface Actor {
  changedBy: 'user' | 'admin' | 'engine' | 'integration';
  /** The name of the person or program, for entries without a name of their own. */
  name: string | null;
  /** The reason, for entries without a reason of their own. */
  reason: string | null;
}

/** The actor of changes of days, and their time. */
export interface DayAuthor {
  actor: Actor;
  at: Date;
}

export interface ActionLogRow extends UserDay {
  entryId: string;
  /** A plan change and the booking change that it causes have the same `actionId`. */
  actionId: string;
  category: 'plan' | 'booking';
  action: 'created' | 'changed' | 'deleted' | 'cancelled';
  /** One English sentence, without a full stop. */
  description: string;
  before: object | null;
  after: object | null;
  /** Undefined means the value of the actor. */
  reason: string | null | undefined;
  /** Undefined means the value of the actor. */
  name: string | undefined;
}

/** Inserts entries with one time and one actor. PostgreSQL must be able to hold the texts. */
export async function insertActionLog(
  tx: Tx,
  tenantId: string,
  { actor, at, rows }: { actor: Actor; at: Date; rows: ActionLogRow[] },
): Promise<void> {
  if (rows.length === 0) return;
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
      textArray(rows.map(({ name = actor.name }) => name)),
      uuidArray(rows.map((row) => row.entryId)),
      uuidArray(rows.map((row) => row.actionId)),
      uuidArray(rows.map((row) => row.userId)),
      dayArray(rows.map((row) => row.day)),
      textArray(rows.map((row) => row.category)),
      textArray(rows.map((row) => row.action)),
      textArray(rows.map((row) => row.description)),
      jsonbArray(rows.map((row) => row.before)),
      jsonbArray(rows.map((row) => row.after)),
      textArray(rows.map(({ reason = actor.reason }) => reason)),
    ],
  );
}
