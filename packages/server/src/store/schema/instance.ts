import type { Tx } from '../connections/db.ts';

const MASTER_KEY_CHECK = 'master-key-check';
const INSTANCE_ID = 'instance-id';

/**
 * The value by which a master key is recognised: stores `candidate` on first use, and returns what is stored.
 * Owner only.
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
 * Gives the data a new instance id, which is returned: a GUID. No access token of the former one is accepted from then on,
 * provided that the signing keys are replaced in the same transaction. Owner only.
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
