import type { Tx } from './db.ts';

const MASTER_KEY_CHECK = 'master-key-check';

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
