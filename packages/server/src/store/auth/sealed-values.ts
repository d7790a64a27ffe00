import type { Tx } from '../connections/db.ts';
import { LISTENER_NAME } from './credential-changes.ts';

/** The sealed secrets of a key. */
export interface SealedSecrets {
  apiKeyFolded: string;
  secretSealed: Buffer;
  previousSecretSealed: Buffer | null;
}

/** The id of the master key that sealed a value, in hexadecimal; '' for an older value that does not name its key. */
const keyIdOf = (column: string): string =>
  `CASE WHEN substring(${column} FROM 1 FOR 1) = '\\x02' THEN encode(substring(${column} FROM 2 FOR 8), 'hex') ELSE '' END`;

/** Locks and returns keys of an organisation of which a secret is sealed with another master key. Owner only. */
export async function lockSecretsOfOtherKeys(
  tx: Tx,
  tenantId: string,
  keyId: string,
  limit: number,
): Promise<SealedSecrets[]> {
  const { rows } = await tx.query<SealedSecrets>(
    `SELECT api_key_folded AS "apiKeyFolded", secret_sealed AS "secretSealed",
            previous_secret_sealed AS "previousSecretSealed"
     FROM api_keys
     WHERE tenant_id = $1 AND (${keyIdOf('secret_sealed')} <> $2
       OR previous_secret_sealed IS NOT NULL AND ${keyIdOf('previous_secret_sealed')} <> $2)
     ORDER BY api_key_folded LIMIT $3 FOR UPDATE`,
    [tenantId, keyId, limit],
  );
  return rows;
}

/** Replaces the sealed secrets of keys. The secrets themselves stay. Owner only. */
export async function replaceSealedSecrets(
  tx: Tx,
  tenantId: string,
  secrets: SealedSecrets[],
): Promise<void> {
  await tx.query(
    `UPDATE api_keys k SET secret_sealed = s.secret, previous_secret_sealed = s.previous
     FROM unnest($2::text[], $3::bytea[], $4::bytea[]) AS s (api_key_folded, secret, previous)
     WHERE k.tenant_id = $1 AND k.api_key_folded = s.api_key_folded`,
    [
      tenantId,
      secrets.map(({ apiKeyFolded }) => apiKeyFolded),
      secrets.map(({ secretSealed }) => secretSealed),
      secrets.map(({ previousSecretSealed }) => previousSecretSealed),
    ],
  );
}

/** The tables with sealed private keys of the instance: those that sign tokens, and those that sign batches of the audit. */
export const KEY_TABLES = ['signing_keys', 'audit_keys'] as const;
export type KeyTable = (typeof KEY_TABLES)[number];

/** Locks and returns the private keys of a table that are sealed with another master key. Owner only. */
export async function lockPrivateKeysOfOtherKeys(
  tx: Tx,
  table: KeyTable,
  keyId: string,
): Promise<{ kid: string; privateKeySealed: Buffer }[]> {
  const { rows } = await tx.query<{ kid: string; privateKeySealed: Buffer }>(
    `SELECT kid, private_key_sealed AS "privateKeySealed" FROM ${table}
     WHERE ${keyIdOf('private_key_sealed')} <> $1 FOR UPDATE`,
    [keyId],
  );
  return rows;
}

/** Replaces a sealed private key. Owner only. */
export async function replaceSealedPrivateKey(
  tx: Tx,
  table: KeyTable,
  kid: string,
  sealed: Buffer,
): Promise<void> {
  await tx.query(`UPDATE ${table} SET private_key_sealed = $2 WHERE kid = $1`, [kid, sealed]);
}

/** How many values each master key has sealed, by its id; '' for older values that do not name it. Counts the entered organisation. */
export async function countSealedSecrets(tx: Tx, tenantId: string): Promise<Map<string, number>> {
  const { rows } = await tx.query<{ keyId: string; count: number }>(
    `SELECT key_id AS "keyId", count(*) AS count FROM (
       SELECT ${keyIdOf('secret_sealed')} AS key_id FROM api_keys WHERE tenant_id = $1
       UNION ALL
       SELECT ${keyIdOf('previous_secret_sealed')} FROM api_keys
       WHERE tenant_id = $1 AND previous_secret_sealed IS NOT NULL) AS sealed
     GROUP BY key_id`,
    [tenantId],
  );
  return new Map(rows.map(({ keyId, count }) => [keyId, count]));
}

/** As `countSealedSecrets`, for the private keys of the instance. Owner only. */
export async function countSealedPrivateKeys(tx: Tx): Promise<Map<string, number>> {
  const { rows } = await tx.query<{ keyId: string; count: number }>(
    `SELECT ${keyIdOf('private_key_sealed')} AS "keyId", count(*) AS count FROM (
       SELECT private_key_sealed FROM signing_keys UNION ALL SELECT private_key_sealed FROM audit_keys) AS sealed GROUP BY 1`,
  );
  return new Map(rows.map(({ keyId, count }) => [keyId, count]));
}

/** A server that runs on this database. */
export interface RunningServer {
  /** The address of its connection; null for a socket of this machine, or if this role may not see it. */
  address: string | null;
  /** The ids of its master keys, the one that seals first; empty for an older release. */
  masterKeyIds: string[];
}

/** The servers and workers that run, by their listening connections. */
export async function listRunningServers(tx: Tx): Promise<RunningServer[]> {
  const { rows } = await tx.query<{ address: string | null; says: string }>(
    `SELECT host(client_addr) AS address, substring(application_name FROM char_length($1) + 1) AS says
     FROM pg_stat_activity
     WHERE datname = current_database() AND starts_with(application_name, $1) ORDER BY 1, 2`,
    [LISTENER_NAME],
  );
  return rows.map(({ address, says }) => ({ address, masterKeyIds: says.split(' ').filter(Boolean) }));
}
