import type { Tx } from '../connections/db.ts';
import type { PreparedStatement } from '../connections/pipeline.ts';

/** What a subject is. */
export type SubjectKind = 'user' | 'account' | 'key' | 'scim-token' | 'operator';

/** Who did something, or to whom. The chain of entries has a random id in its place. */
export interface AuditSubject {
  kind: SubjectKind;
  /** The id. */
  reference: string;
  /** As people know it; the database finds that of a user. */
  name?: string | undefined;
}

/** How a request reached the server. Null where nobody knows it. */
export interface AuditContext {
  address: string | null;
  userAgent: string | null;
  correlationId: string | null;
}

/** An entry before it is stored. */
export interface NewAuditEntry {
  entryId: string;
  occurredAt: Date;
  action: string;
  version: number;
  /** With ids for subjects that no entry has named yet. */
  subjects: (AuditSubject & { subjectId: string; isActor: boolean })[];
  context: AuditContext;
  metadata: object;
}

/** Adds entries of the organisation that the transaction has entered. An entry that is stored already stays as it is. */
export async function addAuditEntries(tx: Tx, entries: readonly NewAuditEntry[]): Promise<void> {
  await tx.query('SELECT add_audit_entries($1, false)', [JSON.stringify(entries)]);
}

/** As `addAuditEntries`, as statements for a pipeline, for entries that have waited: what they name may have been erased. */
export function auditEntriesInsert(entries: readonly NewAuditEntry[]): PreparedStatement[] {
  return [
    {
      name: 'add audit entries',
      text: 'SELECT add_audit_entries($1::jsonb, true)',
      values: [JSON.stringify(entries)],
    },
  ];
}

/** An organisation of the key or account that a failed login named. */
export interface LoginPlace {
  kind: 'key' | 'account';
  /** The folded id or address. */
  sent: string;
  tenantId: string;
  reference: string;
  name: string | null;
}

/** The organisations of keys and of accounts, by folded id and by folded address. */
export async function findLoginPlaces(
  tx: Tx,
  { keys, addresses }: { keys: string[]; addresses: string[] },
): Promise<LoginPlace[]> {
  const { rows } = await tx.query<LoginPlace>(
    `SELECT kind, sent, tenant_id AS "tenantId", reference, name FROM places_of_logins($1, $2)`,
    [keys, addresses],
  );
  return rows;
}
