import type { FastifyBaseLogger } from 'fastify';
import { ContentionError, inTenantWithRetries } from '../store/connections/conflict.ts';
import type { Database, Tx } from '../store/connections/db.ts';
import { StoreUnavailableError } from '../store/connections/unavailable.ts';
import { organisationIds } from '../store/directory/organisations.ts';
import { addTo, groupBy } from '../store/values/group-by.ts';
import type { DayAuthor } from '../store/workday/action-log.ts';
import { analyzeGrownTables } from '../store/workday/analyze.ts';
import { listDeskHabits } from '../store/workday/bookings.ts';
import {
  advanceHorizons,
  listDaysToPlan,
  listPeopleToPlan,
  listSkippedOffices,
  type PersonToPlan,
} from '../store/workday/horizon.ts';
import { loadOffices, type MadeDay, makeDay } from './horizon-slice.ts';

import type { Seeker } from './seat-choice.ts';

const PEOPLE_PER_TRANSACTION = 2_000;
/** Transactions at once: one keeps the database busy while the job prepares another. */
const LANES = 2;
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
}

/**
 * As `runHorizon`, in one organisation. It makes the days one by one, and each day first for the owners of desks: it
 * then knows which owners are elsewhere before it chooses desks for others. Throws `StoreUnavailableError`, and the
 * reason of `signal`.
 */
export async function advanceOrganisation(
  database: Database,
  tenantId: string,
  { at, signal, onDay }: AdvanceOptions,
): Promise<OfficeReport[]> {
  const author: DayAuthor = { actor: { changedBy: 'engine', name: null, reason: 'Horizon' }, at };
  const reports = new Map<string | null, OfficeReport>();
  const days = await database.inTenant(tenantId, (tx) => listDaysToPlan(tx, tenantId, at));
  for (const [index, day] of days.entries()) {
    await database.inTenant(tenantId, analyzeGrownTables);
    const { people, offices } = await database.inTenant(tenantId, async (tx) => ({
      people: await listSeekers(tx, tenantId, { day, at }),
      offices: await loadOffices(tx, tenantId),
    }));
    const makeAll = async (of: (PersonToPlan & Seeker)[]) => {
      for (let start = 0; start < of.length; start += PEOPLE_PER_TRANSACTION) {
        signal?.throwIfAborted();
        const slice = of.slice(start, start + PEOPLE_PER_TRANSACTION);
        const made = await inTenantWithRetries(database, tenantId, (tx) =>
          makeDay(tx, tenantId, { day, people: slice, offices }, author),
        );
        for (const each of made) count(reports, tenantId, each);
      }
    };
    const isOwner = ({ ownDeskIds }: Seeker) => ownDeskIds.length > 0;
    await makeAll(people.filter(isOwner));
    await allEnded(lanesOf(people.filter((person) => !isOwner(person))).map(makeAll));
    await inTenantWithRetries(database, tenantId, (tx) => advanceHorizons(tx, tenantId, { day, at }));
    onDay?.(index + 1, days.length);
  }
  await inTenantWithRetries(database, tenantId, (tx) => advanceHorizons(tx, tenantId, { day: null, at }));
  return [...reports.values()];
}

/** The users in the order of choice: owners of desks, then users who booked desks before, then the others. */
async function listSeekers(
  tx: Tx,
  tenantId: string,
  { day, at }: { day: string; at: Date },
): Promise<(PersonToPlan & Seeker)[]> {
  const people = await listPeopleToPlan(tx, tenantId, { day, at });
  const userIds = people.map(({ userId }) => userId);
  const habits = new Map<string, string[]>();
  for (const { userId, deskId } of await listDeskHabits(tx, tenantId, { userIds, day, days: HABIT_DAYS })) {
    addTo(habits, userId, deskId);
  }
  const rank = ({ ownDeskIds, habitualDeskIds }: Seeker) =>
    ownDeskIds.length > 0 ? 0 : habitualDeskIds.length > 0 ? 1 : 2;
  return people
    .map((person) => ({ ...person, habitualDeskIds: habits.get(person.userId) ?? [] }))
    .sort((a, b) => rank(a) - rank(b));
}

/**
 * Divides the users into lanes of about the same length. Users of one office stay in one lane and in their order.
 * Users of different offices hardly ever want the same desks.
 */
function lanesOf(people: (PersonToPlan & Seeker)[]): (PersonToPlan & Seeker)[][] {
  const offices = groupBy(people, ({ primaryLocationId }) => primaryLocationId);
  const lanes: (PersonToPlan & Seeker)[][] = Array.from({ length: LANES }, () => []);
  for (const office of [...offices.values()].sort((a, b) => b.length - a.length)) {
    lanes.sort((a, b) => a.length - b.length)[0]?.push(...office);
  }
  return lanes;
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
