import type { AttendanceRow } from './attendance.ts';

const DAY_MS = 86_400_000;
const isoDay = (ms: number) => new Date(ms).toISOString().slice(0, 10);

export interface PresenceRow {
  day: string;
  userId: string;
  locationId: string;
  levelId?: string;
  zoneId?: string;
}

export const keyOf = (...ids: unknown[]) => ids.map((id) => id ?? '-').join(' ');

/** The first day of the period of a day. */
export function periodOf(period: string, startDate: string): (day: string) => string {
  if (period === 'range') return () => startDate;
  if (period === 'day') return (day) => day;
  if (period === 'month') return (day) => `${day.slice(0, 7)}-01`;
  return mondayOf;
}

export function mondayOf(day: string): string {
  const ms = Date.parse(day);
  return isoDay(ms - ((new Date(ms).getUTCDay() + 6) % 7) * DAY_MS);
}

export type Unit = 'location' | 'level' | 'zone' | 'group';
export type Spot = [levelId: string | undefined, zoneId: string | undefined];

/** The units in which a row counts: the most exact node of detection, or the booking if it is more exact. */
export function spotsOf(row: AttendanceRow, presence: PresenceRow[], by: 'level' | 'zone'): Spot[] {
  const zoneOf = (zoneId: unknown) => (by === 'zone' ? (zoneId as string | undefined) : undefined);
  const booked: Spot = [row.bookingLevelId as string | undefined, zoneOf(row.bookingZoneId)];
  const seen = presence
    .filter((e) => e.day === row.day && e.userId === row.userId && e.locationId === row.attendanceLocationId)
    .map((e): Spot => [e.levelId, zoneOf(e.zoneId)]);
  if (seen.length === 0) return [booked];
  const closest = seen
    .filter(([level, zone]) => zone || !seen.some(([l, z]) => z && l === level))
    .filter(([level]) => level || !seen.some(([l]) => l))
    .map(([level, zone]): Spot => {
      if (zone || (level && level !== booked[0])) return [level, zone];
      return booked[0] ? booked : [level, zone];
    });
  return [...new Map(closest.map((spot) => [keyOf(...spot), spot])).values()];
}

/** What metrics have to say of the rows of exports, by period and unit. */
export function summed(
  attendance: AttendanceRow[],
  presence: PresenceRow[],
  { by, levelId: within }: { by: Unit; levelId?: string | undefined },
  { periodOf, reportingOf }: { periodOf: (day: string) => string; reportingOf: (officeId: string) => string },
): Map<string, Record<string, unknown>> {
  const typed = attendance.filter((row) => row.attendanceType !== undefined);
  const units = new Map<string, { officeId: string; start: string; rows: AttendanceRow[] }>();
  for (const row of typed) {
    const officeId = String(row.attendanceLocationId);
    const isWithin = ([levelId]: Spot) => within === undefined || levelId === within;
    const isSomewhere = within === undefined || spotsOf(row, presence, 'zone').some(isWithin);
    const spots: Spot[] =
      by === 'level' || by === 'zone'
        ? spotsOf(row, presence, by).filter(isWithin)
        : isSomewhere
          ? [[undefined, undefined]]
          : [];
    for (const [levelId, zoneId] of spots) {
      const groupId = by === 'group' ? row.primaryGroupId : undefined;
      const start = periodOf(row.day.slice(0, 10));
      const key = keyOf(start, officeId, levelId, zoneId, groupId);
      const unit = units.get(key) ?? { officeId, start, rows: [] };
      unit.rows.push(row);
      units.set(key, unit);
    }
  }
  return new Map(
    [...units].map(([key, { officeId, start, rows }]) => {
      const ofOffice = typed.filter(
        (row) => row.attendanceLocationId === officeId && periodOf(row.day.slice(0, 10)) === start,
      );
      const officeDays = [...new Set(ofOffice.map((row) => row.day))];
      const came = (row: AttendanceRow) =>
        row.attendanceType === 'confirmed' || row.attendanceType === 'walkIn';
      const reporting = reportingOf(officeId);
      const reported = officeDays.filter(
        (day) =>
          reporting === 'always' ||
          (reporting === 'detect' && ofOffice.some((row) => row.day === day && came(row))),
      );
      const daily = reported
        .map((day) => rows.filter((row) => row.day === day && came(row)).length)
        .sort((a, b) => a - b);
      const byWeek = new Map<string, number[]>();
      for (const day of reported) {
        const monday = mondayOf(day.slice(0, 10));
        byWeek.set(monday, [
          ...(byWeek.get(monday) ?? []),
          rows.filter((row) => row.day === day && came(row)).length,
        ]);
      }
      const count = (type: string) => rows.filter((row) => row.attendanceType === type).length;
      const [confirmed, noShow, unconfirmed, walkIn] = ['confirmed', 'noShow', 'unconfirmed', 'walkIn'].map(
        count,
      ) as [number, number, number, number];
      const over = (a: number, b: number) => (b === 0 ? null : a / b);
      return [
        key,
        {
          officeDays: officeDays.length,
          reportedDays: reported.length,
          attendance: confirmed + walkIn,
          confirmed,
          noShow,
          unconfirmed,
          walkIn,
          noShowRate: over(noShow, confirmed + noShow),
          walkInRate: over(walkIn, confirmed + walkIn),
          averageAttendance: over(
            daily.reduce((sum, n) => sum + n, 0),
            daily.length,
          ),
          peakAttendance: daily.at(-1) ?? null,
          medianWeeklyPeak: middle([...byWeek.values()].map((days) => Math.max(...days))),
          medianWeeklyLow: middle([...byWeek.values()].map((days) => Math.min(...days))),
        },
      ] as const;
    }),
  );
}

function middle(values: number[]): number | null {
  const sorted = values.sort((a, b) => a - b);
  const half = sorted.length / 2;
  if (sorted.length === 0) return null;
  return Number.isInteger(half)
    ? ((sorted[half - 1] as number) + (sorted[half] as number)) / 2
    : (sorted[Math.floor(half)] as number);
}
