import {
  type DatasetReader,
  readDesks,
  readGroups,
  readLocations,
  readOccupancy,
  readPresence,
  readSpaces,
  readUsers,
  readVisitors,
} from '../store/datasets.ts';
import { NODE_KINDS } from '../store/nodes.ts';
import { type Column, column, oneOf, optional } from './columns.ts';

/** A dataset of the warehouse. Its routes, their documentation and its row's serializer follow from this. */
export interface Dataset {
  /** Below /v1/analytics/. */
  path: string;
  summary: string;
  /** What a call may be narrowed by; `dates` are required where a dataset takes them. */
  filters: readonly ('dates' | 'locationIds' | 'userIds')[];
  /** In the order in which they go out. */
  columns: Record<string, Column>;
  read: DatasetReader;
}

const STATUSES = ['active', 'inactive'] as const;

/** A node by its ids and names, with all that it is in. */
const PLACE = {
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
} as const satisfies Record<string, Column>;

export const datasets: readonly Dataset[] = [
  {
    path: 'users',
    summary: 'People, active and inactive',
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
    },
    read: readUsers,
  },
  {
    path: 'groups',
    summary: 'Groups of people and the hierarchy they form, retired groups included',
    filters: [],
    columns: {
      groupId: column.id('ours'),
      groupName: column.text('ours'),
      groupType: column.text('ours'),
      parentGroupId: column.maybeId('ours', 'null at the top'),
      status: oneOf(STATUSES, 'ours'),
    },
    read: readGroups,
  },
  {
    path: 'locations',
    summary: 'Offices',
    filters: [],
    columns: {
      locationId: column.id('doc'),
      locationName: column.text('doc'),
      address: column.maybeText('doc'),
      status: oneOf(STATUSES, 'doc'),
      timeZone: column.text('ours', 'IANA name'),
    },
    read: readLocations,
  },
  {
    path: 'desks',
    summary: 'Desks, with the zone, level and office they are in',
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
    read: readDesks,
  },
  {
    path: 'spaces',
    summary: 'Rooms and booths, with the level and office they are in',
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
    read: readSpaces,
  },
  {
    path: 'presence',
    summary: 'Presence events, by the local day of their office',
    filters: ['dates', 'locationIds', 'userIds'],
    columns: {
      eventId: column.text('ours'),
      timestamp: column.instant('ours'),
      day: column.day('ours'),
      userId: column.id('ours'),
      userEmail: column.maybeText('ours'),
      sourceId: column.text('ours'),
      sourceUserId: column.maybeText('ours'),
      ...PLACE,
    },
    read: readPresence,
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
      ...PLACE,
    },
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
    read: readVisitors,
  },
];
