import { METRIC_PERIODS, METRIC_UNITS, USAGE_UNITS } from '../store/warehouse/metrics.ts';
import { type Column, column, oneOf, shared } from './columns.ts';
import { CHANGING, COMPARED, previousOf } from './comparison.ts';

type Columns = Record<string, Column>;

/** The period of a row, and the columns of its unit. */
const head = (by: readonly string[], unit: Columns): Columns => ({
  ...shared('span', {
    by: oneOf(by, 'ours'),
    period: oneOf(METRIC_PERIODS, 'ours'),
    periodStart: column.day('ours', 'the first day of the whole period; for a week its Monday'),
    firstDay: column.day('ours', 'the first day of the period within the window'),
    lastDay: column.day('ours', 'the last day of the period within the window'),
    complete: column.boolean(
      'ours',
      'the window contains the whole period, and the period has ended at the office',
    ),
  }),
  ...shared('unit', {
    locationId: column.maybeId('ours', "the office's; null for all offices together"),
    locationName: column.maybeText('ours', "the office's"),
    levelId: column.maybeId('ours'),
    levelName: column.maybeText('ours'),
    zoneId: column.maybeId('ours'),
    zoneName: column.maybeText('ours'),
    ...unit,
  }),
});

/** The period and the unit of a row of metrics. */
export const UNIT_COLUMNS = head(METRIC_UNITS, {
  groupId: column.maybeId('ours'),
  groupName: column.maybeText('ours'),
});

/** The period of a row of usage, and its desk or zone. */
export const PLACE_COLUMNS = head(USAGE_UNITS, {
  placeId: column.maybeId('ours', "the desk's; null for a zone"),
  placeName: column.maybeText('ours', "the desk's"),
});

export const DAY_COLUMNS: Columns = {
  ...shared('days', {
    officeDays: column.integer(
      'ours',
      'days on which users were detected, or had planned to come and the day has ended',
    ),
    reportedDays: column.integer('ours', 'office days on which presence reporting worked'),
    reportingShare: column.maybeNumber('ours', 'reportedDays / officeDays'),
  }),
};

/** The attendance of a unit, and its statistics. */
export const ATTENDANCE_COLUMNS: Columns = {
  attendance: column.integer('ours', 'users who came, counted once a day: confirmed + walkIn'),
  confirmed: column.integer('ours', 'planned and detected'),
  noShow: column.integer('ours', 'planned and not detected, although presence reporting worked'),
  unconfirmed: column.integer('ours', 'planned, not detected, on a day without presence reporting'),
  walkIn: column.integer('ours', 'detected without a plan for the office'),
  confirmedRate: column.maybeNumber('ours', 'confirmed / (confirmed + noShow)'),
  noShowRate: column.maybeNumber('ours', 'noShow / (confirmed + noShow)'),
  unconfirmedRate: column.maybeNumber('ours', 'unconfirmed / (confirmed + noShow + unconfirmed)'),
  walkInRate: column.maybeNumber('ours', 'walkIn / attendance'),
  averageAttendance: column.maybeNumber('ours', 'people per reported day'),
  peakAttendance: column.maybeInteger('ours', 'people on the fullest reported day'),
  percentile90Attendance: column.maybeNumber('ours', 'people; nine of ten reported days had at most as many'),
  medianWeeklyPeak: column.maybeNumber('ours', 'people; of the fullest reported day of each ISO week'),
  medianWeeklyLow: column.maybeNumber('ours', 'people; of the emptiest reported day of each ISO week'),
  capacity: column.maybeInteger('ours', 'people, by the desks and zones of today; null for groups'),
  utilisation: column.maybeNumber('ours', 'averageAttendance / capacity'),
  peakUtilisation: column.maybeNumber('ours', 'peakAttendance / capacity'),
};

const COMPARED_COLUMNS: Columns = {
  ...DAY_COLUMNS,
  people: column.integer('ours', 'different people who came'),
  ...ATTENDANCE_COLUMNS,
};

/** What the column `exact` says. */
export const EXACT =
  'false: people is an upper bound, because people without a name have a pseudonym for each calendar year';

/** The numbers of a period and of the period before it, and their changes. */
export const COMPARISON_COLUMNS: Columns = {
  previousFirstDay: column.day('ours', 'the first day of the period before, as far as it is compared'),
  previousLastDay: column.day('ours', 'the last day of the period before, as far as it is compared'),
  previousComplete: column.boolean('ours', 'as complete, of the period before'),
  exact: column.boolean('ours', EXACT),
  previousExact: column.boolean('ours', 'as exact, of the period before'),
  ...Object.fromEntries(
    COMPARED.flatMap((name) => {
      const { part: _, ...own } = COMPARED_COLUMNS[name] as Column;
      return [
        [name, own],
        [previousOf(name), own],
      ];
    }),
  ),
  ...Object.fromEntries(
    CHANGING.map((name) => [
      `${name}Change`,
      column.maybeNumber('ours', `(${name} - ${previousOf(name)}) / ${previousOf(name)}`),
    ]),
  ),
};
