import type { Status } from '../store/directory/nodes.ts';
import type { BookingRow } from '../store/workday/bookings.ts';
import type { DayPlanRow, PlanSource, UserDay } from '../store/workday/day-plans.ts';

/** What to book at an office: the office itself, a zone or a desk. */
export interface RequestedBooking {
  /** In lower case. */
  nodeId: string;
}

/**
 * A requested plan: o office, r remote, a away. An office plan without `booking` keeps the booking at
 * that office, if there is one. Else it gets a free desk there that is assigned to the user, else a booking of the
 * office itself.
 */
export type Plan =
  | { kind: 'o'; locationId: string; booking?: RequestedBooking }
  | { kind: 'r' }
  | { kind: 'a' };

/** A change of a user's day. A plan of null deletes the present one. Ids are in lower case. */
export interface DayChange extends UserDay {
  plan: Plan | null;
  /** Leave may set only the plan `a`, or null. */
  setBy: PlanSource;
  /** The reason, if it is not the actor's reason. */
  reason?: string | null;
  /** The name, if it is not the actor's name. */
  name?: string;
  /** The day gets its default: only a booking that the horizon engine chose may stay. */
  resetsToDefault?: boolean;
}

export type RefusalCode = 'unknown-user' | 'not-bookable' | 'desk-taken' | 'zone-full';

export interface DayRefusal {
  refused: RefusalCode;
  /** One English sentence for the caller. */
  message: string;
}

/** `unchanged`: the day had this plan and booking already, and nothing was logged. */
export type DayOutcome = 'changed' | 'unchanged' | DayRefusal;

export type Booking = Omit<BookingRow, 'userId' | 'day'>;

export type DayPlan = Omit<DayPlanRow, 'userId' | 'day'>;

export interface DayState {
  plan: DayPlan | null;
  booking: Booking | null;
}

/** A day as it was loaded, and its state after the changes so far. */
export interface LoadedDay extends UserDay {
  loaded: DayState;
  now: DayState;
}

/** Users whom the caller has locked by `lockUserDays`: all users of the changes. */
export interface LockedUsers {
  /** As `lockUserDays` returned them. */
  statuses: ReadonlyMap<string, Status>;
  /** The caller has seen since then that none of the days to change has a plan. They are not looked up then. */
  areUnplanned?: true;
}
