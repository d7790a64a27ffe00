import { NODE_KINDS } from '../store/directory/nodes.ts';
import { METRIC_PERIODS, METRIC_UNITS } from '../store/warehouse/metrics.ts';
import { column, oneOf } from './columns.ts';
import type { Dataset } from './dataset.ts';
import { readMetrics } from './metrics.ts';
import { readOccupancyMetrics } from './occupancy-metrics.ts';

const LONGEST_WINDOW_DAYS = 366;

/** Numbers that are worked out; docs/metrics.md has the formula of each. */
export const metricsDatasets: readonly Dataset[] = [
  {
    path: 'metrics',
    summary: 'Attendance and utilisation by office, level, zone or group, by day, week, month or range',
    description:
      'A row for each period and unit in which there was an office day: a day on which somebody was detected at the office, or was ' +
      'to come and the day has ended. Attendance is as user-booking-attendance has it. Averages, peaks, medians, the percentile and ' +
      'utilisation are of the office days on which presence reporting worked. What would be divided by 0 is null. locationIds takes ' +
      'offices, levels and zones: only what is at them or beneath counts. Ordered by ' +
      'period, office, level, zone and group; those at no known level or zone, or without a group, have a row of their own, the first.',
    filters: ['dates', 'locationIds', 'metrics'],
    longestWindowDays: LONGEST_WINDOW_DAYS,
    isShort: true,
    columns: {
      by: oneOf(METRIC_UNITS, 'ours'),
      period: oneOf(METRIC_PERIODS, 'ours'),
      periodStart: column.day('ours', 'the first day of the whole period: of a week its Monday'),
      firstDay: column.day('ours', 'the first day of the period within the window'),
      lastDay: column.day('ours', 'the last day of the period within the window'),
      complete: column.boolean(
        'ours',
        'the window has all of the period, and all of it is over at the office',
      ),
      locationId: column.id('ours', "the office's"),
      locationName: column.text('ours', "the office's"),
      levelId: column.maybeId('ours'),
      levelName: column.maybeText('ours'),
      zoneId: column.maybeId('ours'),
      zoneName: column.maybeText('ours'),
      groupId: column.maybeId('ours'),
      groupName: column.maybeText('ours'),
      officeDays: column.integer('ours', 'days on which something was expected or seen at the office'),
      reportedDays: column.integer('ours', 'office days on which presence reporting worked'),
      reportingShare: column.maybeNumber('ours', 'reportedDays / officeDays'),
      attendance: column.integer('ours', 'people who came, counted once a day: confirmed + walkIn'),
      confirmed: column.integer('ours', 'planned and detected'),
      noShow: column.integer('ours', 'planned and not detected, though reporting worked'),
      unconfirmed: column.integer('ours', 'planned on a day without reporting'),
      walkIn: column.integer('ours', 'detected without a plan for the office'),
      confirmedRate: column.maybeNumber('ours', 'confirmed / (confirmed + noShow)'),
      noShowRate: column.maybeNumber('ours', 'noShow / (confirmed + noShow)'),
      unconfirmedRate: column.maybeNumber('ours', 'unconfirmed / (confirmed + noShow + unconfirmed)'),
      walkInRate: column.maybeNumber('ours', 'walkIn / attendance'),
      averageAttendance: column.maybeNumber('ours', 'people a reported day'),
      peakAttendance: column.maybeInteger('ours', 'people on the fullest reported day'),
      percentile90Attendance: column.maybeNumber(
        'ours',
        'people; nine of ten reported days had at most as many',
      ),
      medianWeeklyPeak: column.maybeNumber('ours', 'people; of the fullest reported day of each ISO week'),
      medianWeeklyLow: column.maybeNumber('ours', 'people; of the emptiest reported day of each ISO week'),
      capacity: column.maybeInteger(
        'ours',
        'people there is room for, by the places of today; null for groups',
      ),
      utilisation: column.maybeNumber('ours', 'averageAttendance / capacity'),
      peakUtilisation: column.maybeNumber('ours', 'peakAttendance / capacity'),
    },
    read: readMetrics,
  },
  {
    path: 'metrics/occupancy',
    summary: 'How occupied rooms and other places were, by hour of the clock of their office',
    description:
      'What an occupancy event says holds until the next one of the same place, at most to the end of the day at the office. ' +
      'A row for each hour of which anything is known; averages are weighted by time. The hour that clocks are set back over ' +
      'has two rows, told apart by hourStart. Ordered by day, office, place and hour.',
    filters: ['dates', 'locationIds'],
    longestWindowDays: LONGEST_WINDOW_DAYS,
    isShort: true,
    columns: {
      day: column.day('ours'),
      hour: column.integer('ours', "0 to 23, by the office's clock"),
      hourStart: column.instant('ours'),
      locationType: oneOf(NODE_KINDS, 'ours', 'what the place is'),
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
      knownMinutes: column.number('ours', 'minutes of the hour of which the occupancy is known'),
      occupiedShare: column.number('ours', 'share of those in which the place was occupied'),
      averageOccupancy: column.maybeNumber(
        'ours',
        'people, over those; null where it was occupied by nobody knows how many',
      ),
      maximumOccupancy: column.maybeNumber('ours', 'people; null as the average is'),
      capacity: column.maybeInteger('ours', 'people there is room for, today'),
      utilisation: column.maybeNumber('ours', 'averageOccupancy / capacity'),
    },
    read: readOccupancyMetrics,
  },
];
