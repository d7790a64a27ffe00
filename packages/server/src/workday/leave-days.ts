import { hasSameMembers } from '../store/values/same-members.ts';
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
  /** The reason for which the day was away in between. */
  awayReason: string | undefined;
  reason: string;
}

/** Changes that can be written at once, for one reason. The caller writes earlier rounds first. */
export interface Changes {
  round: number;
  reason: string;
  changes: DayChange[];
}

/**
 * The effect of a sequence of leaves and cancellations on users' days. A day is written only if it changes, and at
 * most twice, whatever the length of the sequence. A repeated request writes nothing.
 */
export class LeaveDays {
  readonly #plans: Map<string, DayPlanRow>;
  readonly #days = new Map<string, Day>();

  /** @param plans the plans of all days that the calls below may name */
  constructor(plans: DayPlanRow[]) {
    this.#plans = new Map(plans.map((row) => [keyOf(row), row]));
  }

  /** Makes a day away. A day that is away already keeps its reason. */
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

  /** Ends the leave on a day; `plan` is the plan of the week plan. */
  reset(userDay: UserDay, plan: Plan | null, reason: string): void {
    const day = this.#day(userDay);
    const locationId = plan?.kind === 'o' ? plan.locationId : null;
    day.now = plan && { kind: plan.kind, locationId, setBy: 'week' };
    day.reason = reason;
  }

  /**
   * The changes to write, in order. A day that was away in between loses its booking for good. So it is written as
   * away first, and then with its final plan.
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
      } else if (!hasSameMembers(before, now)) {
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

function keyOf({ userId, day }: UserDay): string {
  return `${userId} ${day}`;
}
