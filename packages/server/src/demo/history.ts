import type { Caller } from '../auth/guard.ts';
import { changeOfficeSettings } from '../directory/manage/office-settings.ts';
import { createLogger } from '../http/logging.ts';
import { type EventKind, submitBatch } from '../ingest/batch.ts';
import { DeskPresence } from '../ingest/desk-presence.ts';
import { DirectoryCache } from '../ingest/directory-cache.ts';
import { EventWriter } from '../ingest/event-writer.ts';
import { OCCUPANCY_EVENTS_PER_CALL, occupancy } from '../ingest/occupancy.ts';
import { PastRetention } from '../ingest/past-retention.ts';
import { PRESENCE_EVENTS_PER_CALL, presence } from '../ingest/presence.ts';
import { RefusedEventLog } from '../ingest/refused-event-log.ts';
import { SourceActivity } from '../ingest/source-activity.ts';
import { submitTimeOff } from '../ingest/time-off.ts';
import { VISITOR_ARRIVALS_PER_CALL, visitorArrival } from '../ingest/visitor-arrival.ts';
import type { Database } from '../store/connections/db.ts';
import { listOfficeSettings } from '../store/directory/office-settings.ts';
import type { EventRow } from '../store/events/event-order.ts';
import { DAY_MS } from '../store/values/days.ts';
import { listPlannedDays } from '../store/workday/day-plans.ts';
import { advanceOrganisation } from '../workday/horizon.ts';
import { changeDays } from '../workday/plan.ts';
import type { DemoDirectory } from './directory.ts';
import { inOrder, makeOfficeDay, type PlannedDay, SOURCE_ID } from './life.ts';
import { Calendar } from './local-time.ts';
import { changesOfMind, timeOffOf } from './plan-changes.ts';
import { slicesOf } from './slices.ts';

export interface HistoryOptions {
  database: Database;
  tenantId: string;
  /** The number of days before today. */
  days: number;
  nowMs: number;
  /** Called after each day. */
  onDay: (done: number, total: number) => void;
}

/**
 * Creates the history of the days before today, and of today up to now. It uses the code that serves requests. On each
 * day the horizon engine makes plans, users submit time off and change plans, and readers and sensors submit events.
 * Existing data stays as it is, so another call completes an interrupted history.
 *
 * The function submits the events of earlier days while it plans later days. Neither affects the other, because
 * presence books no desks before today.
 */
export async function makeHistory(directory: DemoDirectory, options: HistoryOptions): Promise<void> {
  const { days, onDay } = options;
  const history = new History(directory, options);
  const reports = new Map<number, Promise<void>>();
  let latest = Promise.resolve();
  const report = async (age: number) => {
    const plans = await history.readPlans(age);
    latest = latest.then(() => history.reportDay(age, plans));
    reports.set(age, latest);
    // The loop that awaits `latest` handles the error. This prevents an unhandled rejection before that.
    latest.catch(() => undefined);
  };
  try {
    await history.setDeskPresence('record');
    const first = await history.firstUnplanned();
    for (let age = Math.min(days, first + REPORTS_BEHIND); age > first; age--) await report(age);
    for (let age = first; age >= 0; age--) {
      await reports.get(age + REPORTS_BEHIND + 1);
      await history.planDay(age);
      if (age > 0) await report(age);
      onDay(days - age, days + 1);
    }
    await latest;
    await history.setDeskPresence('book');
    await history.reportDay(0, await history.readPlans(0));
    onDay(days + 1, days + 1);
  } finally {
    await Promise.allSettled([latest]);
    await history.close();
  }
}

/**
 * How many days the planning may be ahead of the submission of events. After an interruption, these days are submitted
 * again.
 */
const REPORTS_BEHIND = 3;

/** The plans of all users, by day and then by user id. */
type Plans = ReadonlyMap<string, ReadonlyMap<string, PlannedDay>>;

class History {
  readonly #directory: DemoDirectory;
  readonly #options: HistoryOptions;
  readonly #calendar: Calendar;
  readonly #directoryCache: DirectoryCache;
  readonly #writer: EventWriter;
  readonly #pastRetention: PastRetention;
  readonly #desks: DeskPresence;
  readonly #refusals: RefusedEventLog;
  readonly #activity: SourceActivity;
  readonly #log = createLogger('silent');
  readonly #caller: Caller;

