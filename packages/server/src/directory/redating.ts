import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyBaseLogger } from 'fastify';
import { inTenantWithRetries } from '../store/connections/conflict.ts';
import type { Database } from '../store/connections/db.ts';
import {
  countOfficeEvents,
  listPendingRedatings,
  listReadersOfNodes,
  type OfficeRedating,
  type PendingRedating,
  redateNextEvents,
  startRedating,
} from '../store/directory/office-redatings.ts';
import { organisationIds } from '../store/directory/organisations.ts';

interface Deps {
  database: Database;
  /** Milliseconds since the epoch. */
  clock: () => number;
  log: FastifyBaseLogger;
  /** Once aborted, the rest is left to the next run. */
  signal: AbortSignal;
  /** Called with the events that were looked at, of all in the offices concerned. */
  onProgress?: (done: number, total: number) => void;
}

type Pending = PendingRedating & { tenantId: string };

/** For how long a run waits for open transactions; after that it is up to the next one. */
const LONGEST_WAIT_MS = 30_000;
const LOOK_AGAIN_MS = 100;
const LOG_EVERY_MS = 10_000;

/**
 * Gives the events of every office whose time zone has changed the local days of the new one, in the order of their
 * instants and some thousand in a transaction; what other transactions then write has the right day already. A run that
 * was cut short is gone on with where it was. Throws `StoreUnavailableError`.
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
 * Waits until nobody is left who may know an older time zone than those that were just listed, and so may write a
 * day of it behind the back of the job; false where that takes too long.
 */
async function outlastOldReaders({ database, log, signal }: Deps): Promise<boolean> {
  let left = await database.inSystem(listReadersOfNodes);
  for (let waitedMs = 0; left.length > 0 && !signal.aborted; waitedMs += LOOK_AGAIN_MS) {
    if (waitedMs >= LONGEST_WAIT_MS) {
      log.warn(
        { transactions: left.length },
        're-dating waits for transactions that began before the change',
      );
      return false;
    }
    await delay(LOOK_AGAIN_MS, undefined, { signal }).catch(() => undefined);
    const open = new Set(await database.inSystem(listReadersOfNodes));
    left = left.filter((transaction) => open.has(transaction));
  }
  return !signal.aborted;
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
