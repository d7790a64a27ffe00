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

/** So long a key that signs no more is kept: longer than any token lives, as the settings allow it. */
const RETIRED_KEPT = '7 days';

/** All signing keys, newest first: the newest signs. With each comes the id of the instance. */
export async function listSigningKeys(tx: Tx): Promise<(StoredSigningKey & { instanceId: string })[]> {
  const { rows } = await tx.query<StoredSigningKey & { instanceId: string }>(
    `SELECT kid, algorithm, public_jwk AS "publicJwk", private_key_sealed AS "privateKeySealed", created_at AS "createdAt",
            instance_id() AS "instanceId" FROM all_signing_keys()`,
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

/**
 * Stores the key that signs from now on. Those before it are deleted at once with `keepOthers` false, else long after the last of
 * their tokens has ended. Owner only.
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
       SELECT FROM signing_keys n WHERE n.created_at > k.created_at AND n.created_at < $2::timestamptz - interval '${RETIRED_KEPT}')`,
    [keepOthers, createdAt],
  );
  // The newest signs, whatever clock the others were made by.
  await tx.query(
    `INSERT INTO signing_keys (kid, algorithm, public_jwk, private_key_sealed, created_at)
     SELECT $1, $2, $3, $4, greatest($5::timestamptz, max(created_at) + interval '1 millisecond') FROM signing_keys`,
    [key.kid, key.algorithm, key.publicJwk, key.privateKeySealed, createdAt],
  );
}
