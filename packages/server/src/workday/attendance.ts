import type { PlanKind } from '../store/workday/day-plans.ts';

export const ATTENDANCE_TYPES = ['confirmed', 'noShow', 'unconfirmed', 'walkIn'] as const;
export type AttendanceType = (typeof ATTENDANCE_TYPES)[number];

/** An office on one of its local days. */
export interface OfficeDay {
  /** Whether reporting is known to work always or never, or works on the days that have an event. */
  presenceReporting: 'detect' | 'always' | 'never';
  sawEvent: boolean;
  ended: boolean;
}

/** A person's plan of a day, as it is stored. */
export interface AttendancePlan {
  plan: PlanKind;
  /** The office of an office plan. */
  locationId: string | null;
  /** Presence itself made it, so there is nothing that presence could confirm. */
  madeByPresence: boolean;
}

/** What one day of a person comes to at one office, or at none. */
export interface Attendance {
  plan: PlanKind;
  type: AttendanceType | null;
  /** The office where the person was or was to be; null for a plan that names none. */
  locationId: string | null;
  /** The row of the stored plan, and so of its booking; the others are those of walk-ins. */
  isPlan: boolean;
}

/**
 * One row for the stored plan and one for each walk-in, in the order of their offices, the row without an office
 * first. A walk-in is a row of its own at every office that the stored plan does not name: a day planned
 * remote keeps its row, without a type, beside that of the office where the person turned up.
 *
 * @param stored null where the day has no plan
 * @param seenAt the offices where the person was detected, each once
 * @param offices what is known of that day, by the office's id
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

/** Whether who was not detected at the office that day was not there. */
export function reportingWorked({
  presenceReporting,
  sawEvent,
}: Pick<OfficeDay, 'presenceReporting' | 'sawEvent'>): boolean {
  return presenceReporting === 'always' || (presenceReporting === 'detect' && sawEvent);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
