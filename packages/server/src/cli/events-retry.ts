import { callerOfSender } from '../auth/senders.ts';
import type { DataConfig } from '../config.ts';
import { addOperatorEntry } from '../http/audit/operator.ts';
import { createLogger } from '../http/logging.ts';
import { DeskPresence } from '../ingest/desk-presence.ts';
import { DirectoryCache } from '../ingest/directory-cache.ts';
import { EventWriter } from '../ingest/event-writer.ts';
import { PastRetention } from '../ingest/past-retention.ts';
import { KEEPS_NO_REFUSAL } from '../ingest/refused-event-log.ts';
import {
  MOST_RETRIED,
  type RetryCursor,
  type RetryDeps,
  type RetryResult,
  retryRefusedEvents,
  whyNotTried,
} from '../ingest/retry.ts';
import { COUNTS_NOTHING } from '../ingest/source-activity.ts';
import { Database } from '../store/connections/db.ts';
import type { RefusedEventFilter } from '../store/events/refused-event-lists.ts';
import { parseGuid } from '../store/values/guid.ts';
import { getOrganisation, withContext } from './context.ts';
import { withEndEntry } from './end-entry.ts';
import { CliError } from './errors.ts';
import { quote, toJson } from './events-list.ts';
import { catchInterruption, Interrupted } from './interruption.ts';
import { forTerminal, print, remark } from './output.ts';
import { showProgress } from './progress.ts';

/** The options of `rollcall events retry`. */
export interface RetryOptions extends DataConfig {
  since?: Date;
  cause?: string;
  org?: string;
  json?: true;
}

/** What stands in a mended row in place of a key. */
const BY = 'rollcall events retry';

/**
 * Tries refused events again, and prints what became of them. The exit code is 1 unless all of them are stored. Throws
 * `Interrupted`: then some may be stored.
 */
export async function retryEvents(ids: string[], options: RetryOptions): Promise<void> {
  const refusalIds = ids.map(readId);
  const { since, cause } = options;
  await withContext(options, 'rollcall events', async (context) => {
    const { owner, target, role } = context;
    const { tenantId } = await getOrganisation(owner, options.org);
    const database = new Database({ target, as: role, poolSize: 2, exportPoolSize: 1 });
    try {
      const filters: RefusedEventFilter[] =
        refusalIds.length === 0
          ? [{ since, cause }]
          : refusalIds.map((refusalId) => ({ since, cause, refusalId }));
      const counts = { mended: 0, refused: 0, skipped: 0 };
      const retry = { tenantId, deps: retryDeps(database), json: options.json ?? false, counts };
      await withEndEntry(
        context,
        () => retryAll(filters, retry),
        (complete) => {
          const about = { tenantId, metadata: { ...counts, complete }, atMs: Date.now() };
          return owner.inSystem((tx) => addOperatorEntry(tx, 'events.retried', about));
        },
      );
    } finally {
      await database.close();
    }
  });
}

function readId(text: string): string {
  const id = parseGuid(text);
  if (!id) throw new CliError(`${forTerminal(quote(text))} is no id of a refused event.`);
  return id;
}

function retryDeps(database: Database): RetryDeps {
  return {
    database,
    directory: new DirectoryCache(database),
    writer: new EventWriter(database),
    pastRetention: new PastRetention(database),
    desks: new DeskPresence(database),
    refusals: KEEPS_NO_REFUSAL,
    activity: COUNTS_NOTHING,
    callerOfSender,
    clock: Date.now,
    log: createLogger('warn', process.stderr),
  };
}

interface Retry {
  tenantId: string;
  deps: RetryDeps;
  json: boolean;
  /** What became of the events so far. */
  counts: Record<RetryResult['result'], number>;
}

/** Throws `Interrupted`. */
async function retryAll(filters: RefusedEventFilter[], retry: Retry): Promise<void> {
  const { counts } = retry;
  const signal = catchInterruption();
  for (const filter of filters) {
    if (signal.aborted) throw new Interrupted();
    for await (const result of resultsOf(filter, retry)) {
      counts[result.result]++;
      show(result, retry.json);
    }
  }
  if (!retry.json)
    print(`${counts.mended} stored, ${counts.refused} refused again, ${counts.skipped} not tried.`);
  if (counts.refused + counts.skipped > 0) process.exitCode = 1;
}

async function* resultsOf(
  filter: RefusedEventFilter,
  { tenantId, deps }: Retry,
): AsyncGenerator<RetryResult, void> {
  const { refusalId } = filter;
  const progress = showProgress('Trying again', 'events');
  const signal = catchInterruption();
  let done = 0;
  try {
    let cursor: RetryCursor | undefined;
    do {
      const step = await retryRefusedEvents({ tenantId, by: BY, filter, cursor, limit: MOST_RETRIED }, deps);
      done += step.results.length;
      progress.update(done, done + step.remaining);
      yield* step.results;
      cursor = step.next;
      if (cursor && signal.aborted) throw new Interrupted();
    } while (cursor);
    if (done > 0 || refusalId === undefined) return;
    const result = await whyNotTried(tenantId, refusalId, deps);
    if (!result) throw new CliError(`There is no refused event ${refusalId}.`);
    yield result;
  } finally {
    progress.stop();
  }
}

/** Prints one result: as JSON, or as a line on standard error if the event is not stored. */
function show(result: RetryResult, json: boolean): void {
  if (json) print(toJson(result));
  else if (result.result !== 'mended')
    remark(forTerminal(`${quote(result.eventId)} ${result.cause ?? '-'}: ${result.reason ?? ''}`));
}
