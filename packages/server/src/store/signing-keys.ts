import type { Tx } from './db.ts';

export interface SigningKeyRow {
  kid: string;
  algorithm: string;
  publicJwk: Record<string, unknown>;
  privateKeySealed: Buffer;
}

/** All signing keys, newest first: the first signs, every one verifies. */
export async function listSigningKeys(tx: Tx): Promise<SigningKeyRow[]> {
  const { rows } = await tx.query<SigningKeyRow>(
    `SELECT kid, algorithm, public_jwk AS "publicJwk", private_key_sealed AS "privateKeySealed" FROM all_signing_keys()`,
  );
  return rows;
}

/** Stores the first signing key, unless another process just did. Owner only. */
export async function insertFirstSigningKey(tx: Tx, key: SigningKeyRow, createdAt: Date): Promise<void> {
  await tx.query('LOCK TABLE signing_keys IN SHARE ROW EXCLUSIVE MODE');
  await tx.query(
    `INSERT INTO signing_keys (kid, algorithm, public_jwk, private_key_sealed, created_at)
     SELECT $1, $2, $3, $4, $5 WHERE NOT EXISTS (SELECT FROM signing_keys)`,
    [key.kid, key.algorithm, key.publicJwk, key.privateKeySealed, createdAt],
  );
}
