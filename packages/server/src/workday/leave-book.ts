import { randomUUID } from 'node:crypto';
import { addDays } from '../store/values/days.ts';
import type { LeaveRow, LeaveType } from '../store/workday/leaves.ts';
import type { DayRange } from './leave-dates.ts';

/** The leaves of one user while leave is scheduled and cancelled. It writes nothing. */
export class LeaveBook {
  readonly #userId: string;
  readonly #stored: readonly LeaveRow[];
  #leaves: LeaveRow[];

  constructor(userId: string, stored: LeaveRow[]) {
    this.#userId = userId;
    this.#stored = stored;
    this.#leaves = stored;
  }

  /** Adds a leave, unless the same leave is there already. */
  schedule({ startDay, endDay }: DayRange, leaveType: LeaveType | null): void {
    const isThere = this.#leaves.some(
      (leave) => leave.startDay === startDay && leave.endDay === endDay && leave.leaveType === leaveType,
    );
    if (isThere) return;
    const leave = { userId: this.#userId, leaveId: randomUUID(), startDay, endDay, leaveType };
    this.#leaves = [...this.#leaves, leave];
  }

  /**
   * Removes days from every leave that contains them. A cancellation does not name a leave. A repeated cancellation
   * finds nothing more to remove.
   */
  cancel(range: DayRange): void {
    const cut = this.#leaves.filter((leave) => overlap(leave, range));
    this.#leaves = this.#leaves.filter((leave) => !overlap(leave, range));
    for (const { startDay, endDay, leaveType } of cut) {
      if (startDay < range.startDay) {
        this.schedule({ startDay, endDay: addDays(range.startDay, -1) }, leaveType);
      }
      if (endDay > range.endDay) this.schedule({ startDay: addDays(range.endDay, 1), endDay }, leaveType);
    }
  }

  /** The leaves to insert. */
  get added(): LeaveRow[] {
    return this.#leaves.filter((leave) => !this.#stored.includes(leave));
  }

  /** The stored leaves to delete. */
  get gone(): LeaveRow[] {
    return this.#stored.filter((leave) => !this.#leaves.includes(leave));
  }
}

function overlap(a: DayRange, b: DayRange): boolean {
  return a.startDay <= b.endDay && b.startDay <= a.endDay;
}
