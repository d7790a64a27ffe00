import { setTimeout as delay } from 'node:timers/promises';
import type { Rollcall } from '@rollcall/sdk';
import { Command } from 'commander';
import { CLIENT_SETTINGS, type ClientConfig } from '../config.ts';
import { parseGuid } from '../store/values/guid.ts';
import { clientOf, throwAsCliError } from './client.ts';
import { saveExport } from './download.ts';
import { CliError } from './errors.ts';
import { catchInterruption, untilSettled } from './interruption.ts';
import { refuseExisting } from './new-file.ts';
import { toOptions } from './options.ts';
import { forTerminal, print } from './output.ts';
import { showProgress } from './progress.ts';

interface ExportOptions extends ClientConfig {
  secretFile?: string;
  out: string;
  json?: true;
}

/** The server counts the rows of years within this time. */
const LONGEST_COUNT_MS = 3_600_000;

/** `rollcall people`. */
export function peopleCommand(): Command {
  return new Command('people')
    .description('what a server holds about people')
    .addCommand(exportCommand())
    .addCommand(eraseCommand());
}

function exportCommand(): Command {
  const command = new Command('export')
    .description('download everything that a server holds about one person, as a ZIP file of JSON and CSV')
    .argument('<person>', 'id, user name or e-mail address of the user')
    .requiredOption('--out <file>', 'the file to write; it has personal data')
    .option(
      '--secret-file <path>',
      'file that holds the secret (default: ROLLCALL_SECRET, else standard input)',
    )
    .option('--json', 'print the report as JSON')
    .action(async (person: string, options: ExportOptions) => {
      refuseExisting(options.out);
      const client = await clientOf(options);
      const report = await untilSettled(exportPerson(client, person, options.out)).catch(throwAsCliError);
      const { file, userName, bytes } = report;
      print(options.json ? JSON.stringify(report) : `${file}: ${forTerminal(userName)}, ${bytes} bytes.`);
    });
  for (const option of toOptions(CLIENT_SETTINGS)) command.addOption(option);
  return command;
}

interface EraseOptions extends ClientConfig {
  secretFile?: string;
  yes?: true;
  json?: true;
}

function eraseCommand(): Command {
  const command = new Command('erase')
    .description('erase one person; without --yes, only count what is held')
    .argument('<person>', 'id, user name or e-mail address of the user')
    .option('--yes', 'erase the person; nobody can undo it')
    .option(
      '--secret-file <path>',
      'file that holds the secret (default: ROLLCALL_SECRET, else standard input)',
    )
    .option('--json', 'print the report as JSON')
    .action(async (person: string, options: EraseOptions) => {
      const client = await clientOf(options);
      const report = await untilSettled(erasePerson(client, person, options)).catch(throwAsCliError);
      print(options.json ? JSON.stringify(report) : describeErasure(report));
    });
  for (const option of toOptions(CLIENT_SETTINGS)) command.addOption(option);
  return command;
}

const LOOK_AGAIN_MS = 1_000;

/** The erasure of a user, with what was held before. With `yes`, it waits until the server has erased the user. */
async function erasePerson(client: Rollcall, person: string, { yes }: EraseOptions) {
  const signal = catchInterruption();
  const { users } = client.manage;
  const userId = parseGuid(person) ?? (await findUser(client, person, signal)).userId;
  const options = { signal, timeoutMs: LONGEST_COUNT_MS };
  const before = await users.erasure(userId, options);
  if (!yes || (before.erasure?.finishedAt && before.categories.length === 0)) return before;
  await users.erase(userId, options);
  const progress = showProgress('Erasing', 'rows');
  try {
    for (;;) {
      const { erasure } = await users.erasure(userId, options);
      if (erasure?.finishedAt) return { ...before, erasure };
      const rows = Object.values(erasure?.rows ?? {}).reduce((sum, count) => sum + count, 0);
      progress.update(rows, undefined);
      await delay(LOOK_AGAIN_MS, undefined, { signal });
    }
  } finally {
    progress.stop();
  }
}

function describeErasure({ userId, categories, erasure }: Awaited<ReturnType<typeof erasePerson>>): string {
  const held = categories
    .filter(({ rows, pseudonymRows }) => rows + pseudonymRows > 0)
    .map(({ name, rows, pseudonymRows, erasure: effect }) => {
      const further = pseudonymRows > 0 ? `; ${pseudonymRows} more under a pseudonym, which stay` : '';
      return `${name}: ${rows} rows, ${effect}${further}`;
    });
  const end = erasure?.finishedAt
    ? `${userId} was erased at ${erasure.finishedAt}.`
    : erasure
      ? `${userId} is being erased, since ${erasure.requestedAt}.`
      : `Nothing is erased. Repeat the command with --yes to erase ${userId}; nobody can undo it.`;
  return [...held, end].join('\n');
}

async function exportPerson(client: Rollcall, person: string, file: string) {
  const signal = catchInterruption();
  const { userId, userName } = await findUser(client, person, signal);
  const bytes = await saveExport(file, signal, (options) =>
    client.manage.users.exportStream(userId, options),
  );
  return { file, userId, userName, bytes };
}

/** The one user with this id, user name or e-mail address. Throws `CliError` if there is none, or if there are several. */
async function findUser(
  client: Rollcall,
  person: string,
  signal: AbortSignal,
): Promise<{ userId: string; userName: string }> {
  const { users } = client.manage;
  const userId = parseGuid(person);
  if (userId !== undefined) return users.get(userId, { signal });
  const found = [
    ...(await users.list({ userName: person }, { signal })),
    ...(await users.list({ email: person }, { signal })),
  ];
  const [user, ...others] = [...new Map(found.map((each) => [each.userId, each])).values()];
  if (!user) throw new CliError(`No user has the user name or e-mail address ${forTerminal(person)}.`);
  if (others.length > 0) {
    const ids = [user, ...others].map((each) => `${each.userId} (${each.status})`).join(', ');
    throw new CliError(`Several users have ${forTerminal(person)}; name one of them by its id: ${ids}.`);
  }
  return user;
}