  constructor(directory: DemoDirectory, options: HistoryOptions) {
    const { database, tenantId, nowMs } = options;
    this.#directory = directory;
    this.#options = options;
    this.#calendar = new Calendar(nowMs);
    this.#directoryCache = new DirectoryCache(database);
    this.#writer = new EventWriter(database);
    this.#pastRetention = new PastRetention(database);
    this.#desks = new DeskPresence(database);
    this.#refusals = new RefusedEventLog({ database, clock: () => nowMs, keep: 0, log: this.#log });
    this.#activity = new SourceActivity({ database, log: this.#log });
    this.#caller = {
      kind: 'key',
      tenantId,
      name: 'demo',
      nameFolded: 'demo',
      role: 'all',
      officeIds: undefined,
    };
  }

  async close(): Promise<void> {
    this.#refusals.close();
    await this.#activity.close();
  }

  /** Sets `deskPresence` of the offices for which the demo uses `book`. */
  async setDeskPresence(deskPresence: 'record' | 'book'): Promise<void> {
    const { database, tenantId } = this.#options;
    const offices = this.#directory.offices.filter((office) => office.deskPresence === 'book');
    const items = offices.map(({ locationId }) => ({ locationId, deskPresence }));
    await database.inTenant(tenantId, (tx) => changeOfficeSettings(tx, tenantId, items));
  }

  /** The age of the first day without plans. After an interruption, the age of the interrupted day. */
  async firstUnplanned(): Promise<number> {
    const { database, tenantId, days } = this.#options;
    const { offices } = this.#directory;
    const ids = offices.map(({ locationId }) => locationId);
    const settings = await database.inTenant(tenantId, (tx) => listOfficeSettings(tx, tenantId, ids));
    const ages = offices.map(({ locationId, timeZone }) => {
      const office = settings.find((each) => each.locationId === locationId);
      if (!office?.horizonReached) return days;
      const today = Date.parse(this.#calendar.day(timeZone, 0));
      return (today - Date.parse(office.horizonReached)) / DAY_MS + office.horizonDays;
    });
    return Math.max(0, Math.min(days, Math.max(...ages)));
  }

  /** Does what the horizon engine and the users do on the day `age` days before today. */
  async planDay(age: number): Promise<void> {
    const { database, tenantId, nowMs } = this.#options;
    const at = new Date(nowMs - age * DAY_MS);
    await advanceOrganisation(database, tenantId, { at });
    await this.#askForTimeOff(age, at);
    const tomorrows = new Set(
      this.#directory.offices.map(({ timeZone }) => this.#calendar.day(timeZone, age - 1)),
    );
    for (const day of tomorrows) await this.#changeMinds(day, age, at);
  }

  /** The plans of all users for the day `age` days before today. Its date depends on the office's time zone. */
  async readPlans(age: number): Promise<Plans> {
    const days = new Set(this.#directory.offices.map(({ timeZone }) => this.#calendar.day(timeZone, age)));
    const plans = new Map<string, ReadonlyMap<string, PlannedDay>>();
    for (const day of days) plans.set(day, await this.#readPlans(day));
    return plans;
  }

  /** Submits the events of that day. Each office has its own date. */
  async reportDay(age: number, plans: Plans): Promise<void> {
    const days = this.#directory.offices.map((office) => {
      const day = this.#calendar.day(office.timeZone, age);
      return makeOfficeDay(this.#directory, office, { day, age }, plans.get(day) ?? new Map());
    });
    // The events are in order of time, because the first user at a desk gets it.
    await Promise.all([
      this.#submit(presence, inOrder(days.flatMap((each) => each.presence)), PRESENCE_EVENTS_PER_CALL),
      this.#submit(occupancy, inOrder(days.flatMap((each) => each.occupancy)), OCCUPANCY_EVENTS_PER_CALL),
      this.#submit(visitorArrival, inOrder(days.flatMap((each) => each.visitors)), VISITOR_ARRIVALS_PER_CALL),
    ]);
    await this.#activity.flush();
  }

  async #askForTimeOff(age: number, at: Date): Promise<void> {
    const { database } = this.#options;
    const events = timeOffOf(this.#directory, age, this.#calendar);
    const deps = {
      database,
      refusals: this.#refusals,
      activity: this.#activity,
      clock: () => at.getTime(),
    };
    await submitTimeOff({ caller: this.#caller, events }, deps);
  }

  async #changeMinds(day: string, age: number, at: Date): Promise<void> {
    const { database, tenantId } = this.#options;
    const plans = await this.#readPlans(day);
    const offices = this.#directory.offices.filter(
      ({ timeZone }) => this.#calendar.day(timeZone, age - 1) === day,
    );
    const changes = changesOfMind(this.#directory, offices, { day, age }, plans);
    const author = { actor: { changedBy: 'user' as const, name: null, reason: null }, at };
    await changeDays(database, tenantId, changes, author);
  }

  /** Submits the events up to now. The receipt time of a batch is the time of its last event. */
  async #submit<Event extends { eventId: string; timestamp: string }, Row extends EventRow>(
    kind: EventKind<Event, Row>,
    events: Event[],
    perCall: number,
  ): Promise<void> {
    const { database, nowMs } = this.#options;
    const past = events.filter(({ timestamp }) => Date.parse(timestamp) <= nowMs);
    for (const batch of slicesOf(past, perCall)) {
      const receivedMs = Date.parse(batch.at(-1)?.timestamp ?? '');
      await submitBatch(
        kind,
        { caller: this.#caller, sourceId: SOURCE_ID, events: batch },
        {
          database,
          directory: this.#directoryCache,
          writer: this.#writer,
          pastRetention: this.#pastRetention,
          desks: this.#desks,
          refusals: this.#refusals,
          activity: this.#activity,
          clock: () => receivedMs,
          log: this.#log,
        },
      );
    }
  }

  async #readPlans(day: string): Promise<ReadonlyMap<string, PlannedDay>> {
    const { database, tenantId } = this.#options;
    const plans = await database.inTenant(tenantId, (tx) => listPlannedDays(tx, tenantId, day));
    return new Map(plans.map((plan) => [plan.userId, plan]));
  }
}
