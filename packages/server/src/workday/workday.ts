import type { Status } from '../store/directory/nodes.ts';
import type { ActionLogRow } from '../store/workday/action-log.ts';
import type { BookingSource } from '../store/workday/bookings.ts';
import type { PlanSource } from '../store/workday/day-plans.ts';
import { type Booker, type BookingState, refusal } from './booking-state.ts';
import type { ActionLog } from './log.ts';
import type { DayChange, DayOutcome, DayPlan, DayState, LoadedDay, Plan } from './model.ts';

export interface WorkdayFacts {
  /** The status of each existing user whose days are to change. */
  users: ReadonlyMap<string, Status>;
  /** Every day to change, and every day that decides whether a desk is released; by `userDayKey`. */
  days: Map<string, LoadedDay>;
  bookings: BookingState;
  log: ActionLog;
  /**
   * Only for changes from the records of another system. The last day (`YYYY-MM-DD`) on which users and nodes that are
   * inactive now may have plans and bookings. The action log gets no entry for a recorded day that had no plan here.
   */
  recordedUntil?: string | undefined;
}

const BOOKED_BY: Record<PlanSource, BookingSource> = {
  week: 'engine',
  day: 'person',
  leave: 'engine',
  presence: 'presence',
};

/** Applies changes to the loaded days, in order. It does no I/O; `saveWorkday` writes the result. */
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
    if (!subject) throw new Error('A day to change was not loaded.');
    const before = subject.now;
    const booking = plan?.kind === 'o' ? this.#book(change, plan, before) : null;
    if (booking && 'refused' in booking) return booking;
    bookings.move(userId, day, before.booking, booking);
    subject.now = { plan: planned(change, before.plan), booking };
    if (recordedUntil !== undefined && !before.plan) return plan ? 'changed' : 'unchanged';
    return log.add(change, before, subject.now) ? 'changed' : 'unchanged';
  }

  /** Compares the present plan of the day with the plan of a change. */
  compare({ userId, day, plan }: DayChange): 'unplanned' | 'same' | 'other' {
    const now = this.#facts.days.get(userDayKey(userId, day))?.now;
    if (!now?.plan) return 'unplanned';
    if (now.plan.plan !== plan?.kind) return 'other';
    if (plan.kind !== 'o') return 'same';
    const requestedId = plan.booking?.nodeId ?? now.booking?.nodeId;
    return now.plan.locationId === plan.locationId && now.booking?.nodeId === requestedId ? 'same' : 'other';
  }

  /**
   * Whether a change is for active users only. Inactive users may still lose a plan. Of recorded days, only a future
   * office plan needs an active user, because it holds a booking.
   */
  #isForActive({ day, plan }: DayChange): boolean {
    const { recordedUntil } = this.#facts;
    return recordedUntil === undefined ? plan !== null : plan?.kind === 'o' && day > recordedUntil;
  }

  #book(change: DayChange, plan: Plan & { kind: 'o' }, { booking: current }: DayState) {
    const { userId, day, setBy, resetsToDefault } = change;
    const past = day <= (this.#facts.recordedUntil ?? '');
    const booker: Booker = { userId, day, current, setBy: BOOKED_BY[setBy], resetsToDefault, past };
    const booking = this.#facts.bookings.book(booker, plan.locationId, plan.booking?.nodeId);
    // The week plan or a one-day change confirms a booking that presence made, and becomes its source.
    const claimed = booking === current && current?.setBy === 'presence' && claims(setBy);
    return claimed ? { ...current, setBy: booker.setBy } : booking;
  }
}

export function userDayKey(userId: string, day: string): string {
  return `${userId} ${day}`;
}

/**
 * The plan after a change. Presence or leave that only confirms the present plan does not become its source:
 * presence at the planned office, or leave on a day that is away already.
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
