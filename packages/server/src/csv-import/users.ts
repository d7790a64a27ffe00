import { type UserItem, upsertUsers } from '../directory/users.ts';
import { REASONS } from '../store/workday/reasons.ts';
import { optional, readBoolean, required } from './columns.ts';
import { BATCH_ROWS, type CsvKind, EXAMPLE_ID, STATUS } from './kind.ts';

export const users: CsvKind<UserItem> = {
  word: 'user',
  reason: REASONS.importOfUsers,
  batchRows: BATCH_ROWS,
  nameOf: ({ userName }) => userName,
  upsert: upsertUsers,
  columns: [
    optional('userId', 'A GUID; the server keeps this id', EXAMPLE_ID.user),
    required(
      'userName',
      'Unique without regard to case; without an id, it identifies an existing user',
      'ada@example.com',
    ),
    optional('email', 'Kept exactly as written; unique among active users', 'ada@example.com'),
    optional('firstName', 'Any text', 'Ada'),
    optional('lastName', 'Any text', 'Lovelace'),
    optional(
      'onboarded',
      'yes or no, true or false, 1 or 0; default for a new user: no',
      'true',
      readBoolean,
    ),
    optional('status', STATUS, 'active'),
    optional(
      'primaryLocationId',
      'The id of an existing location. Give primaryLocationId, primaryLocationName, or both if they agree',
      EXAMPLE_ID.location,
    ),
    optional(
      'primaryLocationName',
      'The name of the primary location; only one location may have it',
      'Harbour House',
    ),
  ],
  anyOf: [],
};
