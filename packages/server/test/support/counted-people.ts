import type { AttendanceRow } from './attendance.ts';
import { keyOf, mondayOf, type PresenceRow, type Spot, spotsOf, type Unit } from './summed-metrics.ts';

/** What clients can count by themselves from the exports, one person and day after the other. */

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const KINDS = ['unconfirmed', 'noShow', 'walkIn', 'confirmed'];
const WEEKDAYS = [1, 2, 3, 4, 5, 6, 7];

export interface SeenRow extends PresenceRow {
  timestamp: string;
  placeId?: string;
}

/** The exports of some days, all of which have ended, and what the offices say. */
export interface Exports {
  attendance: AttendanceRow[];
  presence: SeenRow[];
  reportingOf: (officeId: string) => string;
  timeZoneOf: (officeId: string) => string;
  /** The first day of the period of a day. */
  periodOf: (day: string) => string;
}

/** A person on a day in a unit. */
interface PersonDay {
  day: string;
  userId: string;
  kind: string;
  /** The earliest and the latest detection, with their offices. */
  seen: SeenRow[];
}

/** A unit in a period, with the office days of its office. */
interface UnitPeriod {
  persons: PersonDay[];
  officeDays: string[];
  reported: string[];
}

const came = ({ kind }: { kind: string }) => kind === 'walkIn' || kind === 'confirmed';
const over = (a: number, b: number) => (b === 0 ? null : a / b);
const weekdayOf = (day: string) => new Date(day).getUTCDay() || 7;

/** Whether presence reporting worked at an office on a day. */
function isReported({ attendance, reportingOf }: Exports, officeId: string, day: string): boolean {
  const reporting = reportingOf(officeId);
  if (reporting !== 'detect') return reporting === 'always';
  return attendance.some(
    (row) =>
      row.attendanceLocationId === officeId && row.day === day && came({ kind: String(row.attendanceType) }),
  );
}

/** The people of each unit and period, by the key of their row. */
export function unitPeriods(exports: Exports, by: Unit | 'organisation'): Map<string, UnitPeriod> {
  const { attendance, presence, periodOf } = exports;
  const typed = attendance.filter((row) => row.attendanceType !== undefined);
  const found = new Map<string, UnitPeriod>();
  for (const row of typed) {
    const day = row.day.slice(0, 10);
    const officeId = String(row.attendanceLocationId);
    const spots: Spot[] =
      by === 'level' || by === 'zone' ? spotsOf(row, presence, by) : [[undefined, undefined]];
    for (const [levelId, zoneId] of spots) {
      const key = keyOf(
        periodOf(day),
        by === 'organisation' ? undefined : officeId,
        levelId,
        zoneId,
        by === 'group' ? row.primaryGroupId : undefined,
      );
      const ofOffice = typed.filter(
        (each) =>
          (by === 'organisation' || each.attendanceLocationId === officeId) &&
          periodOf(each.day.slice(0, 10)) === periodOf(day),
      );
      const unit = found.get(key) ?? {
        persons: [],
        officeDays: [...new Set(ofOffice.map((each) => each.day.slice(0, 10)))],
        reported: [
          ...new Set(
            ofOffice
              .filter((each) => isReported(exports, String(each.attendanceLocationId), each.day))
              .map((each) => each.day.slice(0, 10)),
          ),
        ],
      };
      found.set(key, unit);
      const seen = presence.filter(
        (event) =>
          event.day === row.day &&
          event.userId === row.userId &&
          event.locationId === row.attendanceLocationId,
      );
      addPerson(unit.persons, { day, userId: row.userId, kind: String(row.attendanceType), seen });
    }
  }
  return found;
}

/** Of several offices on a day, a person counts once. */
function addPerson(persons: PersonDay[], person: PersonDay): void {
  const known = persons.find(({ day, userId }) => day === person.day && userId === person.userId);
  if (!known) {
    persons.push(person);
    return;
  }
  known.seen.push(...person.seen);
  if (KINDS.indexOf(person.kind) > KINDS.indexOf(known.kind)) known.kind = person.kind;
}

export function attendanceOf({ persons, reported, officeDays }: UnitPeriod) {
  const count = (kind: string) => persons.filter((person) => person.kind === kind).length;
  const daily = reported.map((day) => persons.filter((person) => person.day === day && came(person)).length);
  return {
    officeDays: officeDays.length,
    reportedDays: reported.length,
    attendance: persons.filter(came).length,
    confirmed: count('confirmed'),
    noShow: count('noShow'),
    unconfirmed: count('unconfirmed'),
    walkIn: count('walkIn'),
    averageAttendance: over(
      daily.reduce((sum, each) => sum + each, 0),
      daily.length,
    ),
    peakAttendance: daily.length === 0 ? null : Math.max(...daily),
  };
}

export function peopleOf({ persons }: UnitPeriod) {
  const people = new Set(persons.filter(came).map(({ userId }) => userId)).size;
  const attendance = persons.filter(came).length;
  return { people, attendance, daysPerPerson: over(attendance, people) };
}

export function daysPerWeekOf({ persons, reported }: UnitPeriod) {
  const days = new Map<string, number>();
  for (const { day, userId } of persons.filter(came)) {
    const key = keyOf(userId, mondayOf(day));
    days.set(key, (days.get(key) ?? 0) + 1);
  }
  const weeks = new Set(reported.map(mondayOf)).size;
  return WEEKDAYS.map((daysPerWeek) => {
    const personWeeks = [...days.values()].filter((count) => count === daysPerWeek).length;
    return {
      daysPerWeek,
      personWeeks,
      share: over(personWeeks, days.size),
      averagePeople: over(personWeeks, weeks),
    };
  });
}

