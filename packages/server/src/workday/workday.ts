import type { Status } from '../store/directory/nodes.ts';
import type { ActionLogRow } from '../store/workday/action-log.ts';
import type { BookingSource } from '../store/workday/bookings.ts';
import type { PlanSource } from '../store/workday/day-plans.ts';
import { type Booker, type BookingState, refusal } from './booking-state.ts';
import type { ActionLog } from './log.ts';
import type { DayChange, DayOutcome, DayPlan, DayState, LoadedDay, Plan } from './model.ts';

export interface WorkdayFacts {
  /** Of everybody whose days are to change, and who exists. */
  users: ReadonlyMap<string, Status>;
  /** Every day that is to change, or decides whether a desk is released; by `userDayKey`. */
  days: Map<string, LoadedDay>;
  bookings: BookingState;
  log: ActionLog;
  /**
   * There where changes tell how days were, or are, in the records of another system: the last day (`YYYY-MM-DD`) that
   * people or places which are inactive now can have been part of. What is recorded of a day without a plan is no change of it.
   */
  recordedUntil?: string | undefined;
}

const BOOKED_BY: Record<PlanSource, BookingSource> = {
  week: 'engine',
  day: 'person',
  leave: 'engine',
  presence: 'presence',
};

/** Applies changes to the days that were loaded, in order. Pure: what comes of it is then to be saved. */
export class Workday {
  readonly #facts: WorkdayFacts;

  constructor(facts: WorkdayFacts) {
    this.#facts = facts;
  }

  get days(): Iterable<LoadedDay> {
    return this.#facts.days.values();
  }

  get entries(): ActionLogRow[] {
    return this.#facts.log.rows;
  }

  apply(change: DayChange): DayOutcome {
    const { users, days, bookings, log, recordedUntil } = this.#facts;
    const { userId, day, plan } = change;
    const status = users.get(userId);
    if (status === undefined || (status === 'inactive' && this.#isForActive(change))) {
      return refusal('unknown-user', `User ${userId} is not known, or not active`);
    }
    const subject = days.get(userDayKey(userId, day));
    if (!subject) throw new Error('A day that is to change was not loaded.');
    const before = subject.now;
    const booking = plan?.kind === 'o' ? this.#book(change, plan, before) : null;
    if (booking && 'refused' in booking) return booking;
    bookings.move(userId, day, before.booking, booking);
    subject.now = { plan: planned(change, before.plan), booking };
    if (recordedUntil !== undefined && !before.plan) return plan ? 'changed' : 'unchanged';
    return log.add(change, before, subject.now) ? 'changed' : 'unchanged';
  }

  /** Whether the day of a change is planned, and as the change says. */
  compare({ userId, day, plan }: DayChange): 'unplanned' | 'same' | 'other' {
    const now = this.#facts.days.get(userDayKey(userId, day))?.now;
    if (!now?.plan) return 'unplanned';
    if (now.plan.plan !== plan?.kind) return 'other';
    if (plan.kind !== 'o') return 'same';
    const requestedId = plan.booking?.nodeId ?? now.booking?.nodeId;
    return now.plan.locationId === plan.locationId && now.booking?.nodeId === requestedId ? 'same' : 'other';
  }

  /** Those who have left may still give up a day. Of their records, only an office plan ahead holds a seat. */
  #isForActive({ day, plan }: DayChange): boolean {
    const { recordedUntil } = this.#facts;
    return recordedUntil === undefined ? plan !== null : plan?.kind === 'o' && day > recordedUntil;
  }

  #book(change: DayChange, plan: Plan & { kind: 'o' }, { booking: current }: DayState) {
    const { userId, day, setBy, resetsToDefault } = change;
    const past = day <= (this.#facts.recordedUntil ?? '');
    const booker: Booker = { userId, day, current, setBy: BOOKED_BY[setBy], resetsToDefault, past };
    const booking = this.#facts.bookings.book(booker, plan.locationId, plan.booking?.nodeId);
    // Somebody's word for a booking that presence made.
    const claimed = booking === current && current?.setBy === 'presence' && claims(setBy);
    return claimed ? { ...current, setBy: booker.setBy } : booking;
  }
}

export function userDayKey(userId: string, day: string): string {
  return `${userId} ${day}`;
}

/**
 * Presence at an office where somebody planned to be is no plan of its own, nor is leave on a day that they
 * took off themselves: what set such a plan first goes on doing so.
 */
function planned({ plan, setBy, resetsToDefault }: DayChange, before: DayPlan | null): DayPlan | null {
  if (!plan) return null;
  const locationId = plan.kind === 'o' ? plan.locationId : null;
  const same = before?.plan === plan.kind && before.locationId === locationId;
  return {
    plan: plan.kind,
    locationId,
    setBy: same && !claims(setBy) && !resetsToDefault ? before.setBy : setBy,
  };
}

function claims(setBy: PlanSource): boolean {
  return setBy === 'week' || setBy === 'day';
}
