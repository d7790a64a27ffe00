import { once } from 'node:events';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { readAuditEntries } from '../store/audit/dataset.ts';
import type { Database } from '../store/connections/db.ts';
import { ALL_DAYS } from '../store/values/day-window.ts';
import { utcDay } from '../store/values/days.ts';
import { keepPosition } from '../store/warehouse/kept-positions.ts';
import type { Changes } from '../store/warehouse/query.ts';
import {
  type EarlierSnapshot,
  isInPastOf,
  otherPrimary,
  readSnapshot,
} from '../store/warehouse/snapshots.ts';
import { CliError } from './errors.ts';
import { catchInterruption } from './interruption.ts';
import { remark } from './output.ts';

const POLL_MS = 1_000;
const ENTRIES_IN_PAGE = 1_000;

/** Up to where entries are printed. */
type State = EarlierSnapshot;

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
    const next = await printNew(owner, tenantId, { state, since, signal });
    if (!next) return;
    state = next;
    if (file !== undefined) await writeState(file, next);
    if (isOnce) return;
    await delay(POLL_MS, undefined, { signal }).catch(() => undefined);
  }
}

interface Tailed {
  state: State | undefined;
  since: Date | undefined;
  signal: AbortSignal;
}

/** Returns up to where entries are printed; undefined if the signal comes first. */
async function printNew(
  owner: Database,
  tenantId: string,
  { state, since, signal }: Tailed,
): Promise<State | undefined> {
  const begin = await beginReading(owner, tenantId, state);
  const window = { ...ALL_DAYS, ...(since && { from: utcDay(since.getTime()) }) };
  const query = { ...begin.query, tenantId, window, now: new Date() };
  for (let after: string[] | undefined; !signal.aborted; ) {
    // A reader that is slow must not keep a transaction of the database open. So each page has its own.
    const rows = await readPage(owner, { ...query, page: { rows: ENTRIES_IN_PAGE, after } });
    const lines = rows
      .filter(({ occurredAt }) => !since || new Date(String(occurredAt)) >= since)
      .map(({ position, ...row }) => `${JSON.stringify(row)}\n`);
    if (lines.length > 0 && !process.stdout.write(lines.join('')))
      await once(process.stdout, 'drain', { signal }).catch(() => undefined);
    if (rows.length < ENTRIES_IN_PAGE) {
      if (signal.aborted) return undefined;
      // Nothing is new, so the earlier state serves on. To keep a new one, the database would write every second.
      if (rows.length === 0 && !after && begin.query.changes && state?.lsn !== undefined) return state;
      if (!(await keepPosition(owner, begin.seen))) throw otherPrimary();
      return begin.seen;
    }
    after = rows.at(-1)?.position as string[];
  }
  return undefined;
}

/** The snapshot up to which entries are printed now, and which entries those are. */
function beginReading(owner: Database, tenantId: string, state: State | undefined) {
  return firstOf(
    owner.stream('jobs', tenantId, async function* (tx) {
      const seen = await readSnapshot(tx, owner);
      let changes: Changes | undefined;
      if (state && (await isInPastOf(tx, state, seen)))
        changes = { snapshot: state.snapshot, at: new Date() };
      else if (state) remark('The state is of another database, so all entries are printed again.');
      yield { seen, query: { changes, seenIn: seen.snapshot } };
    }),
  );
}

function readPage(
  owner: Database,
  query: Parameters<typeof readAuditEntries>[1],
): Promise<Record<string, unknown>[]> {
  return firstOf(
    owner.stream('jobs', query.tenantId, async function* (tx) {
      const page: Record<string, unknown>[] = [];
      for await (const rows of readAuditEntries(tx, query)) page.push(...rows);
      yield page;
    }),
  );
}

/** The only item of a stream, once its transaction has ended. */
async function firstOf<Item>(items: AsyncIterable<Item>): Promise<Item> {
  let found: { item: Item } | undefined;
  for await (const item of items) found = { item };
  if (!found) throw new Error('The stream has an item.');
  return found.item;
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
    const { database, runId, snapshot, lsn } = JSON.parse(text) as State;
    if ([database, runId, snapshot, lsn ?? ''].every((each) => typeof each === 'string'))
      return { database, runId, snapshot, lsn };
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
