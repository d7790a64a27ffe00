import type { Tx } from '../connections/db.ts';

const MASTER_KEY_CHECK = 'master-key-check';
const INSTANCE_ID = 'instance-id';

/**
 * The value by which the server recognises the master key of this database. The first call stores
 * `candidate`. Every call returns the stored value. Owner only.
 */
export async function masterKeyCheck(tx: Tx, candidate: Buffer): Promise<Buffer> {
  await tx.query('INSERT INTO instance_settings (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING', [
    MASTER_KEY_CHECK,
    candidate,
  ]);
  const { rows } = await tx.query<{ value: Buffer }>('SELECT value FROM instance_settings WHERE name = $1', [
    MASTER_KEY_CHECK,
  ]);
  return rows[0]?.value ?? candidate;
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
