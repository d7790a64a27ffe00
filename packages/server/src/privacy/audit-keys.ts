import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomUUID,
} from 'node:crypto';
import { addFirstAuditKey, auditKeyContext, listAuditKeys } from '../store/audit/keys.ts';
import type { Database, Tx } from '../store/connections/db.ts';

/** What seals the private keys: the master keys. */
export interface Sealer {
  seal(plaintext: string, context: string): Buffer;
  open(sealed: Buffer, context: string): string;
}

/** The Ed25519 key that signs batches. */
export interface AuditSigner {
  kid: string;
  key: KeyObject;
}

/** The key that signs. The first call of an instance makes it; replicas share it through the database. Owner only. */
export async function auditSigner(database: Database, sealer: Sealer, now: Date): Promise<AuditSigner> {
  const [known] = await database.inSystem(listAuditKeys);
  if (known) return open(known, sealer);
  const { privateKey } = generateKeyPairSync('ed25519');
  const kid = randomUUID();
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  const made = { kid, privateKeySealed: sealer.seal(pem, auditKeyContext(kid)) };
  const [key = made] = await database.inSystem(async (tx) => {
    await addFirstAuditKey(tx, made, now);
    return listAuditKeys(tx);
  });
  return open(key, sealer);
}

/**
 * The keys that verify, by id. Each comes from its sealed private key: somebody who changes the database has no master key to
 * seal one. A key that does not open is not among them.
 */
export async function auditVerifiers(tx: Tx, sealer: Sealer): Promise<Map<string, KeyObject>> {
  const verifiers = new Map<string, KeyObject>();
  for (const row of await listAuditKeys(tx)) {
    try {
      verifiers.set(row.kid, createPublicKey(open(row, sealer).key));
    } catch {
      // The batches that it signed are then reported.
    }
  }
  return verifiers;
}

function open(
  { kid, privateKeySealed }: { kid: string; privateKeySealed: Buffer },
  sealer: Sealer,
): AuditSigner {
  return { kid, key: createPrivateKey(sealer.open(privateKeySealed, auditKeyContext(kid))) };
}
