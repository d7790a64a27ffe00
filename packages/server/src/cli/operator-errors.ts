import { AccountError } from '../auth/manage-accounts.ts';
import { KeyError } from '../auth/manage-keys.ts';
import { MasterKeyError } from '../auth/secrets.ts';
import { DemoError } from '../demo/errors.ts';
import { EmbeddedServerError } from '../embedded/index.ts';
import { FileError } from '../files/errors.ts';
import { BackupError, RestoreError } from '../store/backup/errors.ts';
import { UnusableDatabaseError } from '../store/connections/check-database.ts';
import { StoreUnavailableError } from '../store/connections/unavailable.ts';
import { MigrationError, SchemaTooNewError } from '../store/schema/migrate.ts';
import { UnrestrictedRoleError } from '../store/schema/roles.ts';
import { EarlierServersError } from '../store/schema/rolling.ts';
import { CliError } from './errors.ts';

const OPERATOR_ERRORS = [
  CliError,
  KeyError,
  AccountError,
  MasterKeyError,
  EmbeddedServerError,
  SchemaTooNewError,
  MigrationError,
  EarlierServersError,
  UnrestrictedRoleError,
  StoreUnavailableError,
  DemoError,
  FileError,
  BackupError,
  RestoreError,
  UnusableDatabaseError,
];

/** Whether the error's message is a sentence for the user of the command. */
export function isOperatorError(error: unknown): error is Error {
  return OPERATOR_ERRORS.some((kind) => error instanceof kind);
}
