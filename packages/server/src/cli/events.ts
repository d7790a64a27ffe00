import { setTimeout as delay } from 'node:timers/promises';
import { Command } from 'commander';
import { DATA_SETTINGS, type DataConfig, toOptions } from '../config.ts';
import { type Arrival, listArrivals } from '../store/arrivals.ts';
import type { Database } from '../store/db.ts';
import { chooseOrganisation, withContext } from './context.ts';
import { catchInterruption, endsWell } from './interruption.ts';
import { forTerminal, print, remark } from './output.ts';

interface TailOptions extends DataConfig {
  refused?: true;
  json?: true;
  org?: string;
}

const POLL_MS = 500;
/** An event is committed within this time of being stamped as received; later ones would be missed. */
const COMMITTED_WITHIN_MS = 35_000;
const SHOWN_AT_FIRST_MS = 60_000;
const MOST_PER_POLL = 5_000;

/** `rollcall events tail`. */
export function eventsCommand(): Command {
  const tail = new Command('tail')
    .description('show what arrives, as it arrives, and why it was refused where it was')
    .option('--refused', 'only what was refused')
    .option('--org <slug>', 'the organisation; needed when there are several')
    .option('--json', 'one JSON object per line')
    .action((options: TailOptions) =>
      withContext(options, 'rollcall events', async ({ owner }) => {
        const { tenantId, slug } = await chooseOrganisation(owner, options.org);
        remark(`What arrives for ${slug}, from a minute ago on; Ctrl-C ends it.`);
        await followArrivals(owner, tenantId, options);
      }).catch(endsWell),
    );
  for (const option of toOptions(DATA_SETTINGS)) tail.addOption(option);
  return new Command('events').description('submitted events').addCommand(tail);
}

async function followArrivals(owner: Database, tenantId: string, options: TailOptions): Promise<void> {
  const signal = catchInterruption();
  let shown = new Map<string, number>();
  let since = new Date(Date.now() - SHOWN_AT_FIRST_MS);
  while (!signal.aborted) {
    const arrivals = await owner.inTenant(tenantId, (tx) =>
      listArrivals(tx, tenantId, { since, limit: MOST_PER_POLL, refusedOnly: options.refused ?? false }),
    );
    for (const arrival of arrivals) {
      if (!shown.has(arrival.arrivalId)) print(options.json ? toJson(arrival) : formatArrival(arrival));
    }
    // Commits come out of order: every poll looks back over the time in which one may still turn up.
    since = new Date(Math.max(since.getTime(), Date.now() - COMMITTED_WITHIN_MS));
    shown = new Map(arrivals.map((arrival) => [arrival.arrivalId, arrival.arrivedAt.getTime()]));
    await delay(POLL_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** One line for a terminal. */
export function formatArrival(arrival: Arrival): string {
  const { arrivedAt, endpoint, sourceId, eventId, resultCode, reason, nodeName, locationName } = arrival;
  const where = nodeName === locationName ? nodeName : `${nodeName}, ${locationName}`;
  const outcome =
    reason === null
      ? `stored  ${whatWasSeen(arrival)} at ${where}`
      : `refused (${resultCode ?? 'request'})  ${reason}`;
  const line = `${arrivedAt.toISOString()}  ${endpoint}  ${quote(sourceId)} ${quote(eventId)}  ${outcome}`;
  return forTerminal(line);
}

function whatWasSeen({ userName, visitorName, occupied, occupancy }: Arrival): string {
  if (visitorName !== null) return userName === null ? visitorName : `${visitorName} for ${userName}`;
  if (occupied === null) return userName ?? '-';
  const count = occupancy === null ? '' : ` (${occupancy})`;
  return (occupied ? 'occupied' : 'not occupied') + count;
}

/** As for a terminal: JSON itself escapes only the control characters below U+0020. */
function toJson(arrival: Arrival): string {
  return JSON.stringify(arrival).replace(
    /\p{Cc}/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function quote(text: string | null): string {
  return text === null ? '-' : JSON.stringify(text.length > 60 ? `${text.slice(0, 59)}…` : text);
}
