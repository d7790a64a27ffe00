import { type UserItem, upsertUsers } from '../directory/users.ts';
import { optional, readBoolean, required } from './columns.ts';
import { BATCH_ROWS, type CsvKind, EXAMPLE_ID, STATUS } from './kind.ts';

export const users: CsvKind<UserItem> = {
  word: 'user',
  reason: 'Import of people',
  batchRows: BATCH_ROWS,
  nameOf: ({ userName }) => userName,
  upsert: upsertUsers,
  columns: [
    optional('userId', 'GUID, kept', EXAMPLE_ID.user),
    required(
      'userName',
      'Unique without regard to case; matches an existing user when no id is given',
      'ada@example.com',
    ),
    optional('email', 'Kept exactly as written; unique among active users', 'ada@example.com'),
    optional('firstName', 'Any text', 'Ada'),
    optional('lastName', 'Any text', 'Lovelace'),
    optional(
      'onboarded',
      'yes or no, true or false, 1 or 0; no when left out of a new row',
      'true',
      readBoolean,
    ),
    optional('status', STATUS, 'active'),
    optional(
      'primaryLocationId',
      'Their usual location, which must exist. It, or its name, or both when they agree',
      EXAMPLE_ID.location,
    ),
    optional(
      'primaryLocationName',
      'Their usual location by its name, which only one may have',
      'Harbour House',
    ),
  ],
  anyOf: [],
};
