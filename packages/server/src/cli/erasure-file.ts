import { readFile } from 'node:fs/promises';
import type { Database } from '../store/connections/db.ts';
import { CliError, unreadable } from './errors.ts';

type ErasureRecord = ReturnType<typeof import('../privacy/erasure-record.ts').readErasureRecord>;

/** How many people a record erased again, and how many are still to be. */
export type Erased = Awaited<ReturnType<typeof import('../privacy/erasure-record.ts').applyErasureRecord>>;
export const NOBODY_ERASED: Erased = { erased: 0, pending: 0 };

/** Reads a file that `rollcall erasures export` wrote. Throws `CliError`. */
export async function readErasureFile(file: string): Promise<ErasureRecord> {
  const { ErasureRecordError, readErasureRecord } = await import('../privacy/erasure-record.ts');
  const text = await readFile(file, 'utf8').catch(unreadable(file));
  try {
    return readErasureRecord(text);
  } catch (error) {
    if (!(error instanceof ErasureRecordError)) throw error;
    throw new CliError(`${file} is no record of erasures. ${error.message}`);
  }
}

/** Erases the people of a record whom the database has. Throws `CliError` after all others if one of them is a last administrator. */
export async function eraseAgain(owner: Database, record: ErasureRecord): Promise<Erased> {
  const { applyErasureRecord } = await import('../privacy/erasure-record.ts');
  const { LastAdministratorError } = await import('../privacy/erasure.ts');
  const { createLogger } = await import('../http/logging.ts');
  const log = createLogger('warn', process.stderr);
  const deps = { database: owner, clock: Date.now, log, signal: new AbortController().signal };
  return applyErasureRecord(deps, record).catch((error: unknown) => {
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
