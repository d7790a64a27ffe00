import { readFile } from 'node:fs/promises';
import { filePermissionFault } from '../embedded/file-permissions.ts';
import type { BackupEncryption, DecryptWith } from '../store/backup/encryption.ts';
import { CliError, unreadable } from './errors.ts';
import { readSecret } from './secret.ts';

/** A thief of a backup can try passphrases without a limit. */
const SHORTEST_PASSPHRASE = 16;

export interface EncryptionOptions {
  recipient?: string[];
  recipientsFile?: string;
  passphraseFile?: string;
}

export interface DecryptionOptions {
  identity?: string;
  passphraseFile?: string;
}

/**
 * The encryption that the options ask for; undefined if they ask for none. Reads the options once, and makes the encryption of
 * one backup with each call of what it returns. Throws `CliError` and `BackupError`.
 */
export async function readEncryption(
  options: EncryptionOptions,
): Promise<(() => BackupEncryption) | undefined> {
  const { recipient = [], recipientsFile, passphraseFile } = options;
  if (recipient.length === 0 && recipientsFile === undefined && passphraseFile === undefined)
    return undefined;
  // Loaded here, so that other commands do not wait for it.
  const { encryptionTo } = await import('../store/backup/encryption.ts');
  if (passphraseFile !== undefined) {
    if (recipient.length > 0 || recipientsFile !== undefined) {
      throw new CliError(
        'A backup is encrypted either to recipients or with a passphrase; give one of the two.',
      );
    }
    const passphrase = await readPassphrase(passphraseFile);
    if (Array.from(passphrase).length < SHORTEST_PASSPHRASE) {
      throw new CliError(
        `The passphrase has fewer than ${SHORTEST_PASSPHRASE} characters; choose a longer one.`,
      );
    }
    return () => encryptionTo({ passphrase });
  }
  const ofFile = recipientsFile === undefined ? [] : await readLines(recipientsFile);
  const recipients = [...recipient, ...ofFile];
  // Finds a recipient that is none before anything is written.
  encryptionTo({ recipients });
  return () => encryptionTo({ recipients });
}

/** What the options give to decrypt a backup; undefined if they give nothing. Throws `CliError` and `RestoreError`. */
export async function readDecryption(options: DecryptionOptions): Promise<DecryptWith | undefined> {
  const { identity, passphraseFile } = options;
  if (identity === undefined) {
    return passphraseFile === undefined ? undefined : { passphrase: await readPassphrase(passphraseFile) };
  }
  if (passphraseFile !== undefined) {
    throw new CliError(
      'A backup is decrypted either with an identity or with a passphrase; give one of the two.',
    );
  }
  const { checkIdentities } = await import('../store/backup/encryption.ts');
  await requirePrivate('The identity file', identity);
  const identities = await readLines(identity);
  checkIdentities(identities);
  return { identities };
}

async function readPassphrase(file: string): Promise<string> {
  if (file !== '-') await requirePrivate('The passphrase file', file);
  return readSecret(file);
}

async function requirePrivate(what: string, file: string): Promise<void> {
  const fault = await filePermissionFault(what, file).catch(unreadable(file));
  if (fault !== undefined) throw new CliError(fault.sentence);
}

/** The lines of a file, as age reads them: without blank ones and comments. Throws `CliError` if there are none. */
async function readLines(file: string): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch(unreadable(file));
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  if (lines.length === 0) throw new CliError(`The file ${file} is empty.`);
  return lines;
}
