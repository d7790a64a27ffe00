import type { FastifyBaseLogger } from 'fastify';
import { ContentionError, inTenantWithRetries } from '../store/connections/conflict.ts';
import type { Database } from '../store/connections/db.ts';
import { StoreUnavailableError } from '../store/connections/unavailable.ts';
import { organisationIds } from '../store/directory/organisations.ts';
import type { DayAuthor } from '../store/workday/action-log.ts';
import { analyzeGrownTables } from '../store/workday/analyze.ts';
import {
  advanceHorizons,
  countUsersByCalendar,
  listDaysToPlan,
  listSkippedOffices,
  type PeoplePage,
  readPeopleToPlan,
} from '../store/workday/horizon.ts';
import { REASONS } from '../store/workday/reasons.ts';
import { DaySeats } from './day-seats.ts';
import { type MadeDay, makeDay } from './horizon-slice.ts';

/** With more, a transaction would need more memory and hold its locks for longer; fewer would cost more statements. */
const USERS_AT_ONCE = 2_000;
/** A desk counts as booked before if the user had it in so many days. */
const HABIT_DAYS = 90;

const COUNTED_AS = { place: 'desks', zone: 'zones', location: 'offices' } as const;

export interface HorizonDeps {
  database: Database;
  /** Milliseconds since the epoch. */
  clock: () => number;
  log: Pick<FastifyBaseLogger, 'info' | 'warn' | 'error'>;
  /** Ends the run between two transactions. The run rejects with the signal's reason, and the next run continues. */
  signal?: AbortSignal | undefined;
  /** Receives how many days the run has made, and how many it has found missing so far, over all organisations. */
  onProgress?: ((done: number, total: number) => void) | undefined;
}

/** The plans and bookings that a run made for the users of one office. */
export interface OfficeReport {
  tenantId: string;
  /** The users' primary location; null: users without one. */
  locationId: string | null;
  /** The sum of days over all users. */
  days: number;
  /** The bookings of those that are office days, at this office or another. */
  bookings: { desks: number; zones: number; offices: number };
}

export interface HorizonReport {
  /** One for each office for which the run made a day. */
  offices: OfficeReport[];
  /** The organisations that the run could not finish; the log has the reason. */
  failedTenantIds: string[];
  ms: number;
}

/**
 * The horizon engine. It makes plans and bookings from the week plans, in every organisation, from each user's today
 * up to the horizon of the user's primary location. It looks for missing plans. So it also makes days that an earlier
 * run skipped, a second run does nothing, and several may run at once. Rejects with `StoreUnavailableError`.
 */
export async function runHorizon(deps: HorizonDeps): Promise<HorizonReport> {
  const { database, clock, log, signal } = deps;
  const startedMs = performance.now();
  const offices: OfficeReport[] = [];
  const failedTenantIds: string[] = [];
  const before = { done: 0, total: 0 };
  for (const tenantId of await database.inSystem(organisationIds)) {
    try {
      const found = { ...before };
      const onDay = (done: number, total: number) => {
        Object.assign(before, { done: found.done + done, total: found.total + total });
        deps.onProgress?.(before.done, before.total);
      };
      const reports = await advanceOrganisation(database, tenantId, { at: new Date(clock()), signal, onDay });
      for (const report of reports) log.info(report, 'the horizon was advanced');
      const skipped = await database.inTenant(tenantId, (tx) => listSkippedOffices(tx, tenantId));
      for (const office of skipped)
        log.warn(
          { tenantId, ...office },
          'the horizon skips an office: the database does not know its time zone',
        );
      offices.push(...reports);
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof StoreUnavailableError && !(error instanceof ContentionError)) throw error;
      log.error({ err: error, tenantId }, 'the horizon of an organisation could not be advanced');
      failedTenantIds.push(tenantId);
    }
  }
  return { offices, failedTenantIds, ms: Math.round(performance.now() - startedMs) };
}

interface AdvanceOptions {
  at: Date;
  signal?: AbortSignal | undefined;
  /** Called after each day with the number of days done, of all days on which plans were missing. */
  onDay?: (done: number, total: number) => void;
  /** The most users of a transaction. */
  usersAtOnce?: number;
}

