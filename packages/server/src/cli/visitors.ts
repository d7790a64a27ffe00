import { Command } from 'commander';
import { CLIENT_SETTINGS, type ClientConfig } from '../config.ts';
import { clientOf, throwAsCliError } from './client.ts';
import { saveExport } from './download.ts';
import { CliError } from './errors.ts';
import { catchInterruption, untilSettled } from './interruption.ts';
import { refuseExisting } from './new-file.ts';
import { toOptions } from './options.ts';
import { print } from './output.ts';

interface Options extends ClientConfig {
  email?: string;
  name?: string;
  day?: string;
  secretFile?: string;
  json?: true;
}

/** The longest time for the arrivals of years. */
const LONGEST_MS = 3_600_000;

/** `rollcall visitors`. */
export function visitorsCommand(): Command {
  return new Command('visitors')
    .description('what a server holds about visitors')
    .addCommand(exportCommand())
    .addCommand(eraseCommand());
}

function exportCommand(): Command {
  return ofVisitor('export')
    .description('download everything that a server holds about one visitor, as a ZIP file of JSON and CSV')
    .requiredOption('--out <file>', 'the file to write; it has personal data')
    .action(async (options: Options & { out: string }) => {
      const visitor = visitorOf(options);
      const { out: file, json } = options;
      refuseExisting(file);
      const client = await clientOf(options);
      const saving = saveExport(file, catchInterruption(), (call) =>
        client.manage.visitors.exportStream(visitor, call),
      );
      const bytes = await untilSettled(saving).catch(throwAsCliError);
      print(json ? JSON.stringify({ file, bytes }) : `${file}: ${bytes} bytes.`);
    });
}

function eraseCommand(): Command {
  return ofVisitor('erase')
    .description('erase a visitor; without --yes, only count the arrivals')
    .option('--yes', 'erase the visitor; nobody can undo it')
    .action(async ({ yes, ...options }: Options & { yes?: true }) => {
      const visitor = visitorOf(options);
      const client = await clientOf(options);
      const call = { dryRun: !yes, signal: catchInterruption(), timeoutMs: LONGEST_MS };
      const report = await untilSettled(client.manage.visitors.erase(visitor, call)).catch(throwAsCliError);
      const { arrivals, refusedEvents } = report;
      const what = `${arrivals} arrivals and ${refusedEvents} refused events`;
      print(
        options.json
          ? JSON.stringify(report)
          : yes
            ? `Erased the visitor in ${what}.`
            : `The visitor is in ${what}. Nothing is erased. Repeat the command with --yes; nobody can undo it.`,
      );
    });
}

/** A command about one visitor, with the options that name the visitor, and those of a client. */
function ofVisitor(name: string): Command {
  const command = new Command(name)
    .option('--email <address>', 'by e-mail address')
    .option('--name <name>', 'by name, with --day')
    .option('--day <day>', 'the local day of the arrival, YYYY-MM-DD')
    .option(
      '--secret-file <path>',
      'file that holds the secret (default: ROLLCALL_SECRET, else standard input)',
    )
    .option('--json', 'print the report as JSON');
  for (const option of toOptions(CLIENT_SETTINGS)) command.addOption(option);
  return command;
}

/** Throws `CliError` unless the visitor is named in one of the two ways. */
function visitorOf({ email, name, day }: Options) {
  if (email === undefined ? name === undefined || day === undefined : name !== undefined || day !== undefined)
    throw new CliError('Give --email, or --name and --day.');
  return { ...(email && { email }), ...(name && { name }), ...(day && { day }) };
}
