import type { FastifyBaseLogger } from 'fastify';
import { inTenantWithRetries } from '../store/connections/conflict.ts';
import type { DatabaseTarget } from '../store/connections/db.ts';
import type { JobWork } from '../store/connections/job-work.ts';
import { organisationIds } from '../store/directory/organisations.ts';
import { outlastReadersOfNodes } from '../store/directory/readers-of-nodes.ts';
import { endNames, findEndedNames, noteNamesDone } from '../store/privacy/ended-names.ts';
import { nextDayToRemove, removeSomeOfDay } from '../store/privacy/retention.ts';
import {
  endsNames,
  RETENTION_KINDS,
  type RetentionKindName,
  retentionKind,
} from '../store/privacy/retention-kinds.ts';
import { firstKeptDay, type Retention, readRetention } from '../store/privacy/retention-settings.ts';
import { dropMonths } from '../store/schema/months.ts';
import { addDays, utcDay } from '../store/values/days.ts';
import { noteDaysWithoutRows } from '../store/warehouse/removed-days.ts';

interface Deps extends JobWork {
  /** Connects as the owner of the tables. */
  target: DatabaseTarget;
  log: FastifyBaseLogger;
}

const LOG_EVERY_MS = 10_000;

/**
 * Removes the rows whose retention has ended, and names from rows that stay. Organisations take turns, with a slice of some thousand rows in a transaction
 * each. What is removed tells how far a run came, so a run that was stopped is continued by the next. A setting that changes
 * during the run applies from the next day on. At the end it drops the months that no organisation keeps any more. Throws
 * `StoreUnavailableError`.
 */
export async function enforceRetention(deps: Deps): Promise<void> {
  const { database, signal, onProgress } = deps;
  const canMoveNames = await endAllNames(deps);
  const kinds = RETENTION_KINDS.filter((kind) => canMoveNames || !endsNames(kind));
  let waiting = (await database.inSystem(organisationIds)).map((tenantId) => removal(deps, tenantId, kinds));
  let removed = 0;
  while (waiting.length > 0) {
    const going: typeof waiting = [];
    for (const organisation of waiting) {
      if (signal.aborted) return;
      const { value: rows, done } = await organisation.next();
      if (done) continue;
      going.push(organisation);
      removed += rows;
      onProgress?.(removed, removed);
    }
    waiting = going;
  }
  await dropOldMonths(deps);
}

/**
 * Ends names for all who write rows from now on, and waits until nobody can write a row with one of these names any more. Returns
 * false if that takes too long: then the rows that are there wait for the next run.
 */
async function endAllNames({ database, clock, log, signal }: Deps): Promise<boolean> {
  const today = utcDay(clock());
  const ended: boolean[] = [];
  for (const tenantId of await database.inSystem(organisationIds))
    ended.push(
      await inTenantWithRetries(database, tenantId, async (tx) =>
        endNames(tx, tenantId, await readRetention(tx, tenantId), today),
      ),
    );
  if (!ended.includes(true)) return true;
  // Each transaction that writes rows of a day reads nodes before.
  const transactions = await outlastReadersOfNodes(database, signal);
  if (transactions > 0) log.warn({ transactions }, 'the end of names waits for transactions of before');
  return transactions === 0;
}

/** Drops the months whose rows the retention of every organisation has removed. */
async function dropOldMonths({ database, target, clock, log, signal }: Deps): Promise<void> {
  const today = utcDay(clock());
  const all: Retention[] = [];
  for (const tenantId of await database.inSystem(organisationIds))
    all.push(await database.inTenant(tenantId, (tx) => readRetention(tx, tenantId)));
  for (const kind of RETENTION_KINDS) {
    const { table } = retentionKind(kind);
    const firstDays = all.map((retention) => firstKeptDay(retention, kind, today));
    const [first] = firstDays.toSorted();
    if (signal.aborted || table === undefined || first === undefined || firstDays.includes(undefined))
      continue;
    // The day begins before it begins in UTC, at some offices.
    const dropped = await dropMonths(target, table, new Date(addDays(first, -1)), { signal });
    if (dropped > 0) log.info({ table, months: dropped }, 'dropped the months of a table that nobody keeps');
  }
}

/**
 * Removes the rows of one organisation. Yields the number of rows of each slice. A day whose rows cannot be removed ends the
 * removal of its kind, so that it holds up nothing else.
 */
async function* removal(
  deps: Deps,
  tenantId: string,
  kinds: readonly RetentionKindName[],
): AsyncGenerator<number, void> {
  const { log } = deps;
  let loggedMs = performance.now();
  for (const kind of kinds) {
    let rows = 0;
    for (let last: { day: string; rows: number } | undefined; ; ) {
      const day = await nextDay(deps, tenantId, kind);
      if (day === undefined) break;
      if (last?.day === day && last.rows === rows) {
        if (endsNames(kind))
          log.warn(
            { tenantId, kind, day },
            'somebody writes rows of days whose names have ended: the next run goes on',
          );
        else log.error({ tenantId, kind, day }, 'rows whose retention has ended could not be removed');
        break;
      }
      last = { day, rows };
      for await (const slice of removalOfDay(deps, tenantId, kind, day)) {
        rows += slice;
        yield slice;
      }
      if (performance.now() - loggedMs < LOG_EVERY_MS) continue;
      loggedMs = performance.now();
      log.info({ tenantId, kind, rows, day }, 'removing rows whose retention has ended');
    }
    if (rows > 0) log.info({ tenantId, kind, rows }, 'removed rows whose retention had ended');
  }
}

/**
 * The next day to remove. Reads the setting anew for each day, so that a longer retention stops the removal. After the last day, notes
 * the days that had no rows.
 */
function nextDay(
  { database, clock }: Deps,
  tenantId: string,
  kind: RetentionKindName,
): Promise<string | undefined> {
  return database.inTenant(tenantId, async (tx) => {
    const kept = firstKeptDay(await readRetention(tx, tenantId), kind, utcDay(clock()));
    const ended = endsNames(kind) ? await findEndedNames(tx, tenantId, kind) : undefined;
    // The limit is newer than the beginning of the run. Writers do not know it yet.
    if (endsNames(kind) && !ended) return undefined;
    const before = ended && kept !== undefined && ended.before < kept ? ended.before : kept;
    if (before === undefined) return undefined;
    const day = await nextDayToRemove(tx, tenantId, kind, before);
    if (day !== undefined) return day;
    await noteDaysWithoutRows(tx, tenantId, retentionKind(kind).datasets, before);
    if (ended && endsNames(kind)) await noteNamesDone(tx, tenantId, kind, { doneBefore: before, ended });
    return undefined;
  });
}

/** A day that has begun is finished, unless the process ends: cursors tell of whole days. */
async function* removalOfDay(
  { database }: Deps,
  tenantId: string,
  kind: RetentionKindName,
  day: string,
): AsyncGenerator<number, void> {
  for (;;) {
    const rows = await inTenantWithRetries(database, tenantId, (tx) =>
      removeSomeOfDay(tx, tenantId, kind, day),
    );
    if (rows === 0) return;
    yield rows;
  }
}
