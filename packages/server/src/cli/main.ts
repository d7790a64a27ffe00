#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { KeyError } from '../auth/manage-keys.ts';
import { MasterKeyError } from '../auth/secrets.ts';
import { DemoError } from '../demo/errors.ts';
import { ImportError } from '../directory/import.ts';
import { BackupError, RestoreError } from '../store/backup/errors.ts';
import { EmbeddedServerError } from '../store/embedded/index.ts';
import { SchemaTooNewError } from '../store/migrate.ts';
import { UnusableDatabaseError } from '../store/reach.ts';
import { UnrestrictedRoleError } from '../store/roles.ts';
import { StoreUnavailableError } from '../store/unavailable.ts';
import { VERSION } from '../store/version.ts';
import { backupCommand, restoreCommand } from './backup.ts';
import { demoCommand } from './demo.ts';
import { CliError } from './errors.ts';
import { eventsCommand } from './events.ts';
import { exportCommand } from './export.ts';
import { importCommand } from './import.ts';
import { Interrupted } from './interruption.ts';
import { jobsCommand } from './jobs-command.ts';
import { keysCommand } from './keys.ts';
import { openapiCommand } from './openapi.ts';
import { orgsCommand } from './orgs.ts';
import { remark } from './output.ts';
import { scimTokensCommand } from './scim-tokens.ts';
import { serveCommand } from './serve-command.ts';
import { submitCommand } from './submit.ts';

const SPOKEN_ERRORS = [
  CliError,
  KeyError,
  MasterKeyError,
  EmbeddedServerError,
  SchemaTooNewError,
  UnrestrictedRoleError,
  StoreUnavailableError,
  DemoError,
  ImportError,
  BackupError,
  RestoreError,
  UnusableDatabaseError,
];

const program = new Command('rollcall')
  .description('Workplace presence behind the Calven customer API, on your own machines.')
  .version(VERSION)
  .showHelpAfterError('(add --help for what there is)')
  .addCommand(demoCommand())
  .addCommand(serveCommand())
  .addCommand(keysCommand())
  .addCommand(scimTokensCommand())
  .addCommand(orgsCommand())
  .addCommand(importCommand())
  .addCommand(submitCommand())
  .addCommand(exportCommand())
  .addCommand(eventsCommand())
  .addCommand(jobsCommand())
  .addCommand(backupCommand())
  .addCommand(restoreCommand())
  .addCommand(openapiCommand());

try {
  await program.parseAsync();
} catch (error) {
  // What was interrupted may still wait for something.
  if (error instanceof Interrupted) process.exit(error.exitCode);
  process.exitCode = 1;
  if (error instanceof CommanderError) process.exitCode = error.exitCode;
  else if (SPOKEN_ERRORS.some((kind) => error instanceof kind))
    remark(`rollcall: ${(error as Error).message}`);
  else
    remark(
      `rollcall: something unexpected went wrong. ${error instanceof Error ? error.stack : String(error)}`,
    );
}
