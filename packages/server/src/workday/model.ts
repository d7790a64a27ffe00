import type { Actor } from '../store/workday/action-log.ts';
import type { BookingRow } from '../store/workday/bookings.ts';
import type { DayPlanRow, PlanSource, UserDay } from '../store/workday/day-plans.ts';

/** What to book at an office: the office itself, a zone or a desk. */
export interface RequestedBooking {
  /** In lower case. */
  nodeId: string;
}

/**
 * What a day shall be: o office, r remote, a away. An office plan without `booking` keeps the booking at
 * that office, if there is one. Else it gets a free desk there that is assigned to the user, else a booking of the
 * office itself.
 */
export type Plan =
  | { kind: 'o'; locationId: string; booking?: RequestedBooking }
  | { kind: 'r' }
  | { kind: 'a' };

/** What a user's day shall be; a plan of null deletes what there is. Ids are in lower case. */
export interface DayChange extends UserDay {
  plan: Plan | null;
  /** Only a plan of `a`, or null, may be set by leave. */
  setBy: PlanSource;
  /** Why, where that is not the actor's reason. */
  reason?: string | null;
  /** Who, where that is not the actor's name. */
  name?: string;
  /** What was said of the day before is forgotten: only a booking that the product chose may be kept. */
  resetsToDefault?: boolean;
}

export type RefusalCode = 'unknown-user' | 'not-bookable' | 'desk-taken' | 'zone-full';

export interface DayRefusal {
  refused: RefusalCode;
  /** One English sentence for whoever asked. */
  message: string;
}

/** `unchanged`: the day was so already, and nothing was logged. */
export type DayOutcome = 'changed' | 'unchanged' | DayRefusal;

/** Who changes days, and when; the log says so. */
export interface DayAuthor {
  actor: Actor;
  at: Date;
}

export type Booking = Omit<BookingRow, 'userId' | 'day'>;

export type DayPlan = Omit<DayPlanRow, 'userId' | 'day'>;

export interface DayState {
  plan: DayPlan | null;
  booking: Booking | null;
}

/** A day as it was loaded, and what the changes so far make of it. */
export interface LoadedDay extends UserDay {
  loaded: DayState;
  now: DayState;
}
