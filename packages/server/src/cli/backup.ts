import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { open, rename, unlink } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Command } from 'commander';
import { MasterKey } from '../auth/secrets.ts';
import { ensureSigningKey } from '../auth/signing-keys.ts';
import { DATA_SETTINGS, type DataConfig, MASTER_KEY_ENV, toOptions } from '../config.ts';
import type { RestoreSummary } from '../store/restore.ts';
import { connectTarget, givenMasterKey, replaceMasterKey, withContext } from './context.ts';
import { CliError, unreadable } from './errors.ts';
import { catchInterruption, unlessInterrupted } from './interruption.ts';
import { print, remark } from './output.ts';
import { showProgress } from './progress.ts';

/** `rollcall backup`. */
export function backupCommand(): Command {
  const command = new Command('backup')
    .description('write all data and the master key to one file, while the server may go on')
    .argument('<file>', 'the file to write; it is as secret as the data directory')
    .option('--json', 'print the summary as JSON')
    .action(async (file: string, options: DataConfig & { json?: true }) => {
      if (existsSync(file))
        throw new CliError(`The file ${file} exists already; a backup overwrites nothing.`);
      // Loaded here, so that other commands do not wait for it.
      const { backup } = await import('../store/backup.ts');
      const summary = await withContext(options, 'rollcall backup', async ({ target, masterKey }) => {
        const unfinished = `${file}.${process.pid}`;
        const handle = await open(unfinished, 'wx', 0o600).catch(unwritable(file));
        const output = createWriteStream(unfinished, { fd: handle.fd, autoClose: false, flush: true });
        try {
          const written = await backup({
            target,
            masterKey: masterKey.bytes(),
            output,
            createdAt: new Date(),
          });
          await handle.sync();
          await rename(unfinished, file);
          return written;
        } catch (error) {
          await unlink(unfinished).catch(() => undefined);
          throw error;
        } finally {
          await handle.close();
        }
      });
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
    .description('load a backup into an empty database, all of it or nothing')
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
  const { restore } = await import('../store/restore.ts');
  // As the one that serves: nobody else may use the database meanwhile.
  const connection = await connectTarget(config, { purpose: 'serve', name: 'rollcall restore' });
  const progress = showProgress('Restoring', 'rows of a table');
  try {
    const { summary } = await unlessInterrupted(
      restore({
        target: connection.target,
        input: () => createReadStream(file),
        onProgress: (rows, _table, total) => progress.update(rows, total),
        beforeCommit: (key) => keepMasterKey(new MasterKey(key), config),
      }),
    );
    return summary;
  } finally {
    progress.stop();
    await connection.close();
  }
}

/** Puts the backup's master key where the server will look for it. */
async function keepMasterKey(masterKey: MasterKey, config: DataConfig): Promise<void> {
  if (config.masterKeyFile !== undefined && !existsSync(config.masterKeyFile)) {
    await replaceMasterKey(resolve(config.masterKeyFile), masterKey);
    remark(`The master key of the backup is in ${config.masterKeyFile}.`);
    return;
  }
  const given = await givenMasterKey(config);
  if (given && given.export() !== masterKey.export()) {
    throw new CliError(
      'The backup holds another master key than the one given; give none, or a file that does not exist yet.',
    );
  }
  if (given) return;
  if (config.databaseUrl !== undefined) {
    throw new CliError(
      `Say with --master-key-file where to put the backup's master key, or give the same one in ${MASTER_KEY_ENV}.`,
    );
  }
  await replaceMasterKey(resolve(config.dataDir, 'master.key'), masterKey);
}

const unwritable =
  (file: string) =>
  ({ code }: NodeJS.ErrnoException): never => {
    throw new CliError(`The file ${file} cannot be written (${code}).`);
  };
