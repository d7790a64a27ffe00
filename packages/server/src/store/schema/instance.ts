import type { Tx } from '../connections/db.ts';

const MASTER_KEY_CHECK = 'master-key-check';
const FORMER_MASTER_KEY_CHECK = 'master-key-check-former';
const INSTANCE_ID = 'instance-id';

/** Values that the master keys of a database have sealed. By them the server recognises these keys. */
export interface MasterKeyChecks {
  /** Of the key that seals; undefined if no process has had a key yet. */
  current: Buffer | undefined;
  /** Of the key before, while a rotation is not finished. */
  former: Buffer | undefined;
}

interface CheckRow {
  name: string;
  value: Buffer;
}

/** The checks of the master keys. The first call stores `candidate` as the current one. Owner only. */
export async function ensureMasterKeyCheck(tx: Tx, candidate: Buffer): Promise<MasterKeyChecks> {
  await tx.query('INSERT INTO instance_settings (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING', [
    MASTER_KEY_CHECK,
    candidate,
  ]);
  return findMasterKeyChecks(tx);
}

/** The checks of the master keys. Owner only. */
export async function findMasterKeyChecks(tx: Pick<Tx, 'query'>): Promise<MasterKeyChecks> {
  const { rows } = await tx.query<CheckRow>(
    'SELECT name, value FROM instance_settings WHERE name = ANY ($1)',
    [[MASTER_KEY_CHECK, FORMER_MASTER_KEY_CHECK]],
  );
  return checksOf(rows);
}

/** As `findMasterKeyChecks`, for the restricted role. */
export async function readMasterKeyChecks(tx: Tx): Promise<MasterKeyChecks> {
  const { rows } = await tx.query<CheckRow>('SELECT name, value FROM master_key_checks()');
  return checksOf(rows);
}

/**
 * Makes the key of `next` the current master key, and the current one the former one. Does nothing if a rotation is not
 * finished. Servers hear of it. Owner only.
 */
export async function beginMasterKeyRotation(tx: Tx, next: Buffer): Promise<void> {
  const { rowCount } = await tx.query(
    `INSERT INTO instance_settings (name, value)
     SELECT $1, value FROM instance_settings WHERE name = $2 FOR UPDATE
     ON CONFLICT DO NOTHING`,
    [FORMER_MASTER_KEY_CHECK, MASTER_KEY_CHECK],
  );
  if (rowCount === 0) return;
  await tx.query('UPDATE instance_settings SET value = $2 WHERE name = $1', [MASTER_KEY_CHECK, next]);
  await announceMasterKeys(tx);
}

/** Ends a rotation. Owner only. */
export async function endMasterKeyRotation(tx: Tx): Promise<void> {
  await tx.query('DELETE FROM instance_settings WHERE name = $1', [FORMER_MASTER_KEY_CHECK]);
  await announceMasterKeys(tx);
}

/** Tells every server to read its master keys again. */
export async function announceMasterKeys(tx: Tx): Promise<void> {
  await tx.query(`SELECT pg_notify('rollcall_changes', '{"masterKeys": true}')`);
}

function checksOf(rows: CheckRow[]): MasterKeyChecks {
  const checkNamed = (wanted: string) => rows.find(({ name }) => name === wanted)?.value;
  return { current: checkNamed(MASTER_KEY_CHECK), former: checkNamed(FORMER_MASTER_KEY_CHECK) };
}

/**
 * Stores a new instance id, a GUID, and returns it. The server then accepts no access token of the former
 * instance, if the same transaction replaces the signing keys. Owner only.
 */
export async function renewInstanceId(tx: Tx): Promise<string> {
  const { rows } = await tx.query<{ instanceId: string }>(
    `INSERT INTO instance_settings (name, value) VALUES ($1, uuid_send(gen_random_uuid()))
     ON CONFLICT (name) DO UPDATE SET value = excluded.value
     RETURNING encode(value, 'hex')::uuid AS "instanceId"`,
    [INSTANCE_ID],
  );
  if (!rows[0]) throw new Error('An upsert returns its row');
  return rows[0].instanceId;
}
