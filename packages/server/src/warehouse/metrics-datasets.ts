import { NODE_KINDS } from '../store/directory/nodes.ts';
import { METRIC_PERIODS, METRIC_UNITS } from '../store/warehouse/metrics.ts';
import { column, oneOf, shared } from './columns.ts';
import type { Dataset } from './dataset.ts';
import { readMetrics } from './metrics.ts';
import { readOccupancyMetrics } from './occupancy-metrics.ts';

const LONGEST_WINDOW_DAYS = 366;

/** Datasets that the server computes; docs/metrics.md has the formula of each number. */
export const metricsDatasets: readonly Dataset[] = [
  {
    path: 'metrics',
    summary: 'Attendance and utilisation by office, level, zone or group, by day, week, month or range',
    description:
      'One row for each period and unit with an office day. An office day is a day on which a user was detected at ' +
      'the office, or on which a user had planned to come and which has ended. Attendance is the same as in ' +
      'user-booking-attendance. Averages, peaks, medians, the percentile and utilisation use only the office days on ' +
      'which presence reporting worked. A quotient with divisor 0 is null. locationIds accepts offices, levels and ' +
      'zones: only users at them or beneath them count. Sorted by period, office, level, zone and group. Users ' +
      'without a known level or zone, or without a group, have a row of their own, which comes first.',
    filters: ['dates', 'locationIds', 'metrics'],
    longestWindowDays: LONGEST_WINDOW_DAYS,
    isShort: true,
    columns: {
      ...shared('span', {
        by: oneOf(METRIC_UNITS, 'ours'),
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
        locationId: column.id('ours', "the office's"),
        locationName: column.text('ours', "the office's"),
        levelId: column.maybeId('ours'),
        levelName: column.maybeText('ours'),
        zoneId: column.maybeId('ours'),
        zoneName: column.maybeText('ours'),
        groupId: column.maybeId('ours'),
        groupName: column.maybeText('ours'),
      }),
      ...shared('days', {
        officeDays: column.integer(
          'ours',
          'days on which users were detected, or had planned to come and the day has ended',
        ),
        reportedDays: column.integer('ours', 'office days on which presence reporting worked'),
        reportingShare: column.maybeNumber('ours', 'reportedDays / officeDays'),
      }),
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
      percentile90Attendance: column.maybeNumber(
        'ours',
        'people; nine of ten reported days had at most as many',
      ),
      medianWeeklyPeak: column.maybeNumber('ours', 'people; of the fullest reported day of each ISO week'),
      medianWeeklyLow: column.maybeNumber('ours', 'people; of the emptiest reported day of each ISO week'),
      capacity: column.maybeInteger('ours', 'people, by the desks and zones of today; null for groups'),
      utilisation: column.maybeNumber('ours', 'averageAttendance / capacity'),
      peakUtilisation: column.maybeNumber('ours', 'peakAttendance / capacity'),
    },
    usesAggregates: true,
    read: readMetrics,
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
