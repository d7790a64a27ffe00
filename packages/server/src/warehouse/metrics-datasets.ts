import { NODE_KINDS } from '../store/directory/nodes.ts';
import { METRIC_PERIODS, type MetricPeriod } from '../store/warehouse/metrics.ts';
import { column, oneOf } from './columns.ts';
import { comparedWindow, readComparison } from './comparison.ts';
import type { Dataset } from './dataset.ts';
import { readMetrics } from './metrics.ts';
import {
  ATTENDANCE_COLUMNS,
  COMPARISON_COLUMNS,
  DAY_COLUMNS,
  EXACT,
  PLACE_COLUMNS,
  UNIT_COLUMNS,
} from './metrics-columns.ts';
import { readOccupancyMetrics } from './occupancy-metrics.ts';
import { readDaysPerWeek, readPeopleMetrics } from './people-metrics.ts';
import { readArrivals, readDwell } from './time-metrics.ts';
import { readUsage } from './usage-metrics.ts';
import { readWeekdays } from './weekday-metrics.ts';

const LONGEST_WINDOW_DAYS = 366;
const BY_WEEK_FIRST: readonly MetricPeriod[] = ['week', 'month', 'range'];
const BY_RANGE_FIRST: readonly MetricPeriod[] = ['range', 'month', 'week', 'day'];

const UNITS =
  'Units are those of metrics, and the same users count. by=organisation is all offices together: each person counts ' +
  'once a day, also if the person was at several offices.';

/** What all datasets have in common that are counted from aggregates of days. */
const ofAggregates = {
  longestWindowDays: LONGEST_WINDOW_DAYS,
  isShort: true,
  aggregated: ({ window }) => window,
  ofOffices: true,
} satisfies Partial<Dataset>;

/** Those that count the users of offices, or of parts of them. */
const ofAttendance = {
  ...ofAggregates,
  filters: ['dates', 'locationIds', 'metrics'],
  ofStatistics: true,
} satisfies Partial<Dataset>;

