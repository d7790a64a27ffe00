import type { FastifyBaseLogger } from 'fastify';
import { HttpProblem } from '../http/errors.ts';
import { needsOwnLine } from '../http/outages.ts';
import type { Database } from '../store/connections/db.ts';
import { runForTenants } from '../store/connections/tenant-batches.ts';
import {
  eventDayAddition,
  eventDayQuery,
  noteQuotaWarning,
  readEventDay,
} from '../store/events/event-days.ts';
import { DAY_MS, utcDay } from '../store/values/days.ts';
import { groupBy } from '../store/values/group-by.ts';
import { percentsBetween, reachedPercent } from './reached-percent.ts';

const FLUSH_MS = 5_000;
/** What an organisation has stored on a day of UTC, as this process knows it. */
interface Day {
  tenantId: string;
  day: string;
  /** Stored by all processes, as far as the database knew it. Undefined before the first answer of the database. */
  stored: number | undefined;
  /** 0: no quota. */
  quota: number;
  /** Stored by this process, and not yet added to the database. */
  unsent: number;
  /** Stored by this process; the addition to the database is under way. */
  sending: number;
  /** Whether the process needs the answer of the database: somebody asked since the last one. */
  isAsked: boolean;
  readAtMs: number;
  warnedPercent: number;
  exchange: Promise<void> | undefined;
}

interface Deps {
  database: Database;
  /** The quota of organisations without one of their own; 0: no quota. */
  defaultQuota: number;
  /** The live processes. They store events of the same organisations. */
  processes: { readonly count: number };
  /** Milliseconds since the epoch. */
  clock: () => number;
  /** A monotonic clock, in milliseconds. */
  stopwatch: () => number;
  log: Pick<FastifyBaseLogger, 'warn'>;
}

/** Counts the events that were stored, without those that were stored before. */
export type StoredCounter = Pick<EventQuotas, 'noteStored'>;

/** For events that no sender sends now. */
export const COUNTS_NO_QUOTA: StoredCounter = { noteStored: () => undefined };

/**
 * The daily event quotas of organisations. The process counts what it stored in memory. It adds the counts to the database
 * every few seconds, and learns by the same statement what other processes stored. It does so at once where its part of what
 * is left may be used up. If the process is killed, the counts of these seconds are lost; the events are not.
 */
