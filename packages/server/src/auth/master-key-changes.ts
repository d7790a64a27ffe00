import type { FastifyBaseLogger } from 'fastify';
import type { CredentialChanges } from '../store/auth/credential-changes.ts';
import type { Database } from '../store/connections/db.ts';
import { StoreUnavailableError } from '../store/connections/unavailable.ts';
import { type MasterKeyChecks, readMasterKeyChecks } from '../store/schema/instance.ts';
import type { MasterKeys } from './master-keys.ts';
import { MasterKeyError } from './secrets.ts';

interface Deps {
  changes: CredentialChanges;
  database: Database;
  /** Whether the server has the role and the schema that it serves with. */
  lifecycle: { readonly migrated: boolean };
  log: Pick<FastifyBaseLogger, 'error'>;
}

/**
 * Keeps the master keys of a server as a rotation needs them. The server reads its source again when it hears of a
 * rotation, or lacks a key. It seals with the current key of the database, and says on its listening connection which
 * keys it has, the one that seals first.
 */
export function followMasterKeys(masterKeys: MasterKeys, { changes, database, lifecycle, log }: Deps): void {
  const follow = async (isTold: boolean) => {
    const checks = await database.inSystem(readMasterKeyChecks);
    if (isTold || !adopts(masterKeys, checks)) await reload(checks);
    masterKeys.adopt(checks);
  };
  const reload = (checks: MasterKeyChecks) =>
    masterKeys.reload(checks).catch(() => {
      // The cause stays out of the log: it may have what a command printed.
      log.error(
        'the master keys cannot be read again from their source, or lack one that is in use; the server goes on with those that it has',
      );
    });
  let last = Promise.resolve();
  changes.onChange((change) => {
    const isTold = change !== 'missed' && 'masterKeys' in change;
    if (!isTold && change !== 'missed') return;
    last = last
      .then(() => follow(isTold))
      .catch((error: unknown) => {
        // After an outage the server connects again, and follows again. A server that ends before it serves has no role.
        if (error instanceof StoreUnavailableError || !lifecycle.migrated) return;
        if (error instanceof MasterKeyError) log.error(error.message);
        else log.error({ err: error }, 'the master keys of the database cannot be checked');
      });
  });
  changes.sayOfItself(() => {
    const { current, keys } = masterKeys;
    return [current, ...keys.filter((key) => key !== current)].map(({ id }) => id).join(' ');
  });
}

function adopts(masterKeys: MasterKeys, checks: MasterKeyChecks): boolean {
  try {
    masterKeys.adopt(checks);
    return true;
  } catch {
    return false;
  }
}
