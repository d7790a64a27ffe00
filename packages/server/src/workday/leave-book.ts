import { randomUUID } from 'node:crypto';
import type { LeaveRow, LeaveType } from '../store/workday/leaves.ts';
import { addDays, type DayRange } from './leave-dates.ts';

/** The leaves of one person, and what scheduling and cancelling makes of them. Nothing is written here. */
export class LeaveBook {
  readonly #userId: string;
  readonly #stored: readonly LeaveRow[];
  #leaves: LeaveRow[];

  constructor(userId: string, stored: LeaveRow[]) {
    this.#userId = userId;
    this.#stored = stored;
    this.#leaves = stored;
  }

  /** Adds a leave; one that is there already stays the only one of its kind. */
  schedule({ startDay, endDay }: DayRange, leaveType: LeaveType | null): void {
    const isThere = this.#leaves.some(
      (leave) => leave.startDay === startDay && leave.endDay === endDay && leave.leaveType === leaveType,
    );
    if (isThere) return;
    const leave = { userId: this.#userId, leaveId: randomUUID(), startDay, endDay, leaveType };
    this.#leaves = [...this.#leaves, leave];
  }

  /**
   * Takes days out of every leave that has them: afterwards no leave has any of them. Cancellations do not say
   * which leave they mean; and a repeated one must find nothing more to take.
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

  /** Leaves that are to be stored. */
  get added(): LeaveRow[] {
    return this.#leaves.filter((leave) => !this.#stored.includes(leave));
  }

  /** Stored leaves that are to be deleted. */
  get gone(): LeaveRow[] {
    return this.#stored.filter((leave) => !this.#leaves.includes(leave));
  }
}

function overlap(a: DayRange, b: DayRange): boolean {
  return a.startDay <= b.endDay && b.startDay <= a.endDay;
}
