import { constants, createReadStream, existsSync } from 'node:fs';
import { access, open } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { Command } from 'commander';
import { MasterKey } from '../auth/secrets.ts';
import { ensureSigningKey } from '../auth/signing-keys.ts';
import { DATA_SETTINGS, type DataConfig, MASTER_KEY_ENV } from '../config.ts';
import type { RestoreSummary } from '../store/backup/restore.ts';
import {
  connectTarget,
  givenMasterKey,
  remarkReservedSlugs,
  remarkUnknownTimeZones,
  replaceMasterKey,
  withContext,
  withOwner,
} from './context.ts';
import { CliError, unreadable } from './errors.ts';
import { catchInterruption, unlessInterrupted } from './interruption.ts';
import { inNewFile, refuseExisting, unwritable } from './new-file.ts';
import { toOptions } from './options.ts';
import { print, remark } from './output.ts';
import { showProgress } from './progress.ts';

/** `rollcall backup`. */
export function backupCommand(): Command {
  const command = new Command('backup')
    .description('write all data and the master key to one file; a running server continues')
    .argument('<file>', 'the file to write; it is as secret as the data directory')
    .option('--json', 'print the summary as JSON')
    .action(async (file: string, options: DataConfig & { json?: true }) => {
      refuseExisting(file);
      // Loaded here, so that other commands do not wait for it.
      const { backup } = await import('../store/backup/backup.ts');
      const summary = await withContext(options, 'rollcall backup', ({ target, masterKey }) =>
        inNewFile(file, 'backup', (output) =>
          backup({ target, masterKey: masterKey.bytes(), output, createdAt: new Date() }),
        ),
      );
      const { rows, organisations, bytes } = summary;
      print(
        options.json
          ? JSON.stringify(summary)
          : `${file}: ${rows} rows of ${organisations} organisations, ${bytes} bytes. Keep it as secret as the data.`,
      );
    });
  for (const option of toOptions(DATA_SETTINGS)) command.addOption(option);
  return command;
}

/** `rollcall restore`. */
export function restoreCommand(): Command {
  const command = new Command('restore')
    .description('load a backup into an empty database, completely or not at all')
    .argument('<file>', 'a file that "rollcall backup" wrote')
    .option('--json', 'print the summary as JSON')
    .action(async (file: string, options: DataConfig & { json?: true }) => {
      const handle = await open(file).catch(unreadable(file));
      await handle.close();
      const summary = await restoreFile(file, options);
      print(
        options.json
          ? JSON.stringify(summary)
          : `Restored ${summary.rows} rows of ${summary.organisations} organisations, as of ${summary.createdAt.toISOString()}.`,
      );
    });
  for (const option of toOptions(DATA_SETTINGS)) command.addOption(option);
  return command;
}

async function restoreFile(file: string, config: DataConfig): Promise<RestoreSummary> {
  catchInterruption();
  const { checkBackup, restore } = await import('../store/backup/restore.ts');
  // Checks the flags first, because reading the file may take long.
  await masterKeyPath(undefined, config);
  await masterKeyPath(new MasterKey(await checkBackup(createReadStream(file))), config);
  // Takes the data as a server does, so that no other process uses the database meanwhile.
  const connection = await connectTarget(config, { purpose: 'serve', name: 'rollcall restore' });
  const progress = showProgress('Restoring', 'rows of a table');
  try {
    const work = async () => {
      const { summary, masterKey } = await restore({
        target: connection.target,
        input: () => createReadStream(file),
        onProgress: (rows, _table, total) => progress.update(rows, total),
        beforeCommit: (key) => keepMasterKey(new MasterKey(key), config),
      });
      await withOwner(connection.target, async (owner) => {
        await ensureSigningKey(owner, new MasterKey(masterKey), new Date());
        await remarkUnknownTimeZones(owner);
        await remarkReservedSlugs(owner);
      });
      return summary;
    };
    return await unlessInterrupted(work());
  } finally {
    progress.stop();
    await connection.close();
  }
}

/** Puts the backup's master key where the server reads it. */
async function keepMasterKey(masterKey: MasterKey, config: DataConfig): Promise<void> {
  const path = await masterKeyPath(masterKey, config);
  if (path === undefined) return;
  await replaceMasterKey(path, masterKey).catch(unwritable(path));
  if (config.masterKeyFile !== undefined)
    remark(`The master key of the backup is in ${config.masterKeyFile}.`);
}

/**
 * The file for the backup's master key; undefined if the same key is given. Throws `CliError` if the flags do not fit
 * that key. If the key is not known yet, throws if the flags fit no key.
 */
async function masterKeyPath(
  masterKey: MasterKey | undefined,
  config: DataConfig,
): Promise<string | undefined> {
  const { masterKeyFile, databaseUrl, dataDir } = config;
  if (masterKeyFile !== undefined && !existsSync(masterKeyFile)) {
    await access(dirname(resolve(masterKeyFile)), constants.W_OK).catch(unwritable(masterKeyFile));
    return resolve(masterKeyFile);
  }
  const given = await givenMasterKey(config);
  if (given && masterKey && given.export() !== masterKey.export()) {
    throw new CliError(
      'The given master key differs from the key in the backup. Give none, or a file that does not exist yet.',
    );
  }
  if (given) return undefined;
  if (databaseUrl !== undefined) {
    throw new CliError(
      `Name a file for the backup's master key with --master-key-file, or give that key in ${MASTER_KEY_ENV}.`,
    );
  }
  return resolve(dataDir, 'master.key');
}
