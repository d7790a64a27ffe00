import { setTimeout as delay } from 'node:timers/promises';
import { Command, Option } from 'commander';
import { DATA_SETTINGS, type DataConfig } from '../config.ts';
import { whole } from '../config-values.ts';
import { addOperatorEntry, listedBy } from '../http/audit/operator.ts';
import { CAUSES } from '../ingest/refusal-causes.ts';
import type { Database } from '../store/connections/db.ts';
import { listReceivedEvents, type ReceivedEvent } from '../store/events/received-events.ts';
import { REFUSED_EVENT_STATES } from '../store/events/refused-event-lists.ts';
import { chooseOrganisation, getOrganisation, withContext } from './context.ts';
import { type ListOptions, printRefused, quote, toJson } from './events-list.ts';
import type { RetryOptions } from './events-retry.ts';
import { catchInterruption, ignoreInterruptedError } from './interruption.ts';
import { parsing, toOptions } from './options.ts';
import { forTerminal, print, remark } from './output.ts';
import { parsePast } from './time.ts';

interface TailOptions extends DataConfig {
  refused?: true;
  json?: true;
  org?: string;
}

const POLL_MS = 500;
/** An event is committed at most this long after its receive time. The command would miss a later one. */
const COMMITTED_WITHIN_MS = 35_000;
const SHOWN_AT_FIRST_MS = 60_000;
const MOST_PER_POLL = 5_000;

/** `rollcall events`. */
export function eventsCommand(): Command {
  const tail = new Command('tail')
    .description('show events as they arrive, with the reason of refused ones')
    .option('--refused', 'only refused events')
    .option('--org <slug>', 'the organisation; required if there are several')
    .option('--json', 'one JSON object per line')
    .action((options: TailOptions) =>
      withContext(options, 'rollcall events', async ({ owner }) => {
        const { tenantId, slug } = await chooseOrganisation(owner, options.org);
        await noteList(owner, tenantId, 'arriving-events');
        remark(`Received events of ${slug}, starting one minute ago; Ctrl-C ends the command.`);
        await tailEvents(owner, tenantId, options);
      }).catch(ignoreInterruptedError),
    );
  const list = new Command('list')
    .description('list refused events and malformed requests of the last 30 days, the newest first')
    .option('--since <time>', 'a duration such as 2h or 3d, or an ISO 8601 instant', parsePast)
    .addOption(causeOption())
    .addOption(
      new Option('--state <state>', 'open: not mended yet; mended: stored by a later try')
        .choices(REFUSED_EVENT_STATES)
        .default('open'),
    )
    .addOption(new Option('--group-by <what>', 'print counts instead of events').choices(['cause', 'reason']))
    .addOption(
      new Option('--limit <count>', 'rows at most').argParser(parsing(whole(1, 10_000))).default(100),
    )
    .option('--org <slug>', 'the organisation; required if there are several')
    .option('--json', 'one JSON object per line')
    .action((options: ListOptions) =>
      withContext(options, 'rollcall events', async ({ owner }) => {
        const { tenantId } = await getOrganisation(owner, options.org);
        await noteList(owner, tenantId, 'refused-events');
        await owner.inTenant(tenantId, (tx) => printRefused(tx, tenantId, options));
      }).catch(ignoreInterruptedError),
    );
  const retry = new Command('retry')
    .description('try refused events again, the oldest first, once their cause is mended')
    .argument('[refusalIds...]', 'only these events, by the ids of "events list --json"; by default all')
    .addOption(causeOption())
    .option('--since <time>', 'only what was refused since then, as for "events list"', parsePast)
    .option('--org <slug>', 'the organisation; required if there are several')
    .option('--json', 'one JSON object per event')
    .action(async (refusalIds: string[], options: RetryOptions) => {
      // Loaded here, so that other commands do not wait for the code that stores events.
      const { retryEvents } = await import('./events-retry.ts');
      await retryEvents(refusalIds, options);
    });
  const command = new Command('events').description('submitted events');
  for (const child of [tail, list, retry]) {
    for (const option of toOptions(DATA_SETTINGS)) child.addOption(option);
    command.addCommand(child);
  }
  return command;
}

function causeOption(): Option {
  return new Option('--cause <cause>', 'only events with this cause').choices(CAUSES);
}

/** Adds the entry of a list of events, which name people. */
function noteList(
  owner: Database,
  tenantId: string,
  list: 'arriving-events' | 'refused-events',
): Promise<void> {
  const about = { tenantId, metadata: listedBy(list), atMs: Date.now() };
  return owner.inSystem((tx) => addOperatorEntry(tx, 'people.listed', about));
}

async function tailEvents(owner: Database, tenantId: string, options: TailOptions): Promise<void> {
  const signal = catchInterruption();
  let shown = new Map<string, number>();
  let since = new Date(Date.now() - SHOWN_AT_FIRST_MS);
  while (!signal.aborted) {
    const events = await owner.inTenant(tenantId, (tx) =>
      listReceivedEvents(tx, tenantId, {
        since,
        limit: MOST_PER_POLL,
        refusedOnly: options.refused ?? false,
      }),
    );
    for (const event of events) {
      if (!shown.has(event.arrivalId)) print(options.json ? toJson(event) : formatReceivedEvent(event));
    }
    // Transactions commit out of order, so each poll repeats the time in which an earlier event may still appear.
    since = new Date(Math.max(since.getTime(), Date.now() - COMMITTED_WITHIN_MS));
    shown = new Map(events.map((event) => [event.arrivalId, event.arrivedAt.getTime()]));
    await delay(POLL_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** One line for a terminal. */
export function formatReceivedEvent(event: ReceivedEvent): string {
  const { arrivedAt, endpoint, sourceId, eventId, resultCode, reason, nodeName, locationName } = event;
  const where = nodeName === locationName ? nodeName : `${nodeName}, ${locationName}`;
  const outcome =
    reason === null
      ? `stored  ${observationOf(event)} at ${where}`
      : `refused (${resultCode ?? 'request'})  ${reason}`;
  const line = `${arrivedAt.toISOString()}  ${endpoint}  ${quote(sourceId)} ${quote(eventId)}  ${outcome}`;
  return forTerminal(line);
}

function observationOf({ userName, visitorName, occupied, occupancy }: ReceivedEvent): string {
  if (visitorName !== null) return userName === null ? visitorName : `${visitorName} for ${userName}`;
  if (occupied === null) return userName ?? '-';
  const count = occupancy === null ? '' : ` (${occupancy})`;
  return (occupied ? 'occupied' : 'not occupied') + count;
}