/**
 * As `runHorizon`, in one organisation. It makes the days one by one, and each day first for the owners of desks: it
 * then knows which owners are elsewhere before it chooses desks for others. The memory depends neither on the number of
 * users nor on the number of days. Throws `StoreUnavailableError`, and the reason of `signal`.
 */
export async function advanceOrganisation(
  database: Database,
  tenantId: string,
  { at, signal, onDay, usersAtOnce = USERS_AT_ONCE }: AdvanceOptions,
): Promise<OfficeReport[]> {
  const author: DayAuthor = { actor: { changedBy: 'engine', name: null, reason: REASONS.horizon }, at };
  const reports = new Map<string | null, OfficeReport>();
  const days = await database.inTenant(tenantId, (tx) => listDaysToPlan(tx, tenantId, at));
  if (days.length > 0) {
    const secondLane = divide(await database.inTenant(tenantId, (tx) => countUsersByCalendar(tx, tenantId)));
    for (const [index, day] of days.entries()) {
      await database.inTenant(tenantId, analyzeGrownTables);
      const reading = { day, at, habitDays: HABIT_DAYS, secondLane, pageSize: usersAtOnce };
      const pages = database.stream('jobs', tenantId, (tx) => readPeopleToPlan(tx, tenantId, reading));
      await eachInLanes(pages, async ({ people }, seats) => {
        signal?.throwIfAborted();
        const made = await inTenantWithRetries(database, tenantId, (tx) =>
          makeDay(tx, tenantId, { day, people, seats }, author),
        );
        for (const each of made) count(reports, tenantId, each);
      });
      await inTenantWithRetries(database, tenantId, (tx) => advanceHorizons(tx, tenantId, { day, at }));
      onDay?.(index + 1, days.length);
    }
  }
  await inTenantWithRetries(database, tenantId, (tx) => advanceHorizons(tx, tenantId, { day: null, at }));
  return [...reports.values()];
}

/**
 * The calendars of the second lane, so that both lanes have about as many users. Users of different offices hardly ever
 * want the same desks, so two lanes can choose at the same time.
 */
function divide(calendars: { calendarId: string; users: number }[]): string[] {
  const second: string[] = [];
  let ahead = 0;
  for (const { calendarId, users } of calendars) {
    if (ahead > 0) second.push(calendarId);
    ahead += ahead > 0 ? -users : users;
  }
  return second;
}

/**
 * Calls `make` for each page. Pages of one lane are made one after the other. The first lane ends before the others
 * begin, and these run at the same time. Rejects after all calls have ended.
 */
async function eachInLanes(
  pages: AsyncIterable<PeoplePage>,
  make: (page: PeoplePage, seats: DaySeats) => Promise<void>,
): Promise<void> {
  const lanes = new Map<number, { seats: DaySeats; ended: Promise<void> }>();
  try {
    for await (const page of pages) {
      const lane = lanes.get(page.lane) ?? { seats: new DaySeats(), ended: Promise.resolve() };
      lanes.set(page.lane, lane);
      await lane.ended;
      lane.ended = make(page, lane.seats);
      // `allEnded` throws what this lane rejects with.
      lane.ended.catch(() => undefined);
      if (page.lane === 0) await lane.ended;
    }
  } finally {
    await allEnded([...lanes.values()].map(({ ended }) => ended));
  }
}

/** Waits until all have ended. Then rejects if one of them did. */
async function allEnded(works: Promise<void>[]): Promise<void> {
  await Promise.allSettled(works);
  await Promise.all(works);
}

function count(
  reports: Map<string | null, OfficeReport>,
  tenantId: string,
  { locationId, booked }: MadeDay,
): void {
  const report = reports.get(locationId) ?? {
    tenantId,
    locationId,
    days: 0,
    bookings: { desks: 0, zones: 0, offices: 0 },
  };
  report.days++;
  if (booked) report.bookings[COUNTED_AS[booked]]++;
  reports.set(locationId, report);
}
