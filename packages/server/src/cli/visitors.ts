import { Command } from 'commander';
import { CLIENT_SETTINGS, type ClientConfig } from '../config.ts';
import { clientOf, throwAsCliError } from './client.ts';
import { CliError } from './errors.ts';
import { catchInterruption, untilSettled } from './interruption.ts';
import { toOptions } from './options.ts';
import { print } from './output.ts';

interface Options extends ClientConfig {
  email?: string;
  name?: string;
  day?: string;
  secretFile?: string;
  yes?: true;
  json?: true;
}

/** The longest time for the arrivals of years. */
const LONGEST_MS = 3_600_000;

/** `rollcall visitors`. */
export function visitorsCommand(): Command {
  const erase = new Command('erase')
    .description('erase a visitor; without --yes, only count the arrivals')
    .option('--email <address>', 'by e-mail address')
    .option('--name <name>', 'by name, with --day')
    .option('--day <day>', 'the local day of the arrival, YYYY-MM-DD')
    .option('--yes', 'erase the visitor; nobody can undo it')
    .option(
      '--secret-file <path>',
      'file that holds the secret (default: ROLLCALL_SECRET, else standard input)',
    )
    .option('--json', 'print the report as JSON')
    .action(async ({ email, name, day, yes, json, ...options }: Options) => {
      if (
        email === undefined
          ? name === undefined || day === undefined
          : name !== undefined || day !== undefined
      )
        throw new CliError('Give --email, or --name and --day.');
      const visitor = { ...(email && { email }), ...(name && { name }), ...(day && { day }) };
      const client = await clientOf(options);
      const call = { dryRun: !yes, signal: catchInterruption(), timeoutMs: LONGEST_MS };
      const report = await untilSettled(client.manage.visitors.erase(visitor, call)).catch(throwAsCliError);
      const { arrivals, refusedEvents } = report;
      const what = `${arrivals} arrivals and ${refusedEvents} refused events`;
      print(
        json
          ? JSON.stringify(report)
          : yes
            ? `Erased the visitor in ${what}.`
            : `The visitor is in ${what}. Nothing is erased. Repeat the command with --yes; nobody can undo it.`,
      );
    });
  for (const option of toOptions(CLIENT_SETTINGS)) erase.addOption(option);
  return new Command('visitors').description('what a server holds about visitors').addCommand(erase);
}
