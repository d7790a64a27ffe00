import { sealedCheck } from '../auth/master-keys.ts';
import { MasterKey } from '../auth/secrets.ts';
import type { BackupHead } from '../store/backup/contents.ts';
import { CliError } from './errors.ts';

/** The master keys in the backup; undefined if it does not hold them. */
export function heldKeys({ masterKeys }: BackupHead): readonly MasterKey[] | undefined {
  return masterKeys?.map((key) => new MasterKey(key));
}

/** Throws `CliError` if the given keys do not open the secrets of the backup. */
export function requireKeysOf(head: BackupHead, given: readonly MasterKey[]): void {
  const held = heldKeys(head);
  // A backup of format 1 has no checks, but the key itself.
  const areRight = head.manifest.masterKeyChecks
    ? open(head, given)
    : held?.every(({ id }) => given.some((key) => key.id === id));
  if (areRight) return;
  throw new CliError(
    held
      ? 'The given master key differs from the key in the backup. Give none, or a file that does not exist yet.'
      : 'The given master key does not open the secrets of the backup; nothing was restored.',
  );
}

/**
 * Throws `CliError` if the backup holds master keys that do not open its secrets: a rotation of the key began while it was
 * made.
 */
export function requireHeldKeys(head: BackupHead): void {
  const held = heldKeys(head);
  if (!held || open(head, held)) return;
  throw new CliError(
    'The backup does not hold the master key that opens its secrets, because the key was rotated while the backup was made; make another one.',
  );
}

function open({ manifest: { masterKeyChecks = [] } }: BackupHead, keys: readonly MasterKey[]): boolean {
  return masterKeyChecks.every((check) => keys.some((key) => sealedCheck(key, Buffer.from(check, 'base64'))));
}
