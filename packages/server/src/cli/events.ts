import { setTimeout as delay } from 'node:timers/promises';
import { Command, Option } from 'commander';
import { DATA_SETTINGS, type DataConfig } from '../config.ts';
import { whole } from '../config-values.ts';
import type { Database, Tx } from '../store/connections/db.ts';
import { listReceivedEvents, type ReceivedEvent } from '../store/events/received-events.ts';
import {
  listRefusalReasons,
  listRefusedEvents,
  type RefusalReason,
  type RefusedEvent,
} from '../store/events/refused-event-lists.ts';
import { chooseOrganisation, getOrganisation, withContext } from './context.ts';
import { catchInterruption, ignoreInterruptedError } from './interruption.ts';
import { parsing, toOptions } from './options.ts';
import { formatTable, formatTime, forTerminal, print, remark } from './output.ts';
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

interface ListOptions extends DataConfig {
  since?: Date;
  groupBy?: 'reason';
  limit: number;
  json?: true;
  org?: string;
}

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
        remark(`Received events of ${slug}, starting one minute ago; Ctrl-C ends the command.`);
        await tailEvents(owner, tenantId, options);
      }).catch(ignoreInterruptedError),
    );
  const list = new Command('list')
    .description('list refused events and malformed requests of the last 30 days, the newest first')
    .option('--since <time>', 'a duration such as 2h or 3d, or an ISO 8601 instant', parsePast)
    .addOption(new Option('--group-by <what>', 'print counts instead of events').choices(['reason']))
    .addOption(
      new Option('--limit <count>', 'rows at most').argParser(parsing(whole(1, 10_000))).default(100),
    )
    .option('--org <slug>', 'the organisation; required if there are several')
    .option('--json', 'one JSON object per line')
    .action((options: ListOptions) =>
      withContext(options, 'rollcall events', async ({ owner }) => {
        const { tenantId } = await getOrganisation(owner, options.org);
        await owner.inTenant(tenantId, (tx) => printRefused(tx, tenantId, options));
      }).catch(ignoreInterruptedError),
    );
  const command = new Command('events').description('submitted events');
  for (const child of [tail, list]) {
    for (const option of toOptions(DATA_SETTINGS)) child.addOption(option);
    command.addCommand(child);
  }
  return command;
}

async function printRefused(tx: Tx, tenantId: string, options: ListOptions): Promise<void> {
  const { since, groupBy, limit, json } = options;
  const filter = { since, endpoint: undefined, sourceId: undefined, reason: undefined };
  const rows =
    groupBy === 'reason'
      ? await listRefusalReasons(tx, tenantId, filter, limit)
      : await listRefusedEvents(tx, tenantId, filter, { limit: limit + 1, after: undefined });
  const shown = rows.slice(0, limit);
  if (json) {
    for (const row of shown) print(toJson(row));
  } else if (shown.length === 0) {
    remark('Nothing was refused.');
  } else {
    print(formatTable(shown.map(toCells)));
  }
  if (rows.length > limit) remark(`There are more; --limit shows more than ${limit}.`);
}

/** The cells of a row of either list. */
function toCells(row: RefusedEvent | RefusalReason): Record<string, string> {
  const { endpoint, resultCode } = row;
  const reason = forTerminal(row.reason);
  const code = resultCode === null ? 'request' : String(resultCode);
  if ('count' in row) {
    const { count, lastRefusedAt, lastSourceId, lastEventId } = row;
    const last = `${quote(lastSourceId)} ${quote(lastEventId)}`;
    return {
      count: String(count),
      endpoint,
      code,
      reason,
      last: formatTime(lastRefusedAt),
      'last event': last,
    };
  }
  const { refusedAt, sourceId, eventId } = row;
  return {
    refused: formatTime(refusedAt),
    endpoint,
    source: quote(sourceId),
    event: quote(eventId),
    code,
    reason,
  };
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

/** JSON for a terminal. `JSON.stringify` escapes only the control characters below U+0020. */
function toJson(row: object): string {
  return JSON.stringify(row).replace(
    /\p{Cc}/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function quote(text: string | null): string {
  return text === null ? '-' : JSON.stringify(text.length > 60 ? `${text.slice(0, 59)}…` : text);
}
