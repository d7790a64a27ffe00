import { readFile, rename, writeFile } from 'node:fs/promises';
import type { EarlierSnapshot } from '../store/warehouse/snapshots.ts';
import { CliError } from './errors.ts';

/** Up to where entries are printed, by organisation; in a file if it has a path. */
export class TailState {
  readonly #path: string | undefined;
  readonly #states = new Map<string, EarlierSnapshot>();

  constructor(path: string | undefined) {
    this.#path = path;
  }

  /** Reads the file, if there is one. Throws `CliError`. */
  async read(): Promise<void> {
    const text = this.#path === undefined ? undefined : await readText(this.#path);
    if (text === undefined) return;
    try {
      for (const [tenantId, state] of Object.entries(JSON.parse(text).organisations))
        this.#states.set(tenantId, stateIn(state));
    } catch {
      throw new CliError(`The file ${this.#path} is no state of this command.`);
    }
  }

  /** Undefined: nothing of the organisation is printed yet. */
  of(tenantId: string): EarlierSnapshot | undefined {
    return this.#states.get(tenantId);
  }

  /** Keeps the state of an organisation, and writes the file with those of all. Throws `CliError`. */
  async keep(tenantId: string, state: EarlierSnapshot): Promise<void> {
    this.#states.set(tenantId, state);
    if (this.#path === undefined) return;
    const stored = { organisations: Object.fromEntries(this.#states) };
    const temporary = `${this.#path}.new`;
    try {
      await writeFile(temporary, `${JSON.stringify(stored)}\n`, { mode: 0o600 });
      await rename(temporary, this.#path);
    } catch (error) {
      throw new CliError(`The state ${this.#path} cannot be written: ${(error as Error).message}.`);
    }
  }
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new CliError(`The state ${path} cannot be read: ${(error as Error).message}.`);
  }
}

/** Throws if it is no state. */
function stateIn(stored: unknown): EarlierSnapshot {
  const { database, runId, snapshot, lsn } = stored as EarlierSnapshot;
  if ([database, runId, snapshot, lsn ?? ''].every((each) => typeof each === 'string'))
    return { database, runId, snapshot, lsn };
  throw new Error('It is no state.');
}
