import { randomUUID } from 'node:crypto';
import type { LeaveRow, LeaveType } from '../store/leaves.ts';
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
   * Takes back what was scheduled for exactly these days: others that overlap them were scheduled in their own
   * right and stay. Where nothing was, the days are cut out of every leave that has them.
   */
  cancel(range: DayRange): void {
    const others = this.#leaves.filter(
      ({ startDay, endDay }) => startDay !== range.startDay || endDay !== range.endDay,
    );
    if (others.length < this.#leaves.length) {
      this.#leaves = others;
      return;
    }
    const cut = this.#leaves.filter((leave) => overlap(leave, range));
    this.#leaves = this.#leaves.filter((leave) => !overlap(leave, range));
    for (const { startDay, endDay, leaveType } of cut) {
      if (startDay < range.startDay) {
        this.schedule({ startDay, endDay: addDays(range.startDay, -1) }, leaveType);
      }
      if (endDay > range.endDay) this.schedule({ startDay: addDays(range.endDay, 1), endDay }, leaveType);
    }
  }

  /** Those of `days` that no leave has; all of them are within `range`. */
  uncovered(range: DayRange, days: string[]): string[] {
    const near = this.#leaves.filter((leave) => overlap(leave, range));
    return days.filter((day) => !near.some(({ startDay, endDay }) => startDay <= day && day <= endDay));
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
