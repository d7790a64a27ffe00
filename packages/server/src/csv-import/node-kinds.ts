import {
  type DeskItem,
  type LocationItem,
  type SpaceItem,
  upsertDesks,
  upsertLocations,
  upsertSpaces,
} from '../directory/nodes.ts';
import { REASONS } from '../store/workday/reasons.ts';
import { optional, readCount, required } from './columns.ts';
import { BATCH_ROWS, type CsvKind, EXAMPLE_ID, STATUS } from './kind.ts';

const LOCATION_COLUMNS = [
  optional(
    'locationId',
    'The id of an existing location. Give locationId, locationName, or both if they agree',
    EXAMPLE_ID.location,
  ),
  optional('locationName', 'The name of the location; only one location may have it', 'Harbour House'),
];
const LEVEL_COLUMNS = [
  optional('levelId', 'A GUID; the server keeps this id for a new level', EXAMPLE_ID.level),
  required('levelName', 'The server creates the level if the location has none of this name', 'Level 3'),
];

export const locations: CsvKind<LocationItem> = {
  word: 'location',
  reason: REASONS.importOfLocations,
  batchRows: BATCH_ROWS,
  nameOf: ({ locationName }) => locationName,
  upsert: upsertLocations,
  columns: [
    optional('locationId', 'A GUID; the server keeps this id', EXAMPLE_ID.location),
    required('locationName', 'Unique; without an id, it identifies an existing location', 'Harbour House'),
    optional('address', 'The address as one text', '1 Quay Street, Sydney'),
    required('timeZone', 'The IANA name of the time zone', 'Australia/Sydney'),
    optional('status', STATUS, 'active'),
  ],
  anyOf: [],
};

export const desks: CsvKind<DeskItem> = {
  word: 'desk',
  reason: REASONS.importOfDesks,
  batchRows: BATCH_ROWS,
  nameOf: ({ deskName }) => deskName,
  upsert: upsertDesks,
  columns: [
    optional('deskId', 'A GUID; the server keeps this id', EXAMPLE_ID.desk),
    required('deskName', 'Unique in its zone; without an id, it identifies an existing desk', 'Desk 12'),
    optional('zoneId', 'A GUID; the server keeps this id for a new zone', EXAMPLE_ID.zone),
    required('zoneName', 'The server creates the zone if the level has none of this name', 'North'),
    ...LEVEL_COLUMNS,
    ...LOCATION_COLUMNS,
    optional('status', STATUS, 'active'),
  ],
  anyOf: [['locationId', 'locationName']],
};

export const spaces: CsvKind<SpaceItem> = {
  word: 'space',
  reason: REASONS.importOfSpaces,
  batchRows: BATCH_ROWS,
  nameOf: ({ spaceName }) => spaceName,
  upsert: upsertSpaces,
  columns: [
    optional('spaceId', 'A GUID; the server keeps this id', EXAMPLE_ID.space),
    required('spaceName', 'Unique on its level; without an id, it identifies an existing space', 'Jetty'),
    optional('spaceType', 'Any text', 'meeting room'),
    optional('capacity', 'A whole number from 0', '8', readCount),
    ...LEVEL_COLUMNS,
    ...LOCATION_COLUMNS,
    optional('status', STATUS, 'active'),
  ],
  anyOf: [['locationId', 'locationName']],
};
