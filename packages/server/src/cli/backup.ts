import { createReadStream, createWriteStream, existsSync, rmSync } from 'node:fs';
import { open, rename, unlink } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { Command } from 'commander';
import { DATA_SETTINGS, type DataConfig } from '../config.ts';
import type { BackupEncryption } from '../store/backup/encryption.ts';
import { type EncryptionOptions, readEncryption } from './backup-secrets.ts';
import { type Context, withContext } from './context.ts';
import { CliError, unwritable } from './errors.ts';
import { onInterruption } from './interruption.ts';
import { toOptions } from './options.ts';
import { print, remark } from './output.ts';
import { showProgress } from './progress.ts';

interface Options extends DataConfig, EncryptionOptions {
  includeMasterKey?: true;
  json?: true;
}

/** `rollcall backup`. */
export function backupCommand(): Command {
  const command = new Command('backup')
    .description('write all data to one file, and read it back; a running server continues')
    .argument('<file>', 'the file to write')
    .option('--recipient <recipient>', 'encrypt to this recipient of age (age1…); repeatable', collect)
    .option('--recipients-file <path>', 'encrypt to the recipients of age in this file, one a line')
    .option('--passphrase-file <path>', 'encrypt with the passphrase in this file; - reads standard input')
    .option(
      '--include-master-key',
      'put the master key into a file that is not encrypted; the file is then as secret as the data directory',
    )
    .option('--json', 'print the summary as JSON')
    .action(async (file: string, options: Options) => {
      if (existsSync(file))
        throw new CliError(`The file ${file} exists already; a backup overwrites nothing.`);
      const encryption = await readEncryption(options);
      const hasMasterKey = encryption !== undefined || options.includeMasterKey === true;
      const summary = await withContext(options, 'rollcall backup', (context) =>
        writeVerified(file, context, encryption, hasMasterKey),
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
    });
  for (const option of toOptions(DATA_SETTINGS)) command.addOption(option);
  return command;
}

/** Writes the backup, reads it back, and gives the file its name if both agree. Throws `BackupError`. */
async function writeVerified(
  file: string,
  { target, masterKey }: Context,
  encryption: BackupEncryption | undefined,
  hasMasterKey: boolean,
) {
  // Loaded here, so that other commands do not wait for it.
  const { backup, readBack } = await import('../store/backup/backup.ts');
  const writing = showProgress('Backing up', 'rows of a table');
  const verifying = showProgress('Reading back', 'rows');
  try {
    return await inNewFile(
      file,
      (output) =>
        backup({
          target,
          masterKeys: hasMasterKey ? masterKey.inUse.map((key) => key.bytes()) : undefined,
          encryption,
          output,
          createdAt: new Date(),
          onProgress: (rows) => writing.update(rows, undefined),
        }),
      async (written, summary) => {
        writing.stop();
        await readBack(createReadStream(written), summary, {
          decryptWith: encryption?.decryptWith,
          onProgress: (rows) => verifying.update(rows, summary.rows),
        });
      },
    );
  } finally {
    writing.stop();
    verifying.stop();
  }
}

/**
 * Gives `write` a stream to a temporary file beside `file`, mode 0600, and the path of the whole file to `check`. The file
 * gets its name after that. An error or an interruption before that leaves no file.
 */
async function inNewFile<T>(
  file: string,
  write: (output: Writable) => Promise<T>,
  check: (path: string, written: T) => Promise<void>,
): Promise<T> {
  const unfinished = `${file}.${process.pid}`;
  const handle = await open(unfinished, 'wx', 0o600).catch(unwritable(file));
  const ignoreInterruption = onInterruption(() => {
    rmSync(unfinished, { force: true });
    remark('rollcall: The backup was interrupted; no backup was made.');
  });
  try {
    const written = await write(createWriteStream(unfinished, { fd: handle.fd, autoClose: false }));
    await handle.sync().catch(unwritable(file));
    await check(unfinished, written);
    await rename(unfinished, file).catch(unwritable(file));
    return written;
  } catch (error) {
    await unlink(unfinished).catch(() => undefined);
    throw error;
  } finally {
    ignoreInterruption();
    await handle.close().catch(() => undefined);
  }
}

function collect(recipient: string, recipients: string[] = []): string[] {
  return [...recipients, recipient];
}
