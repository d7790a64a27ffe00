#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { CONFIG_FILE_SETTINGS } from '../config-file.ts';
import { VERSION } from '../store/release.ts';
import { listChoicesInErrors } from './choices.ts';
import { COMMANDS } from './commands.ts';
import { Interrupted } from './interruption.ts';
import { remark } from './output.ts';

const program = new Command('rollcall')
  .description('Workplace presence behind the Calven customer API, on your own machines.')
  .version(VERSION)
  .showHelpAfterError('(add --help for the list)');

try {
  const [, , called = ''] = process.argv;
  for (const load of Object.hasOwn(COMMANDS, called) ? [COMMANDS[called]] : Object.values(COMMANDS))
    if (load) program.addCommand(await load());
  listChoicesInErrors(program);
  program.hook('preAction', async (_, command) => {
    if (command.options.some(({ envVar }) => envVar === CONFIG_FILE_SETTINGS.config.env))
      await (await import('./config-file.ts')).applyConfigFile(command);
  });
  await program.parseAsync();
} catch (error) {
  // Interrupted work may still wait for something, which would keep the process alive.
  if (error instanceof Interrupted) process.exit(error.exitCode);
  process.exitCode = 1;
  const { isOperatorError } = await import('./operator-errors.ts');
  if (error instanceof CommanderError) process.exitCode = error.exitCode;
  else if (isOperatorError(error)) remark(`rollcall: ${error.message}`);
  else
    remark(
      `rollcall: something unexpected went wrong. ${error instanceof Error ? error.stack : String(error)}`,
    );
}