/** Datasets that the server computes; docs/metrics.md has the formula of each number. */
export const metricsDatasets: readonly Dataset[] = [
  {
    ...ofAttendance,
    path: 'metrics',
    summary:
      'Attendance and utilisation by organisation, office, level, zone or group, by day, week, month or range',
    description:
      'One row for each period and unit with an office day. An office day is a day on which a user was detected at ' +
      'the office, or on which a user had planned to come and which has ended. Attendance is the same as in ' +
      'user-booking-attendance. Averages, peaks, medians, the percentile and utilisation use only the office days on ' +
      'which presence reporting worked. A quotient with divisor 0 is null. locationIds accepts offices, levels and ' +
      'zones: only users at them or beneath them count. Sorted by period, office, level, zone and group. Users ' +
      'without a known level or zone, or without a group, have a row of their own, which comes first. ' +
      'by=organisation is all offices together: each person counts once a day, also if the person was at several ' +
      'offices.',
    periods: METRIC_PERIODS,
    columns: { ...UNIT_COLUMNS, ...DAY_COLUMNS, ...ATTENDANCE_COLUMNS },
    read: readMetrics,
  },
  {
    ...ofAttendance,
    path: 'metrics/comparison',
    summary: 'Attendance and utilisation of each period beside the period before',
    description:
      `${UNITS} A day is compared with the same weekday a week before, a week with the week before, a month with the ` +
      'month before. A range of whole months is compared with as many months before it; any other range with the days ' +
      'so many whole weeks before as it overlaps. There is a row if one of both periods has an office day.',
    periods: METRIC_PERIODS,
    columns: { ...UNIT_COLUMNS, ...COMPARISON_COLUMNS },
    aggregated: comparedWindow,
    read: readComparison,
  },
  {
    ...ofAttendance,
    path: 'metrics/people',
    summary: 'How many different people came, by unit and period',
    description:
      `${UNITS} A person counts once in a period, on however many days the person came. A person who was erased counts ` +
      'once in each calendar year.',
    periods: METRIC_PERIODS,
    columns: {
      ...UNIT_COLUMNS,
      ...DAY_COLUMNS,
      people: column.integer('ours', 'different people who came'),
      exact: column.boolean('ours', EXACT),
      attendance: column.integer('ours', 'users who came, counted once a day'),
      daysPerPerson: column.maybeNumber('ours', 'attendance / people'),
    },
    read: readPeopleMetrics,
  },
  {
    ...ofAttendance,
    path: 'metrics/days-per-week',
    summary: 'On how many days of a week people came, by unit and period',
    description:
      `${UNITS} Seven rows for each unit and period. A person-week is a person in an ISO week in which the person ` +
      'came. A week that is only partly in the period counts with the days that it has there.',
    periods: BY_WEEK_FIRST,
    columns: {
      ...UNIT_COLUMNS,
      ...DAY_COLUMNS,
      daysPerWeek: column.integer('ours', '1 to 7'),
      personWeeks: column.integer('ours', 'person-weeks with exactly so many days'),
      exact: column.boolean(
        'ours',
        'false: a week over New Year may count a person twice, who has a pseudonym in each year',
      ),
      share: column.maybeNumber('ours', 'personWeeks / all person-weeks of the unit and period'),
      averagePeople: column.maybeNumber('ours', 'personWeeks / ISO weeks with a reported day'),
    },
    read: readDaysPerWeek,
  },
  {
    ...ofAttendance,
    path: 'metrics/weekdays',
    summary: 'Attendance and utilisation by weekday, by unit and period',
    description:
      `${UNITS} One row for each unit, period and weekday with an office day. By week, the rows are a matrix of weeks ` +
      'and weekdays.',
    periods: BY_WEEK_FIRST,
    columns: {
      ...UNIT_COLUMNS,
      weekday: column.integer('ours', 'ISO: 1 Monday to 7 Sunday'),
      ...DAY_COLUMNS,
      ...ATTENDANCE_COLUMNS,
    },
    read: readWeekdays,
  },
  {
    ...ofAttendance,
    path: 'metrics/arrivals',
    summary: "When people come and leave, by hour of their office's clock, by unit and period",
    description:
      `${UNITS} 24 rows for each unit and period. A person arrives at the first detection of the day at the office, ` +
      'and leaves at the last one, if it is in a later minute. By organisation, these are the first and the last ' +
      'detection at all offices.',
    periods: METRIC_PERIODS,
    columns: {
      ...UNIT_COLUMNS,
      ...DAY_COLUMNS,
      hour: column.integer('ours', "0 to 23, by the office's clock"),
      arrivals: column.integer('ours', 'users whose first detection of the day was in the hour'),
      arrivalShare: column.maybeNumber('ours', 'arrivals / users who came, counted once a day'),
      averageArrivals: column.maybeNumber('ours', 'arrivals / reportedDays'),
      departures: column.integer(
        'ours',
        'users whose last detection of the day was in the hour, if it was later than the first',
      ),
    },
    read: readArrivals,
  },
  {
    ...ofAttendance,
    path: 'metrics/dwell',
    summary: 'How long people stay, by unit and period',
    description:
      `${UNITS} A stay is the time from the first to the last detection of a day at the office, in whole minutes. It ` +
      'is measured if the last detection is in a later minute than the first. By organisation, these are the first ' +
      'and the last detection at all offices.',
    periods: METRIC_PERIODS,
    columns: {
      ...UNIT_COLUMNS,
      ...DAY_COLUMNS,
      attendance: column.integer('ours', 'users who came, counted once a day'),
      measured: column.integer('ours', 'those whose stay is measured'),
      measuredShare: column.maybeNumber('ours', 'measured / attendance'),
      averageMinutes: column.maybeNumber('ours', 'of measured stays'),
      medianMinutes: column.maybeNumber('ours', 'of measured stays'),
      percentile90Minutes: column.maybeNumber('ours', 'nine of ten measured stays were at most as long'),
    },
    read: readDwell,
  },
  {
    ...ofAggregates,
    path: 'metrics/usage',
    summary: 'How much desks and zones are used, by period',
    description:
      'One row for each desk or zone in use, and each period with an office day. A person uses a zone in which the ' +
      'person counts, as in metrics. A person uses the desks at which the person was detected; without such a ' +
      'detection, the booked desk, if the person counts in its zone. locationIds accepts offices, levels and zones.',
    filters: ['dates', 'locationIds', 'usage'],
    periods: BY_RANGE_FIRST,
    columns: {
      ...PLACE_COLUMNS,
      ...DAY_COLUMNS,
      usedDays: column.integer('ours', 'days on which somebody used it'),
      usedShare: column.maybeNumber('ours', 'usedDays / reportedDays'),
      bookedDays: column.integer('ours', 'days on which somebody had booked it'),
      bookedShare: column.maybeNumber('ours', 'bookedDays / officeDays'),
      unusedBookedDays: column.integer(
        'ours',
        'reported days that have ended, on which somebody had booked it and nobody used it',
      ),
      attendance: column.integer('ours', 'users who used it, counted once a day'),
      people: column.integer('ours', 'different people who used it'),
      exact: column.boolean('ours', EXACT),
    },
    read: readUsage,
  },
  {
    path: 'metrics/occupancy',
    summary: "Occupancy of rooms and other nodes, by hour of their office's clock",
    description:
      'An occupancy event holds until the next event of the same node, at most to the end of the day at the office. ' +
      'One row for each hour with known occupancy; averages are weighted by time. When clocks are set back, the ' +
      'repeated hour has two rows with different hourStart. Sorted by day, office, node and hour.',
    filters: ['dates', 'locationIds'],
    longestWindowDays: LONGEST_WINDOW_DAYS,
    isShort: true,
    ofOffices: true,
    columns: {
      day: column.day('ours'),
      hour: column.integer('ours', "0 to 23, by the office's clock"),
      hourStart: column.instant('ours'),
      locationType: oneOf(NODE_KINDS, 'ours', 'the kind of node'),
      locationId: column.id('ours', "the office's"),
      locationName: column.text('ours', "the office's"),
      levelId: column.maybeId('ours'),
      levelName: column.maybeText('ours'),
      zoneId: column.maybeId('ours'),
      zoneName: column.maybeText('ours'),
      placeId: column.maybeId('ours'),
      placeName: column.maybeText('ours'),
      spaceId: column.maybeId('ours'),
      spaceName: column.maybeText('ours'),
      knownMinutes: column.number('ours', 'minutes of the hour with known occupancy'),
      occupiedShare: column.number('ours', 'share of knownMinutes in which the node was occupied'),
      averageOccupancy: column.maybeNumber(
        'ours',
        'people, over knownMinutes; null if the node was occupied by an unknown number',
      ),
      maximumOccupancy: column.maybeNumber('ours', 'people; null if averageOccupancy is null'),
      capacity: column.maybeInteger('ours', 'people, today'),
      utilisation: column.maybeNumber('ours', 'averageOccupancy / capacity'),
    },
    read: readOccupancyMetrics,
  },
];
