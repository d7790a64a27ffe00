import type { Tx } from '../connections/db.ts';

/** A key that signs batches. Its private key is sealed. */
export interface AuditKeyRow {
  kid: string;
  publicJwk: Record<string, unknown>;
  privateKeySealed: Buffer;
}

/** The context under which the private key of an audit key is sealed. */
export const auditKeyContext = (kid: string): string => `audit-key:${kid}`;

/** All keys, the one that signs first. */
export async function listAuditKeys(tx: Tx): Promise<AuditKeyRow[]> {
  const { rows } = await tx.query<AuditKeyRow>(
    `SELECT kid, public_jwk AS "publicJwk", private_key_sealed AS "privateKeySealed" FROM all_audit_keys()`,
  );
  return rows;
}

/** Stores the first key, unless another process has done so. */
export async function addFirstAuditKey(tx: Tx, key: AuditKeyRow, createdAt: Date): Promise<void> {
  await tx.query('SELECT add_first_audit_key($1, $2, $3, $4)', [
    key.kid,
    key.publicJwk,
    key.privateKeySealed,
    createdAt,
  ]);
}
