import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { BackupEncryption, DecryptWith } from '../store/backup/encryption.ts';
import type { Database } from '../store/connections/db.ts';
import { CliError, unreadable } from './errors.ts';

type Lines = ReturnType<typeof import('../privacy/erasure-record.ts').readErasureRecord>;

/** A record of erasures, with the time of it where a run of backups wrote it. */
export interface ErasureRecord {
  recordedAt: Date | undefined;
  lines: Lines;
}

/** How many people a record erased again, and how many are still to be. */
export type Erased = Awaited<ReturnType<typeof import('../privacy/erasure-record.ts').applyErasureRecord>>;
export const NOBODY_ERASED: Erased = { erased: 0, pending: 0 };

/** The name of the record beside the backups of a directory. */
export const recordName = (isEncrypted: boolean) => `rollcall-erasures.ndjson${isEncrypted ? '.age' : ''}`;

/** The content of the record beside backups: a line with its time, and the record of the database. It is encrypted as the backups are. */
export async function toRecordFile(
  owner: Database,
  encryption: BackupEncryption | undefined,
): Promise<Buffer> {
  const { writeErasureRecord } = await import('../privacy/erasure-record.ts');
  const recordedAt = new Date();
  const text = `${JSON.stringify({ recordedAt })}\n${await writeErasureRecord(owner)}`;
  const content = Buffer.from(text);
  return encryption ? buffer(encryption.encrypt(Readable.from([content]))) : content;
}

/** Reads a record of erasures, also one that is encrypted as a backup is. Throws `CliError`. */
export async function readErasureFile(file: string, decryptWith?: DecryptWith): Promise<ErasureRecord> {
  const { ErasureRecordError, readErasureRecord } = await import('../privacy/erasure-record.ts');
  const text = await readText(file, decryptWith);
  const end = text.indexOf('\n');
  const recordedAt = timeOf(text.slice(0, end));
  try {
    return { recordedAt, lines: readErasureRecord(recordedAt ? text.slice(end) : text) };
  } catch (error) {
    if (!(error instanceof ErasureRecordError)) throw error;
    throw new CliError(`${file} is no record of erasures. ${error.message}`);
  }
}

/**
 * The record that a run of backups keeps beside a backup, if it is newer than the backup; else the reason why there is none. Throws
 * `CliError` if it cannot be read: without it, the restore would bring people back.
 */
export async function findRecordBeside(
  backup: string,
  createdAt: string,
  decryptWith: DecryptWith | undefined,
): Promise<ErasureRecord | string> {
  const [file] = [true, false]
    .map((isEncrypted) => join(dirname(backup), recordName(isEncrypted)))
    .filter((path) => existsSync(path));
  if (file === undefined) return 'No record of erasures lies beside the backup';
  const record = await readErasureFile(file, decryptWith);
  return record.recordedAt && record.recordedAt > new Date(createdAt)
    ? record
    : `The record of erasures ${file} is no newer than the backup`;
}

async function readText(file: string, decryptWith: DecryptWith | undefined): Promise<string> {
  const content = await readFile(file).catch(unreadable(file));
  const { archiveBytes, isEncrypted } = await import('../store/backup/encryption.ts');
  if (!isEncrypted(content)) return content.toString('utf8');
  const decrypted = await buffer(archiveBytes(Readable.from([content]), decryptWith)).catch(() => {
    throw new CliError(
      `The record of erasures ${file} is encrypted, and what you gave does not open it. Decrypt it with age, and give it with --erasures.`,
    );
  });
  return decrypted.toString('utf8');
}

/** The time of the first line of a record beside backups; undefined if it has none. */
function timeOf(line: string): Date | undefined {
  try {
    const { recordedAt } = Object(JSON.parse(line)) as { recordedAt?: string };
    return recordedAt === undefined ? undefined : new Date(recordedAt);
  } catch {
    return undefined;
  }
}

/** Erases the people of a record whom the database has. Throws `CliError` after all others if one of them is a last administrator. */
export async function eraseAgain(owner: Database, { lines }: ErasureRecord): Promise<Erased> {
  const { applyErasureRecord } = await import('../privacy/erasure-record.ts');
  const { LastAdministratorError } = await import('../privacy/erasure.ts');
  const { createLogger } = await import('../http/logging.ts');
  const log = createLogger('warn', process.stderr);
  const deps = { database: owner, clock: Date.now, log, signal: new AbortController().signal };
  return applyErasureRecord(deps, lines).catch((error: unknown) => {
    if (!(error instanceof LastAdministratorError)) throw error;
    throw new CliError(
      'A person who was erased is the last administrator of an organisation. All others of the record are erased. Invite another ' +
        'administrator with "rollcall admins create", and run "rollcall erasures apply" with the record.',
    );
  });
}

export function describeErased({ erased, pending }: Erased): string {
  const later = `${pending} more are being erased; "rollcall jobs run erase" continues it.`;
  return `Erased ${erased} people again.${pending > 0 ? ` ${later}` : ''}`;
}