export function weekdaysOf({ persons, reported, officeDays }: UnitPeriod) {
  return WEEKDAYS.filter((weekday) => officeDays.some((day) => weekdayOf(day) === weekday)).map((weekday) => {
    const isThen = (day: string) => weekdayOf(day) === weekday;
    const then = {
      persons: persons.filter(({ day }) => isThen(day)),
      reported: reported.filter(isThen),
      officeDays: officeDays.filter(isThen),
    };
    return { weekday, ...attendanceOf(then) };
  });
}

/** The first and the last detection of a person, in the order of time. */
function endsOf({ seen }: PersonDay): [SeenRow, SeenRow] {
  const sorted = seen.toSorted((a, b) => (a.timestamp < b.timestamp ? -1 : 1));
  return [sorted.at(0) as SeenRow, sorted.at(-1) as SeenRow];
}

function minutesOf(person: PersonDay): number {
  const [first, last] = endsOf(person).map(({ timestamp }) => Math.floor(Date.parse(timestamp) / MINUTE_MS));
  return (last as number) - (first as number);
}

export function arrivalsOf({ persons, reported }: UnitPeriod, timeZoneOf: (officeId: string) => string) {
  const hourOf = ({ timestamp, locationId }: SeenRow) =>
    Number(
      new Intl.DateTimeFormat('en', {
        timeZone: timeZoneOf(locationId),
        hour: 'numeric',
        hourCycle: 'h23',
      }).format(Date.parse(timestamp)),
    );
  const present = persons.filter(came);
  return Array.from({ length: 24 }, (_, hour) => {
    const arrivals = present.filter((person) => hourOf(endsOf(person)[0]) === hour).length;
    return {
      hour,
      arrivals,
      arrivalShare: over(arrivals, present.length),
      averageArrivals: over(arrivals, reported.length),
      departures: present.filter((person) => minutesOf(person) > 0 && hourOf(endsOf(person)[1]) === hour)
        .length,
    };
  });
}

export function dwellOf({ persons }: UnitPeriod) {
  const attendance = persons.filter(came).length;
  const minutes = persons
    .filter(came)
    .map(minutesOf)
    .filter((each) => each > 0)
    .sort((a, b) => a - b);
  return {
    attendance,
    measured: minutes.length,
    measuredShare: over(minutes.length, attendance),
    averageMinutes: over(
      minutes.reduce((sum, each) => sum + each, 0),
      minutes.length,
    ),
    medianMinutes: interpolated(minutes, 0.5),
    percentile90Minutes: interpolated(minutes, 0.9),
  };
}

function interpolated(sorted: number[], p: number): number | null {
  if (sorted.length === 0) return null;
  const at = p * (sorted.length - 1);
  const [low, high] = [sorted[Math.floor(at)] as number, sorted[Math.ceil(at)] as number];
  return low + (high - low) * (at % 1);
}

/** The days on which each desk or zone was used and booked, and by whom, by period and id. */
export function usageOf(
  exports: Exports,
  by: 'place' | 'zone',
): Map<
  string,
  { usedDays: number; bookedDays: number; unusedBookedDays: number; attendance: number; people: number }
> {
  const { attendance, presence, periodOf } = exports;
  const used = new Map<string, { day: string; userId: string }[]>();
  const booked = new Map<string, Set<string>>();
  const judged = new Map<string, Set<string>>();
  for (const row of attendance) {
    const { attendanceType } = row;
    if (attendanceType === undefined) continue;
    const day = row.day.slice(0, 10);
    const ownId = (by === 'place' ? row.bookingPlaceId : row.bookingZoneId) as string | undefined;
    if (ownId !== undefined && attendanceType !== 'walkIn') {
      const key = keyOf(periodOf(day), ownId);
      booked.set(key, (booked.get(key) ?? new Set()).add(day));
      if (isReported(exports, String(row.attendanceLocationId), row.day))
        judged.set(key, (judged.get(key) ?? new Set()).add(day));
    }
    if (!came({ kind: attendanceType })) continue;
    const spots = spotsOf(row, presence, 'zone');
    const seen = presence.filter(
      (event) =>
        event.day === row.day && event.userId === row.userId && event.locationId === row.attendanceLocationId,
    );
    const desks = [...new Set(seen.flatMap(({ placeId }) => placeId ?? []))];
    const isAtBooking = spots.some(
      ([level, zone]) => zone === row.bookingZoneId && level === row.bookingLevelId,
    );
    const ofBooking = ownId !== undefined && isAtBooking ? [ownId] : [];
    const ids =
      by === 'zone' ? spots.flatMap(([, zone]) => zone ?? []) : desks.length > 0 ? desks : ofBooking;
    for (const id of ids) {
      const key = keyOf(periodOf(day), id);
      used.set(key, [...(used.get(key) ?? []), { day, userId: row.userId }]);
    }
  }
  return new Map(
    [...new Set([...used.keys(), ...booked.keys()])].map((key) => {
      const uses = used.get(key) ?? [];
      const days = new Set(uses.map(({ day }) => day));
      return [
        key,
        {
          usedDays: days.size,
          bookedDays: booked.get(key)?.size ?? 0,
          unusedBookedDays: [...(judged.get(key) ?? [])].filter((day) => !days.has(day)).length,
          attendance: uses.length,
          people: new Set(uses.map(({ userId }) => userId)).size,
        },
      ];
    }),
  );
}

/** The day so many days later. */
export function later(day: string, days: number): string {
  return new Date(Date.parse(day) + days * DAY_MS).toISOString().slice(0, 10);
}
