import { type AttendedDay, came } from './attended-day.ts';
import { ByUnit } from './by-unit.ts';
import type { Row } from './format.ts';
import { readerOf } from './metrics-reader.ts';
import type { OfficeCalendar } from './office-calendar.ts';
import type { Summary } from './period-reader.ts';
import { type Counts, count, percentileOfCounts, rate, totalOf } from './statistics.ts';
import type { ReportedUnit } from './units.ts';

const HOURS = 24;

/** How many people of a unit arrived and left in each hour of the clock. */
interface Hours {
  arrivals: number[];
  departures: number[];
}

class ArrivalSummary implements Summary {
  readonly #hours = new ByUnit(
    (): Hours => ({ arrivals: new Array(HOURS).fill(0), departures: new Array(HOURS).fill(0) }),
  );

  add({ pairs, units, entries, kinds, times }: AttendedDay, unitOf: (number: number) => ReportedUnit): void {
    if (!times) throw new Error('This summary needs times.');
    const ofUnit = this.#hours.onDay(unitOf);
    for (let pair = 0; pair < pairs; pair++) {
      const entry = entries[pair] as number;
      const { arrivals, departures } = ofUnit(units[pair] as number);
      if (!came(kinds[entry] as number)) continue;
      const [firstHour, lastHour] = [times.firstHour[entry] as number, times.lastHour[entry] as number];
      arrivals[firstHour] = (arrivals[firstHour] ?? 0) + 1;
      if (isMeasured(times, entry)) departures[lastHour] = (departures[lastHour] ?? 0) + 1;
    }
  }

  rowsOf(unit: ReportedUnit, calendar: OfficeCalendar): Row[] {
    const found = this.#hours.find(unit);
    if (!found && !unit.inUse) return [];
    const { counts } = calendar.statisticsOf(unit.locationId);
    const attendance = found?.arrivals.reduce((sum, each) => sum + each, 0) ?? 0;
    return Array.from({ length: HOURS }, (_, hour) => {
      const arrivals = found?.arrivals[hour] ?? 0;
      return {
        days: counts,
        hour,
        arrivals,
        arrivalShare: rate(arrivals, attendance),
        averageArrivals: rate(arrivals, counts.reportedDays),
        departures: found?.departures[hour] ?? 0,
      };
    });
  }
}

/** How long the people of a unit stayed. */
interface Stays {
  attendance: number;
  /** How often each number of minutes. */
  minutes: Counts;
}

class DwellSummary implements Summary {
  readonly #stays = new ByUnit((): Stays => ({ attendance: 0, minutes: new Map() }));

  add({ pairs, units, entries, kinds, times }: AttendedDay, unitOf: (number: number) => ReportedUnit): void {
    if (!times) throw new Error('This summary needs times.');
    const ofUnit = this.#stays.onDay(unitOf);
    for (let pair = 0; pair < pairs; pair++) {
      const entry = entries[pair] as number;
      const stays = ofUnit(units[pair] as number);
      if (!came(kinds[entry] as number)) continue;
      stays.attendance++;
      if (isMeasured(times, entry))
        count(stays.minutes, (times.last[entry] as number) - (times.first[entry] as number));
    }
  }

  rowsOf(unit: ReportedUnit, calendar: OfficeCalendar): Row[] {
    const found = this.#stays.find(unit);
    if (!found && !unit.inUse) return [];
    const { attendance = 0, minutes = new Map<number, number>() } = found ?? {};
    const measured = totalOf(minutes);
    let sum = 0;
    for (const [each, times] of minutes) sum += each * times;
    return [
      {
        days: calendar.statisticsOf(unit.locationId).counts,
        attendance,
        measured,
        measuredShare: rate(measured, attendance),
        averageMinutes: rate(sum, measured),
        medianMinutes: percentileOfCounts(minutes, 0.5),
        percentile90Minutes: percentileOfCounts(minutes, 0.9),
      },
    ];
  }
}

/** Whether the user was detected again in a later minute, so that it is known when the user was last there. */
function isMeasured({ first, last }: { first: Int32Array; last: Int32Array }, entry: number): boolean {
  return (last[entry] as number) > (first[entry] as number);
}

/** Reads when people came and left, with 24 rows for each unit of each period. */
export const readArrivals = readerOf(() => () => new ArrivalSummary(), { times: true });

/** Reads how long people stayed, with a row for each unit of each period. */
export const readDwell = readerOf(() => () => new DwellSummary(), { times: true });
