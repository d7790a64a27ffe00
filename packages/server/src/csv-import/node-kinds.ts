import {
  type DeskItem,
  type LocationItem,
  type SpaceItem,
  upsertDesks,
  upsertLocations,
  upsertSpaces,
} from '../directory/nodes.ts';
import { optional, readCount, required } from './columns.ts';
import { BATCH_ROWS, type CsvKind, EXAMPLE_ID, STATUS } from './kind.ts';

const LOCATION_COLUMNS = [
  optional(
    'locationId',
    'The location, which must exist. It, or its name, or both when they agree',
    EXAMPLE_ID.location,
  ),
  optional('locationName', 'The location by its name, which only one may have', 'Harbour House'),
];
const LEVEL_COLUMNS = [
  optional('levelId', 'GUID, kept when the level is new', EXAMPLE_ID.level),
  required('levelName', 'Made when the location has no such level', 'Level 3'),
];

export const locations: CsvKind<LocationItem> = {
  word: 'location',
  reason: 'Import of locations',
  batchRows: BATCH_ROWS,
  nameOf: ({ locationName }) => locationName,
  upsert: upsertLocations,
  columns: [
    optional('locationId', 'GUID, kept', EXAMPLE_ID.location),
    required('locationName', 'Unique; matches an existing location when no id is given', 'Harbour House'),
    optional('address', 'One text', '1 Quay Street, Sydney'),
    required('timeZone', 'IANA name', 'Australia/Sydney'),
    optional('status', STATUS, 'active'),
  ],
  anyOf: [],
};

export const desks: CsvKind<DeskItem> = {
  word: 'desk',
  reason: 'Import of desks',
  batchRows: BATCH_ROWS,
  nameOf: ({ deskName }) => deskName,
  upsert: upsertDesks,
  columns: [
    optional('deskId', 'GUID, kept', EXAMPLE_ID.desk),
    required('deskName', 'Unique in its zone; matches an existing desk when no id is given', 'Desk 12'),
    optional('zoneId', 'GUID, kept when the zone is new', EXAMPLE_ID.zone),
    required('zoneName', 'Made when the level has no such zone', 'North'),
    ...LEVEL_COLUMNS,
    ...LOCATION_COLUMNS,
    optional('status', STATUS, 'active'),
  ],
  anyOf: [['locationId', 'locationName']],
};

export const spaces: CsvKind<SpaceItem> = {
  word: 'space',
  reason: 'Import of spaces',
  batchRows: BATCH_ROWS,
  nameOf: ({ spaceName }) => spaceName,
  upsert: upsertSpaces,
  columns: [
    optional('spaceId', 'GUID, kept', EXAMPLE_ID.space),
    required('spaceName', 'Unique on its level; matches an existing space when no id is given', 'Jetty'),
    optional('spaceType', 'Any text', 'meeting room'),
    optional('capacity', 'A whole number from 0', '8', readCount),
    ...LEVEL_COLUMNS,
    ...LOCATION_COLUMNS,
    optional('status', STATUS, 'active'),
  ],
  anyOf: [['locationId', 'locationName']],
};
