import { pruneKeyNetworks } from '../store/auth/key-networks.ts';
import { pruneSignIns } from '../store/auth/sessions.ts';
import type { JobWork } from '../store/connections/job-work.ts';
import { organisationIds } from '../store/directory/organisations.ts';
import { KNOWN_MS as KNOWN_TO_KEYS_MS } from './known-networks.ts';
import { ABSOLUTE_LIMIT_MS, IDLE_LIMIT_MS } from './sessions.ts';
import { FORGET_MS, KNOWN_MS } from './sign-ins.ts';

/**
 * Deletes sessions, links and answered challenges that are over, networks that accounts and keys no longer know, and
 * failures that no longer count.
 * Sessions have people's network addresses. Throws `StoreUnavailableError`.
 */
export async function pruneOldSignIns({ database, clock, signal, onProgress }: JobWork): Promise<void> {
  const ago = (ms: number) => new Date(clock() - ms);
  let pruned = await database.inSystem((tx) =>
    pruneSignIns(tx, {
      createdAt: ago(ABSOLUTE_LIMIT_MS),
      usedAt: ago(IDLE_LIMIT_MS),
      linkExpiresAt: ago(0),
      signedInAt: ago(KNOWN_MS),
      failedAt: ago(FORGET_MS),
    }),
  );
  onProgress?.(pruned, pruned);
  for (const tenantId of await database.inSystem(organisationIds)) {
    if (signal.aborted) return;
    pruned += await database.inTenant(tenantId, (tx) =>
      pruneKeyNetworks(tx, tenantId, ago(KNOWN_TO_KEYS_MS)),
    );
    onProgress?.(pruned, pruned);
  }
}