export class EventQuotas {
  readonly #deps: Deps;
  readonly #timer: NodeJS.Timeout;
  readonly #days = new Map<string, Day>();
  readonly #warnings = new Set<Promise<void>>();

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#timer = setInterval(() => void this.flush(), FLUSH_MS).unref();
  }

  /**
   * Throws a 429 if the organisation has used up its quota of today. The database answers first if it has not answered for
   * some seconds, so that a new quota holds soon, and that a process that was idle learns what others stored. It also does
   * where one more event of each process may use up what is left.
   */
  async require(tenantId: string): Promise<void> {
    const day = this.#today(tenantId);
    day.isAsked = true;
    if (this.#isStale(day)) await this.#exchange([day]);
    if (isUsedUp(day)) throw usedUp(day, this.#deps.clock());
  }

  /** Notes events that this process has stored. */
  noteStored(tenantId: string, count: number): void {
    if (count === 0) return;
    const day = this.#today(tenantId);
    day.unsent += count;
    this.#exchangeIfNear(day);
  }

  /** Adds all counts to the database. */
  async flush(): Promise<void> {
    const today = utcDay(this.#deps.clock());
    for (const [name, day] of this.#days) {
      if (day.day !== today && day.unsent + day.sending === 0) this.#days.delete(name);
    }
    const waiting = [...this.#days.values()].filter((day) => day.unsent > 0 || day.isAsked);
    await this.#exchange(waiting);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all([...this.#days.values()].map(({ exchange }) => exchange));
    await this.flush();
    await Promise.all(this.#warnings);
  }

  #today(tenantId: string): Day {
    const day = utcDay(this.#deps.clock());
    const name = `${tenantId} ${day}`;
    let found = this.#days.get(name);
    if (!found) {
      found = {
        ...{ tenantId, day, stored: undefined, quota: this.#deps.defaultQuota, unsent: 0, sending: 0 },
        ...{ isAsked: false, readAtMs: 0, warnedPercent: 0, exchange: undefined },
      };
      this.#days.set(name, found);
    }
    return found;
  }

  /** Whether the database must answer before a request. A refusal does not ask it each time. */
  #isStale(day: Day): boolean {
    if (day.stored === undefined || this.#deps.stopwatch() - day.readAtMs >= FLUSH_MS) return true;
    return !isUsedUp(day) && this.#mayUseUp(day, day.unsent + day.sending + 1);
  }

  /** Tells the other processes at once, if all of them together may have used up what is left. */
  #exchangeIfNear(day: Day): void {
    if (day.unsent > 0 && this.#mayUseUp(day, day.unsent) && !day.exchange) void this.#exchange([day]);
  }

  /** Whether what is left may be used up if each process has stored as many events as this one. */
  #mayUseUp(day: Day, events: number): boolean {
    return events * this.#deps.processes.count >= leftOf(day);
  }

  /** Adds the counts of days, and learns what all processes stored. A day goes in one exchange at a time. */
  async #exchange(days: readonly Day[]): Promise<void> {
    const free = days.filter(({ exchange }) => !exchange);
    const mine = this.#run(free);
    for (const day of free) {
      day.exchange = mine.then((failed) => {
        day.exchange = undefined;
        if (!failed.has(day.tenantId)) this.#exchangeIfNear(day);
      });
    }
    await Promise.all(days.map(({ exchange }) => exchange));
  }

  /** Returns the organisations of which nothing was committed. */
  async #run(days: readonly Day[]): Promise<ReadonlyMap<string, unknown>> {
    const byTenant = groupBy(days, ({ tenantId }) => tenantId);
    for (const day of days) {
      day.sending = day.unsent;
      day.unsent = 0;
      day.isAsked = false;
    }
    const failures = await runForTenants(
      this.#deps.database,
      [...byTenant.keys()],
      (tenantId) => (byTenant.get(tenantId) ?? []).map(statementOf),
      (tenantId, answers) => {
        for (const [index, day] of (byTenant.get(tenantId) ?? []).entries()) this.#learn(day, answers[index]);
      },
    );
    for (const [tenantId, err] of failures) {
      for (const day of byTenant.get(tenantId) ?? []) {
        day.unsent += day.sending;
        day.sending = 0;
      }
      // Requests meet an outage, too, and report it.
      if (needsOwnLine(err)) {
        this.#deps.log.warn({ err, tenantId }, 'the count of stored events could not be stored');
      }
    }
    return failures;
  }

  #learn(day: Day, answer: string | undefined): void {
    const known = readEventDay(answer);
    day.sending = 0;
    day.readAtMs = this.#deps.stopwatch();
    day.stored = known?.stored ?? 0;
    day.quota = known?.ownQuota ?? this.#deps.defaultQuota;
    const percent = reachedPercent({ stored: day.stored, quota: day.quota });
    const percents = percentsBetween(day.warnedPercent, percent);
    if (percents.length === 0) return;
    day.warnedPercent = percent;
    const warning = this.#warnOfEach({ ...day }, percents).finally(() => this.#warnings.delete(warning));
    this.#warnings.add(warning);
  }

  /** In their order: a later one noted first would hide an earlier one. */
  async #warnOfEach(day: Day, percents: readonly number[]): Promise<void> {
    for (const percent of percents) await this.#warn(day, percent);
  }

  /** Writes a line, if no process has written it today. */
  async #warn({ tenantId, day, stored, quota }: Day, percent: number): Promise<void> {
    const { database, log } = this.#deps;
    const isFirst = await database
      .inTenant(tenantId, (tx) => noteQuotaWarning(tx, { tenantId, day, percent }))
      .catch(() => true);
    if (!isFirst) return;
    const text =
      percent === 100
        ? 'an organisation has used up its daily event quota; the server answers 429 until the next day of UTC'
        : `an organisation has used ${percent} % of its daily event quota`;
    log.warn({ tenantId, day, stored, quota }, text);
  }
}

function statementOf({ tenantId, day, sending }: Day) {
  return sending > 0 ? eventDayAddition(tenantId, day, sending) : eventDayQuery(tenantId, day);
}

function usedOf({ stored = 0, sending, unsent }: Day): number {
  return stored + sending + unsent;
}

/** What is left as far as the database knows it. Nothing is before it has answered. */
function leftOf({ stored, quota }: Day): number {
  if (stored === undefined) return 0;
  return quota === 0 ? Number.POSITIVE_INFINITY : Math.max(quota - stored, 0);
}

function isUsedUp(day: Day): boolean {
  return reachedPercent({ stored: usedOf(day), quota: day.quota }) === 100;
}

function usedUp({ day, quota }: Day, nowMs: number): HttpProblem {
  const nextDayMs = Date.parse(day) + DAY_MS;
  const retryAfterS = Math.max(Math.ceil((nextDayMs - nowMs) / 1_000), 1);
  return new HttpProblem(
    429,
    `This organisation has used up its quota of ${quota} stored events for ${day} (UTC). The server has not carried out this request and has stored none of its events. Send it again from ${new Date(nextDayMs).toISOString()}; the operator can raise the quota.`,
    {
      headers: {
        'retry-after': String(retryAfterS),
        'ratelimit-policy': `"stored-events";q=${quota};w=${DAY_MS / 1_000}`,
        ratelimit: `"stored-events";r=0;t=${retryAfterS}`,
      },
      metLimit: { limit: 'stored events', of: 'organisation' },
    },
  );
}
