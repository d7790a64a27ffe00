import { NODE_KINDS } from '../store/directory/nodes.ts';
import { attendanceKeptFrom } from '../store/warehouse/attendance-retention.ts';
import {
  OCCUPANCY_ORDER,
  PRESENCE_ORDER,
  readOccupancy,
  readPresence,
  readUserChanges,
  readVisitors,
  USER_CHANGES_ORDER,
  VISITORS_ORDER,
  wholeDesks,
  wholeGroups,
  wholeLocations,
  wholeSpaces,
  wholeUsers,
} from '../store/warehouse/datasets.ts';
import { PLAN_KINDS } from '../store/workday/day-plans.ts';
import { ATTENDANCE_TYPES } from '../workday/attendance.ts';
import { column, oneOf, optional, shared } from './columns.ts';
import type { Dataset } from './dataset.ts';
import { metricsDatasets } from './metrics-datasets.ts';
import { ATTENDANCE_ORDER, readUserBookingAttendance } from './user-booking-attendance.ts';

const STATUSES = ['active', 'inactive'] as const;

/** The ids and names of a node and of the nodes that contain it. */
const NODE = shared('place', {
  locationType: oneOf(NODE_KINDS, 'ours'),
  locationId: column.id('ours'),
  locationName: column.text('ours'),
  levelId: optional(column.id('ours')),
  levelName: optional(column.text('ours')),
  zoneId: optional(column.id('ours')),
  zoneName: optional(column.text('ours')),
  placeId: optional(column.id('ours')),
  placeName: optional(column.text('ours')),
  spaceId: optional(column.id('ours')),
  spaceName: optional(column.text('ours')),
});

