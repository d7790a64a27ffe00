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
import { catchInterruption } from './interruption.ts';
import { remark } from './output.ts';
import type { WriteLines } from './tail-output.ts';
import type { TailState } from './tail-state.ts';

const POLL_MS = 1_000;
const ENTRIES_IN_PAGE = 1_000;

/** Up to where entries of an organisation are printed. */
type State = EarlierSnapshot;

/** An organisation whose entries are printed. */
export interface TailedOrganisation {
  tenantId: string;
  /** Its lines have this name. Undefined: they have none. */
  slug?: string | undefined;
}

interface TailOptions {
  /** Whose entries are printed; each round asks anew. */
  organisations: () => Promise<TailedOrganisation[]>;
  write: WriteLines;
  since?: Date | undefined;
  state: TailState;
  once?: true | undefined;
}

/**
 * Prints entries as NDJSON. Each entry is printed at least once: the state is written after its lines, so a run that is
 * killed repeats some. An entry comes again when the name of a subject is forgotten.
 */
export async function tailAudit(
  owner: Database,
  { organisations, write, since, state, once }: TailOptions,
): Promise<void> {
  const signal = catchInterruption();
  await state.read();
  for (;;) {
    for (const { tenantId, slug } of await organisations()) {
      const before = state.of(tenantId);
      const next = await printNew(owner, { tenantId, slug, state: before, since, write, signal });
      if (!next) return;
      if (next !== before) await state.keep(tenantId, next);
    }
    if (once) return;
    await delay(POLL_MS, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
  }
}

interface Tailed extends TailedOrganisation {
  slug: string | undefined;
  state: State | undefined;
  since: Date | undefined;
  write: WriteLines;
  signal: AbortSignal;
}

/** Returns up to where entries are printed; undefined if the signal comes first. */
async function printNew(
  owner: Database,
  { tenantId, slug, state, since, write, signal }: Tailed,
): Promise<State | undefined> {
  const begin = await beginReading(owner, tenantId, state);
  const window = { ...ALL_DAYS, ...(since && { from: utcDay(since.getTime()) }) };
  const query = { ...begin.query, tenantId, window, now: new Date() };
  const organisation = slug === undefined ? {} : { organisation: slug };
  for (let after: string[] | undefined; !signal.aborted; ) {
    // A reader that is slow must not keep a transaction of the database open. So each page has its own.
    const rows = await readPage(owner, { ...query, page: { rows: ENTRIES_IN_PAGE, after } });
    const lines = rows
      .filter(({ occurredAt }) => !since || new Date(String(occurredAt)) >= since)
      .map(({ position, ...row }) => `${JSON.stringify({ ...organisation, ...row })}\n`);
    if (lines.length > 0) await write(lines.join(''), signal);
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
