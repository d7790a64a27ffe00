import { endAllSessions } from '../store/auth/sessions.ts';
import { insertNextSigningKey, listSigningKeys, type StoredSigningKey } from '../store/auth/signing-keys.ts';
import type { Database } from '../store/connections/db.ts';
import { renewInstanceId } from '../store/schema/instance.ts';
import type { Sealer } from './secrets.ts';
import { generateSigningKey } from './signing-keys.ts';

interface Deps {
  /** Connects as the owner. */
  owner: Database;
  masterKey: Sealer;
  clock: () => number;
}

/** The signing keys, newest first. The newest key signs. The private keys are sealed. */
export function signingKeysOf(owner: Database): Promise<StoredSigningKey[]> {
  return owner.inSystem(listSigningKeys);
}

/**
 * Creates the key that signs from now on; returns its id. With `now`, tokens of the other keys are invalid at once;
 * otherwise they stay valid until they expire.
 */
export async function rotateSigningKey(
  { now }: { now: boolean },
  { owner, masterKey, clock }: Deps,
): Promise<string> {
  const key = await generateSigningKey(masterKey);
  await owner.inSystem((tx) => insertNextSigningKey(tx, key, new Date(clock()), { keepOthers: !now }));
  return key.kid;
}

/**
 * Makes the data a new instance, with a signing key of its own; returns the new instance id, a GUID. From then on,
 * every replica refuses all earlier tokens and sessions, within a second.
 */
export async function renewInstance({ owner, masterKey, clock }: Deps): Promise<string> {
  const key = await generateSigningKey(masterKey);
  return owner.inSystem(async (tx) => {
    const instanceId = await renewInstanceId(tx);
    await endAllSessions(tx);
    await insertNextSigningKey(tx, key, new Date(clock()), { keepOthers: false });
    return instanceId;
  });
}
