import type { PlanKind } from '../store/workday/day-plans.ts';

export const ATTENDANCE_TYPES = ['confirmed', 'noShow', 'unconfirmed', 'walkIn'] as const;
export type AttendanceType = (typeof ATTENDANCE_TYPES)[number];

/** An office on one of its local days. */
export interface OfficeDay {
  /** Whether reporting always works, never works, or works on the days that have an event. */
  presenceReporting: 'detect' | 'always' | 'never';
  sawEvent: boolean;
  ended: boolean;
}

/** The stored plan of a user for a day. */
export interface AttendancePlan {
  plan: PlanKind;
  /** The office of an office plan. */
  locationId: string | null;
  /** Whether a presence event made the plan. Presence then cannot confirm it. */
  madeByPresence: boolean;
}

/** One day of a user at one office, or at none. */
export interface Attendance {
  plan: PlanKind;
  type: AttendanceType | null;
  /** The office where the user was detected, else the office of the plan; null for a plan without one. */
  locationId: string | null;
  /** Whether this is the row of the stored plan, and so of its booking. The other rows are walk-ins. */
  isPlan: boolean;
}

/**
 * One row for the stored plan and one for each walk-in, in the order of their offices. The row without an office
 * comes first. Each office where the user was detected, and that the stored plan does not name, has a walk-in row of
 * its own. A day planned remote keeps its row, without a type, beside the row of that office.
 *
 * @param stored null if the day has no plan
 * @param seenAt the offices where the user was detected, each once
 * @param offices the offices on that day, by the office's id
 */
export function attendanceOf(
  stored: AttendancePlan | null,
  seenAt: readonly string[],
  offices: ReadonlyMap<string, OfficeDay>,
): Attendance[] {
  const rows: Attendance[] = [];
  for (const locationId of seenAt) {
    if (locationId === stored?.locationId) continue;
    rows.push({ plan: stored?.plan ?? 'a', type: 'walkIn', locationId, isPlan: false });
  }
  if (stored) {
    const { plan, locationId } = stored;
    rows.push({ plan, type: typeOfPlan(stored, seenAt, offices), locationId, isPlan: true });
  }
  return rows.length === 1 ? rows : rows.sort((a, b) => compare(a.locationId ?? '', b.locationId ?? ''));
}

function typeOfPlan(
  { locationId, madeByPresence }: AttendancePlan,
  seenAt: readonly string[],
  offices: ReadonlyMap<string, OfficeDay>,
): AttendanceType | null {
  if (locationId === null) return null;
  if (seenAt.includes(locationId)) return madeByPresence ? 'walkIn' : 'confirmed';
  const office = offices.get(locationId);
  if (madeByPresence || !office?.ended) return null;
  return reportingWorked(office) ? 'noShow' : 'unconfirmed';
}

/** Whether a user who was not detected at the office that day was absent. */
export function reportingWorked({
  presenceReporting,
  sawEvent,
}: Pick<OfficeDay, 'presenceReporting' | 'sawEvent'>): boolean {
  return presenceReporting === 'always' || (presenceReporting === 'detect' && sawEvent);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
