import { createHmac, randomBytes } from 'node:crypto';
import { open, readFile, rename, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { EmbeddedServerError, ifPresent } from './errors.ts';

/**
 * Role names. Once the cluster is set up, Rollcall connects as `owner`, and for requests as `serving`, which may become `app`
 * and no other role.
 */
export const ROLES = {
  superuser: 'postgres',
  owner: 'rollcall',
  app: 'rollcall_app',
  serving: 'rollcall_server',
} as const;

/** The file with the secret from which the passwords of the roles follow. */
export const secretPath = (dataDir: string): string => join(dataDir, 'postgres.secret');

/** Whether the data directory has its secret. */
export async function hasSecret(dataDir: string): Promise<boolean> {
  return (await ifPresent(stat(secretPath(dataDir)))) !== undefined;
}

/** Writes a random 256-bit secret with mode 0600, unless one exists. Call it under the transition lock. */
export async function ensureSecret(dataDir: string): Promise<void> {
  if (await hasSecret(dataDir)) return;
  const path = secretPath(dataDir);
  const temporary = `${path}.new`;
  const file = await open(temporary, 'w', 0o600);
  try {
    await file.chmod(0o600);
    await file.writeFile(`${randomBytes(32).toString('base64url')}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  await syncDirectory(dataDir);
}

/** Makes renames in a directory survive a power cut. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/**
 * Returns the password of one role. Each is derived from the secret, so the application's password does not reveal
 * the superuser's.
 *
 * @throws EmbeddedServerError when the secret is missing or damaged
 */
export async function passwordOf(dataDir: string, role: string): Promise<string> {
  const path = secretPath(dataDir);
  const secret = (await ifPresent(readFile(path, 'utf8')))?.trim() ?? '';
  if (secret.length < 43) {
    throw new EmbeddedServerError(
      `The password file ${path} is missing or damaged, so the database in ${dirname(path)} cannot be opened; restore that file.`,
    );
  }
  return createHmac('sha256', secret).update(role).digest('base64url');
}
