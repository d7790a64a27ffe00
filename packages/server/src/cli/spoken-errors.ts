import { KeyError } from '../auth/manage-keys.ts';
import { MasterKeyError } from '../auth/secrets.ts';
import { DemoError } from '../demo/errors.ts';
import { EmbeddedServerError } from '../embedded/index.ts';
import { FileError } from '../files/errors.ts';
import { BackupError, RestoreError } from '../store/backup/errors.ts';
import { SchemaTooNewError } from '../store/migrate.ts';
import { UnusableDatabaseError } from '../store/reach.ts';
import { UnrestrictedRoleError } from '../store/roles.ts';
import { StoreUnavailableError } from '../store/unavailable.ts';
import { CliError } from './errors.ts';

const SPOKEN_ERRORS = [
  CliError,
  KeyError,
  MasterKeyError,
  EmbeddedServerError,
  SchemaTooNewError,
  UnrestrictedRoleError,
  StoreUnavailableError,
  DemoError,
  FileError,
  BackupError,
  RestoreError,
  UnusableDatabaseError,
];

/** Whether the error's message is a sentence for whoever called the command. */
export function isSpoken(error: unknown): error is Error {
  return SPOKEN_ERRORS.some((kind) => error instanceof kind);
}
