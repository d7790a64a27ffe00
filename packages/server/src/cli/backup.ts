import { Command, Option } from 'commander';
import { DATA_SETTINGS, type DataConfig } from '../config.ts';
import { whole } from '../config-values.ts';
import { type EncryptionOptions, readEncryption } from './backup-secrets.ts';
import { withContext } from './context.ts';
import { CliError } from './errors.ts';
import { refuseExisting } from './new-file.ts';
import { parsing, toOptions } from './options.ts';
import { print } from './output.ts';

interface Options extends DataConfig, EncryptionOptions {
  includeMasterKey?: true;
  schedule?: string;
  erasuresSchedule?: string;
  keep?: number;
  json?: true;
}

/** How often a schedule of backups keeps the record of erasures: erasures of so long are lost with the disk of the database. */
const RECORD_SCHEDULE = '*/10 * * * *';

/** `rollcall backup`. */
export function backupCommand(): Command {
  const command = new Command('backup')
    .description('write all data to one file, and read it back; a running server continues')
    .argument('<path>', 'the file to write; with --keep, the directory of the backups')
    .option('--recipient <recipient>', 'encrypt to this recipient of age (age1…); repeatable', collect)
    .option('--recipients-file <path>', 'encrypt to the recipients of age in this file, one a line')
    .option('--passphrase-file <path>', 'encrypt with the passphrase in this file; - reads standard input')
    .option(
      '--include-master-key',
      'put the master key into a file that is not encrypted; the file is then as secret as the data directory',
    )
    .addOption(
      new Option(
        '--keep <count>',
        'write into a directory, and then delete backups of this command there that are older than the newest <count> good ones',
      ).argParser(parsing(whole(1, 10_000))),
    )
    .option(
      '--schedule <cron>',
      'go on, and make a backup at each time of this cron expression, in UTC; with --keep',
    )
    .option(
      '--erasures-schedule <cron>',
      `with --schedule, when the record of erasures is kept beside the backups, too (default: "${RECORD_SCHEDULE}")`,
    )
    .option('--json', 'print the summary of each backup as JSON')
    .action(async (path: string, options: Options) => {
      const encryption = await readEncryption(options);
      const hasMasterKey = encryption !== undefined || options.includeMasterKey === true;
      const { keep, schedule, erasuresSchedule, json = false } = options;
      if (erasuresSchedule !== undefined && schedule === undefined)
        throw new CliError('--erasures-schedule needs --schedule.');
      if (keep === undefined) {
        if (schedule !== undefined)
          throw new CliError('--schedule needs --keep, the number of backups that stay.');
        return backUpToFile(path, options, encryption, hasMasterKey);
      }
      const { backUpOnce, backUpOnSchedule } = await import('./backup/rotation.ts');
      const rotation = { dir: path, keep, config: options, encryption, hasMasterKey, json };
      if (schedule === undefined) return backUpOnce(rotation);
      await backUpOnSchedule(rotation, { backups: schedule, erasures: erasuresSchedule ?? RECORD_SCHEDULE });
    });
  for (const option of toOptions(DATA_SETTINGS)) command.addOption(option);
  return command;
}

async function backUpToFile(
  file: string,
  options: Options,
  encryption: Awaited<ReturnType<typeof readEncryption>>,
  hasMasterKey: boolean,
): Promise<void> {
  refuseExisting(file);
  const { writeVerified } = await import('./backup/write.ts');
  const content = { encryption: encryption?.(), hasMasterKey, createdAt: new Date() };
  const summary = await withContext(options, 'rollcall backup', (context) =>
    writeVerified(file, context, content),
  );
  if (options.json) {
    return print(
      JSON.stringify({ ...summary, encrypted: encryption !== undefined, hasMasterKey, verified: true }),
    );
  }
  const { rows, organisations, bytes } = summary;
  const advice = encryption
    ? 'It is encrypted, and holds the master key.'
    : hasMasterKey
      ? 'Keep it as secret as the data: it holds the master key in clear.'
      : 'It does not hold the master key: keep that key elsewhere, because a restore needs it.';
  print(`${file}: ${rows} rows of ${organisations} organisations, ${bytes} bytes, read back. ${advice}`);
}

function collect(recipient: string, recipients: string[] = []): string[] {
  return [...recipients, recipient];
}
