import { once } from 'node:events';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { readAuditEntries } from '../store/audit/dataset.ts';
import type { Database } from '../store/connections/db.ts';
import { ALL_DAYS } from '../store/values/day-window.ts';
import type { Changes } from '../store/warehouse/query.ts';
import { type DatabaseSnapshot, isInPastOf, readSnapshot } from '../store/warehouse/snapshots.ts';
import { CliError } from './errors.ts';
import { catchInterruption } from './interruption.ts';
import { remark } from './output.ts';

const POLL_MS = 1_000;

/** Up to where entries are printed. */
type State = DatabaseSnapshot;

/**
 * Prints the entries of an organisation as NDJSON. Each entry is printed at least once: the state is written after its lines,
 * so a run that is killed repeats some. An entry comes again when the name of a subject is forgotten.
 */
export async function tailAudit(
  owner: Database,
  tenantId: string,
  { since, state: file, once: isOnce }: { since?: Date; state?: string; once?: true },
): Promise<void> {
  const signal = catchInterruption();
  let state = file === undefined ? undefined : await readState(file);
  for (;;) {
    const next = await printNew(owner, tenantId, { state, since });
    state = next;
    if (file !== undefined) await writeState(file, next);
    if (isOnce || signal.aborted) return;
    await delay(POLL_MS, undefined, { signal }).catch(() => undefined);
  }
}

async function printNew(
  owner: Database,
  tenantId: string,
  { state, since }: { state: State | undefined; since: Date | undefined },
): Promise<State> {
  let seen: State | undefined;
  const lines = owner.stream('jobs', tenantId, async function* (tx) {
    seen = await readSnapshot(tx, owner);
    let changes: Changes | undefined;
    if (state && (await isInPastOf(tx, state, seen))) changes = { snapshot: state.snapshot, at: new Date() };
    else if (state) remark('The state is of another database, so all entries are printed again.');
    for await (const rows of readAuditEntries(tx, { tenantId, window: ALL_DAYS, now: new Date(), changes })) {
      const printed = rows.filter(({ occurredAt }) => !since || new Date(String(occurredAt)) >= since);
      if (printed.length > 0) yield printed.map((row) => `${JSON.stringify(row)}\n`).join('');
    }
  });
  for await (const text of lines) {
    if (!process.stdout.write(text)) await once(process.stdout, 'drain');
  }
  if (!seen) throw new Error('A snapshot was read.');
  return seen;
}

async function readState(file: string): Promise<State | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new CliError(`The state ${file} cannot be read: ${(error as Error).message}.`);
  }
  try {
    const { database, runId, snapshot } = JSON.parse(text) as State;
    if ([database, runId, snapshot].every((each) => typeof each === 'string'))
      return { database, runId, snapshot };
  } catch {
    // It is reported below.
  }
  throw new CliError(`The file ${file} is no state of this command.`);
}

async function writeState(file: string, state: State): Promise<void> {
  const temporary = `${file}.new`;
  try {
    await writeFile(temporary, `${JSON.stringify(state)}\n`, { mode: 0o600 });
    await rename(temporary, file);
  } catch (error) {
    throw new CliError(`The state ${file} cannot be written: ${(error as Error).message}.`);
  }
}
