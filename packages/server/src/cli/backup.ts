import { createReadStream } from 'node:fs';
import { Command } from 'commander';
import { DATA_SETTINGS, type DataConfig } from '../config.ts';
import { addOperatorEntryToAll } from '../http/audit/operator.ts';
import type { BackupEncryption } from '../store/backup/encryption.ts';
import { requireHeldKeys } from './backup-keys.ts';
import { type EncryptionOptions, readEncryption } from './backup-secrets.ts';
import { type Context, withContext } from './context.ts';
import { inNewFile, refuseExisting } from './new-file.ts';
import { toOptions } from './options.ts';
import { print } from './output.ts';
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
      refuseExisting(file);
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
  { target, masterKey, owner }: Context,
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
      'backup',
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
        const contents = await readBack(createReadStream(written), summary, {
          decryptWith: encryption?.decryptWith,
          onProgress: (rows) => verifying.update(rows, summary.rows),
        });
        requireHeldKeys(contents);
        // Before the file has its name: there is no backup without its entries.
        const metadata = { encrypted: encryption !== undefined, masterKey: hasMasterKey };
        await owner.inSystem((tx) =>
          addOperatorEntryToAll(tx, 'backup.made', { metadata, atMs: Date.now() }),
        );
      },
    );
  } finally {
    writing.stop();
    verifying.stop();
  }
}

function collect(recipient: string, recipients: string[] = []): string[] {
  return [...recipients, recipient];
}
