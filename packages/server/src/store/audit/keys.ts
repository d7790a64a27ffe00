import type { Tx } from '../connections/db.ts';

/** A key that signs batches. Its private key is sealed. */
export interface AuditKeyRow {
  kid: string;
  privateKeySealed: Buffer;
}

/** The context under which the private key of an audit key is sealed. */
export const auditKeyContext = (kid: string): string => `audit-key:${kid}`;

/** All keys, the one that signs first. Owner only. */
export async function listAuditKeys(tx: Tx): Promise<AuditKeyRow[]> {
  const { rows } = await tx.query<AuditKeyRow>(
    'SELECT kid, private_key_sealed AS "privateKeySealed" FROM audit_keys ORDER BY created_at DESC, kid',
  );
  return rows;
}

/** Stores the first key, unless another process has done so. Owner only. */
export async function addFirstAuditKey(tx: Tx, key: AuditKeyRow, createdAt: Date): Promise<void> {
  await tx.query('LOCK TABLE audit_keys IN SHARE ROW EXCLUSIVE MODE');
  await tx.query(
    `INSERT INTO audit_keys (kid, private_key_sealed, created_at)
     SELECT $1, $2, $3 WHERE NOT EXISTS (SELECT FROM audit_keys)`,
    [key.kid, key.privateKeySealed, createdAt],
  );
}
