import type { FastifyBaseLogger } from 'fastify';
import { inTenantWithRetries } from '../store/connections/conflict.ts';
import type { JobWork } from '../store/connections/job-work.ts';
import {
  countOfficeEvents,
  listPendingRedatings,
  type OfficeRedating,
  type PendingRedating,
  redateNextEvents,
  startRedating,
} from '../store/directory/office-redatings.ts';
import { organisationIds } from '../store/directory/organisations.ts';
import { outlastReadersOfNodes } from '../store/directory/readers-of-nodes.ts';

interface Deps extends JobWork {
  log: FastifyBaseLogger;
}

type Pending = PendingRedating & { tenantId: string };

const LOG_EVERY_MS = 10_000;

/**
 * Re-dates the events of every office whose time zone has changed: each event gets the local day of the new time
 * zone. It takes events in the order of their instants, some thousand in a transaction. Events that other
 * transactions write meanwhile already have the right day. A run that was interrupted continues where it stopped.
 * Throws `StoreUnavailableError`.
 */
export async function redateOffices(deps: Deps): Promise<void> {
  const pending = await listPending(deps);
  const waiting = pending.filter(({ startedAt }) => startedAt === null);
  if (waiting.length > 0 && (await outlastOldReaders(deps))) await start(deps, waiting);
  const started = pending.length === 0 ? [] : await listPending(deps);
  const total = started.reduce((sum, { eventsTotal }) => sum + eventsTotal, 0);
  let doneBefore = 0;
  for (const office of started.filter(({ startedAt }) => startedAt !== null)) {
    const { eventsDone } = await redate(deps, office, (done) => deps.onProgress?.(doneBefore + done, total));
    doneBefore += eventsDone;
  }
}

async function listPending({ database }: Deps): Promise<Pending[]> {
  const pending: Pending[] = [];
  for (const tenantId of await database.inSystem(organisationIds)) {
    const found = await database.inTenant(tenantId, (tx) => listPendingRedatings(tx, tenantId));
    pending.push(...found.map((one) => ({ ...one, tenantId })));
  }
  return pending;
}

/**
 * Waits until no transaction is left that may know an older time zone than those just listed. Such a transaction
 * could write a day of the old time zone after the job has passed. False if that takes too long, or on abort.
 */
async function outlastOldReaders({ database, log, signal }: Deps): Promise<boolean> {
  const transactions = await outlastReadersOfNodes(database, signal);
  if (signal.aborted) return false;
  if (transactions > 0)
    log.warn({ transactions }, 're-dating waits for transactions that began before the change');
  return transactions === 0;
}

async function start({ database, clock }: Deps, waiting: Pending[]): Promise<void> {
  for (const office of waiting) {
    const { tenantId, locationId } = office;
    const eventsTotal = await countOfficeEvents(database, tenantId, locationId);
    const now = new Date(clock());
    await inTenantWithRetries(database, tenantId, (tx) =>
      startRedating(tx, tenantId, office, { now, eventsTotal }),
    );
  }
}

async function redate(
  { database, clock, log, signal }: Deps,
  office: Pending,
  onProgress: (done: number) => void,
): Promise<OfficeRedating> {
  const { tenantId, locationId } = office;
  let state: OfficeRedating = office;
  let loggedMs = performance.now();
  onProgress(state.eventsDone);
  while (!signal.aborted) {
    const next = await inTenantWithRetries(database, tenantId, (tx) =>
      redateNextEvents(tx, tenantId, locationId, new Date(clock())),
    );
    if (next === undefined) return state;
    state = next;
    onProgress(state.eventsDone);
    const { eventsDone, eventsTotal, fromTimeZone, toTimeZone, finishedAt } = state;
    const progress = { tenantId, locationId, fromTimeZone, toTimeZone, eventsDone, eventsTotal };
    if (finishedAt !== null) {
      log.info(progress, 're-dated the events of an office');
      return state;
    }
    if (performance.now() - loggedMs < LOG_EVERY_MS) continue;
    loggedMs = performance.now();
    log.info(progress, 're-dating the events of an office');
  }
  return state;
}