export const datasets: readonly Dataset[] = [
  {
    path: 'users',
    summary: 'Users, active and inactive',
    isShort: true,
    filters: [],
    columns: {
      email: column.maybeText('doc'),
      firstName: column.maybeText('doc'),
      lastName: column.maybeText('doc'),
      onboarded: column.boolean('doc'),
      primaryGroupId: column.maybeId('doc'),
      primaryLocationId: column.maybeId('doc'),
      status: oneOf(STATUSES, 'doc'),
      userId: column.id('doc'),
      userName: column.text('doc'),
      employeeNumber: optional(column.text('ours', 'the attribute of this name, if the user has it')),
    },
    key: ['userId'],
    ...wholeUsers,
  },
  {
    path: 'groups',
    summary: 'Groups of users and their hierarchy, retired groups included',
    isShort: true,
    filters: [],
    columns: {
      groupId: column.id('ours'),
      groupName: column.text('ours'),
      groupType: column.text('ours'),
      parentGroupId: column.maybeId('ours', 'null at the top'),
      status: oneOf(STATUSES, 'ours'),
    },
    key: ['groupId'],
    ...wholeGroups,
  },
  {
    path: 'locations',
    summary: 'Offices',
    isShort: true,
    filters: [],
    columns: {
      locationId: column.id('doc'),
      locationName: column.text('doc'),
      address: column.maybeText('doc'),
      status: oneOf(STATUSES, 'doc'),
      timeZone: column.text('ours', 'IANA name'),
    },
    key: ['locationId'],
    ...wholeLocations,
  },
  {
    path: 'desks',
    summary: 'Desks, with their zone, level and office',
    isShort: true,
    filters: [],
    columns: {
      deskId: column.id('ours'),
      deskName: column.text('ours'),
      zoneId: column.id('ours'),
      zoneName: column.text('ours'),
      levelId: column.id('ours'),
      levelName: column.text('ours'),
      locationId: column.id('ours'),
      locationName: column.text('ours'),
      status: oneOf(STATUSES, 'ours'),
    },
    key: ['deskId'],
    ...wholeDesks,
  },
  {
    path: 'spaces',
    summary: 'Rooms and booths, with their level and office',
    isShort: true,
    filters: [],
    columns: {
      spaceId: column.id('ours'),
      spaceName: column.text('ours'),
      spaceType: column.maybeText('ours'),
      capacity: column.maybeInteger('ours', 'people'),
      levelId: column.id('ours'),
      levelName: column.text('ours'),
      locationId: column.id('ours'),
      locationName: column.text('ours'),
      status: oneOf(STATUSES, 'ours'),
    },
    key: ['spaceId'],
    ...wholeSpaces,
  },
  {
    path: 'presence',
    summary: 'Presence events, by the local day of their office',
    filters: ['dates', 'locationIds', 'userIds'],
    columns: {
      eventId: column.text('ours'),
      timestamp: column.instant('ours'),
      day: column.day('ours'),
      ...shared('person', { userId: column.id('ours'), userEmail: column.maybeText('ours') }),
      sourceId: column.text('ours'),
      sourceUserId: column.maybeText('ours'),
      ...NODE,
    },
    key: ['timestamp', 'userId', 'sourceId', 'eventId'],
    order: PRESENCE_ORDER,
    read: readPresence,
  },
  {
    path: 'user-booking-attendance',
    summary: 'Plans and bookings, and whether users came',
    description:
      'One row for each stored plan, and one for each walk-in: a user detected at an office that is not in the plan. ' +
      'A plan that a presence event made is a walkIn. The row of a plan has its booking. attendanceType is absent ' +
      'for plans without an office. It is also absent for a user who was not detected, until the day has ended at the ' +
      'office. Sorted by day, user and attendanceLocationId; the row without one comes first.',
    filters: ['dates', 'locationId'],
    columns: {
      ...shared('person', {
        userId: column.id('doc'),
        primaryLocationId: column.maybeId('doc'),
        primaryLocationName: column.maybeText('doc'),
      }),
      day: column.day('doc'),
      plan: oneOf(PLAN_KINDS, 'doc', 'o office, r remote, a away; a if there is no plan'),
      ...shared('booking', {
        bookingDepth: optional(oneOf([1, 2, 3], 'doc', '1 office, 2 zone, 3 desk')),
      }),
      attendanceType: optional(oneOf(ATTENDANCE_TYPES, 'doc')),
      ...shared('booking', {
        bookingLocationId: optional(column.id('doc')),
        bookingLocationName: optional(column.text('doc')),
        bookingLevelId: optional(column.id('doc')),
        bookingLevelName: optional(column.text('doc')),
        bookingZoneId: optional(column.id('doc')),
        bookingZoneName: optional(column.text('doc')),
        bookingPlaceId: optional(column.id('doc')),
        bookingPlaceName: optional(column.text('doc')),
      }),
      ...shared('person', {
        primaryGroupId: optional(column.id('doc')),
        primaryGroupName: optional(column.text('ours')),
      }),
      ...shared('office', {
        attendanceLocationId: optional(
          column.id('ours', 'the office where the user was detected, else the office of the plan'),
        ),
        attendanceLocationName: optional(column.text('ours')),
      }),
    },
    key: ['day', 'userId', 'attendanceLocationId'],
    hasDeletions: true,
    keptFrom: attendanceKeptFrom,
    order: ATTENDANCE_ORDER,
    read: readUserBookingAttendance,
  },
  {
    path: 'change-log/user',
    summary: 'Changes of plans and bookings, by the UTC date of the change',
    description:
      'startDate and endDate are dates of eventTime, in UTC, not of the changed day. Sorted by that date, then user, ' +
      'then eventTime. A change of a plan and the change of its booking have the same actionId.',
    filters: ['dates', 'userIds'],
    columns: {
      eventTime: column.instant('ours'),
      userId: column.id('ours'),
      day: column.day('ours', 'the day whose plan or booking changed'),
      category: oneOf(['plan', 'booking'], 'ours'),
      action: column.text('ours'),
      description: column.text('ours'),
      changedBy: oneOf(['user', 'admin', 'engine', 'integration'], 'ours'),
      changedByName: column.maybeText('ours'),
      reason: column.maybeText('ours'),
      actionId: column.id('ours'),
      before: column.maybeObject('ours', 'null if there was none'),
      after: column.maybeObject('ours', 'null if there is none'),
    },
    key: ['actionId', 'category'],
    order: USER_CHANGES_ORDER,
    read: readUserChanges,
  },
  {
    path: 'occupancy',
    summary: 'Occupancy events, by the local day of their office',
    filters: ['dates', 'locationIds'],
    columns: {
      eventId: column.text('ours'),
      timestamp: column.instant('ours'),
      day: column.day('ours'),
      occupied: column.boolean('ours'),
      occupancy: column.maybeNumber('ours', 'people'),
      sourceId: column.text('ours'),
      ...NODE,
    },
    key: ['timestamp', 'sourceId', 'eventId'],
    order: OCCUPANCY_ORDER,
    read: readOccupancy,
  },
  {
    path: 'visitors',
    summary: 'Arrivals of visitors, by the local day of their office',
    filters: ['dates', 'locationIds'],
    columns: {
      eventId: column.text('ours'),
      timestamp: column.instant('ours'),
      day: column.day('ours'),
      visitorName: column.text('ours'),
      visitorEmail: column.maybeText('ours'),
      visitorCompany: column.maybeText('ours'),
      hostUserId: column.maybeId('ours'),
      sourceId: column.text('ours'),
      locationId: column.id('ours', "the office's"),
      locationName: column.text('ours', "the office's"),
    },
    key: ['timestamp', 'sourceId', 'eventId'],
    order: VISITORS_ORDER,
    read: readVisitors,
  },
  ...metricsDatasets,
];
