import type { Tx } from '../connections/db.ts';

export interface SigningKeyRow {
  kid: string;
  algorithm: string;
  publicJwk: Record<string, unknown>;
  privateKeySealed: Buffer;
}

export interface StoredSigningKey extends SigningKeyRow {
  createdAt: Date;
}

/**
 * How long the database keeps a key after a newer key has replaced it. It exceeds the longest lifetime of a
 * token that the settings allow.
 */
const REPLACED_KEY_KEPT = '7 days';

/** All signing keys, newest first, each with the instance id. The server signs with the newest. */
export async function listSigningKeys(tx: Tx): Promise<(StoredSigningKey & { instanceId: string })[]> {
  const { rows } = await tx.query<StoredSigningKey & { instanceId: string }>(
    `SELECT kid, algorithm, public_jwk AS "publicJwk", private_key_sealed AS "privateKeySealed", created_at AS "createdAt",
            instance_id() AS "instanceId" FROM all_signing_keys()`,
  );
  return rows;
}

/** Inserts the first signing key, unless another process has just inserted one. Owner only. */
export async function insertFirstSigningKey(tx: Tx, key: SigningKeyRow, createdAt: Date): Promise<void> {
  await tx.query('LOCK TABLE signing_keys IN SHARE ROW EXCLUSIVE MODE');
  await tx.query(
    `INSERT INTO signing_keys (kid, algorithm, public_jwk, private_key_sealed, created_at)
     SELECT $1, $2, $3, $4, $5 WHERE NOT EXISTS (SELECT FROM signing_keys)`,
    [key.kid, key.algorithm, key.publicJwk, key.privateKeySealed, createdAt],
  );
}

/**
 * Inserts the key that signs from now on. With `keepOthers` false, deletes all other keys. Otherwise deletes
 * only the keys that were replaced longer ago than `REPLACED_KEY_KEPT`. Owner only.
 */
export async function insertNextSigningKey(
  tx: Tx,
  key: SigningKeyRow,
  createdAt: Date,
  { keepOthers }: { keepOthers: boolean },
): Promise<void> {
  await tx.query('LOCK TABLE signing_keys IN SHARE ROW EXCLUSIVE MODE');
  await tx.query(
    `DELETE FROM signing_keys k WHERE NOT $1 OR EXISTS (
       SELECT FROM signing_keys n WHERE n.created_at > k.created_at AND n.created_at < $2::timestamptz - interval '${REPLACED_KEY_KEPT}')`,
    [keepOthers, createdAt],
  );
  // The newest key signs. Other keys may have a later time by another clock, so this one is made later than
  // all.
  await tx.query(
    `INSERT INTO signing_keys (kid, algorithm, public_jwk, private_key_sealed, created_at)
     SELECT $1, $2, $3, $4, greatest($5::timestamptz, max(created_at) + interval '1 millisecond') FROM signing_keys`,
    [key.kid, key.algorithm, key.publicJwk, key.privateKeySealed, createdAt],
  );
}
