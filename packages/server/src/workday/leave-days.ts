import type { DayPlanRow, UserDay } from '../store/workday/day-plans.ts';
import type { DayChange, Plan } from './model.ts';
import type { PlanSource } from './plan.ts';

interface LeaveDayState {
  kind: Plan['kind'];
  locationId: string | null;
  setBy: PlanSource;
}

interface Day extends UserDay {
  before: LeaveDayState | null;
  now: LeaveDayState | null;
  /** Why the day was away in between. */
  awayReason: string | undefined;
  reason: string;
}

/** Changes that can be written at once, for one reason. Those of an earlier round are to be written first. */
export interface Changes {
  round: number;
  reason: string;
  changes: DayChange[];
}

/**
 * What a sequence of leaves and cancellations makes of people's days. However long it is, a day is written only if
 * something comes of it, and twice at most: a request that is repeated writes nothing.
 */
export class LeaveDays {
  readonly #plans: Map<string, DayPlanRow>;
  readonly #days = new Map<string, Day>();

  /** @param plans those of all days that may be asked for */
  constructor(plans: DayPlanRow[]) {
    this.#plans = new Map(plans.map((row) => [keyOf(row), row]));
  }

  /** A day that is away already goes on being so for the reason that it has. */
  setAway(userDay: UserDay, reason: string): void {
    const day = this.#day(userDay);
    if (day.now?.kind === 'a') return;
    day.now = { kind: 'a', locationId: null, setBy: 'leave' };
    day.awayReason ??= reason;
    day.reason = reason;
  }

  isLeave(userDay: UserDay): boolean {
    return this.#day(userDay).now?.setBy === 'leave';
  }

  /** Ends the leave on a day: what it is instead comes from the week plan. */
  reset(userDay: UserDay, plan: Plan | null, reason: string): void {
    const day = this.#day(userDay);
    const locationId = plan?.kind === 'o' ? plan.locationId : null;
    day.now = plan && { kind: plan.kind, locationId, setBy: 'week' };
    day.reason = reason;
  }

  /**
   * What is to be written, in order. A day that was away in between gives up its booking for good, so it is
   * written as away before it is written as what it ends as.
   */
  get changes(): Changes[] {
    const groups = new Map<string, Changes>();
    const add = (round: number, reason: string, change: DayChange) => {
      const key = `${round} ${reason}`;
      const group = groups.get(key);
      if (group) group.changes.push(change);
      else groups.set(key, { round, reason, changes: [change] });
    };
    for (const { userId, day, before, now, awayReason, reason } of this.#days.values()) {
      if (now?.kind !== 'a' && before?.kind !== 'a' && awayReason !== undefined) {
        add(0, awayReason, { userId, day, plan: { kind: 'a' }, setBy: 'leave' });
        add(1, reason, { userId, day, plan: planOf(now), setBy: now?.setBy ?? 'week' });
      } else if (!same(before, now)) {
        add(0, reason, { userId, day, plan: planOf(now), setBy: now?.setBy ?? 'week' });
      }
    }
    return [...groups.values()].sort((a, b) => a.round - b.round);
  }

  #day({ userId, day }: UserDay): Day {
    const key = keyOf({ userId, day });
    const known = this.#days.get(key);
    if (known) return known;
    const row = this.#plans.get(key);
    const before = row ? { kind: row.plan, locationId: row.locationId, setBy: row.setBy } : null;
    const loaded: Day = { userId, day, before, now: before, awayReason: undefined, reason: '' };
    this.#days.set(key, loaded);
    return loaded;
  }
}

function planOf(state: LeaveDayState | null): Plan | null {
  if (!state) return null;
  const { kind, locationId } = state;
  if (kind !== 'o') return { kind };
  return locationId === null ? null : { kind, locationId };
}

function same(a: LeaveDayState | null, b: LeaveDayState | null): boolean {
  return a?.kind === b?.kind && a?.locationId === b?.locationId && a?.setBy === b?.setBy;
}

function keyOf({ userId, day }: UserDay): string {
  return `${userId} ${day}`;
}
