import { constants, createReadStream, existsSync } from 'node:fs';
import { access, open } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { Command } from 'commander';
import { MasterKeys } from '../auth/master-keys.ts';
import type { MasterKey } from '../auth/secrets.ts';
import { ensureSigningKey } from '../auth/signing-keys.ts';
import { DATA_SETTINGS, type DataConfig, MASTER_KEY_ENV } from '../config.ts';
import { addOperatorEntryToAll } from '../http/audit/operator.ts';
import type { BackupHead } from '../store/backup/contents.ts';
import type { DecryptWith } from '../store/backup/encryption.ts';
import type { RestoreSummary } from '../store/backup/restore.ts';
import { heldKeys, requireHeldKeys, requireKeysOf } from './backup-keys.ts';
import { type DecryptionOptions, readDecryption } from './backup-secrets.ts';
import {
  checkMasterKeys,
  connectTarget,
  remarkReservedSlugs,
  remarkUnknownTimeZones,
  withOwner,
} from './context.ts';
import {
  describeErased,
  eraseAgain,
  findRecordBeside,
  NOBODY_ERASED,
  readErasureFile,
} from './erasure-file.ts';
import { CliError, unreadable, unwritable } from './errors.ts';
import { catchInterruption, unlessInterrupted } from './interruption.ts';
import { masterKeyPath, masterKeySources, readMasterKeys, replaceMasterKeys } from './master-key-sources.ts';
import { toOptions } from './options.ts';
import { print, remark } from './output.ts';
import { showProgress } from './progress.ts';

interface Options extends DataConfig, DecryptionOptions {
  verify?: true;
  erasures?: string;
  json?: true;
}

/** `rollcall restore`. */
export function restoreCommand(): Command {
  const command = new Command('restore')
    .description('load a backup into an empty database, completely or not at all')
    .argument('<file>', 'a file that "rollcall backup" wrote')
    .option('--verify', 'only prove that the backup is complete, and touch no database')
    .option(
      '--erasures <path>',
      'erase again the people of this record (default: the record beside the backup, if it is newer)',
    )
    .option('--identity <path>', 'decrypt with the identities of age in this file')
    .option('--passphrase-file <path>', 'decrypt with the passphrase in this file; - reads standard input')
    .option('--json', 'print the summary as JSON')
    .action(async (file: string, options: Options) => {
      const handle = await open(file).catch(unreadable(file));
      await handle.close();
      const decryptWith = await readDecryption(options);
      await (options.verify
        ? verifyFile(file, options, decryptWith)
        : restoreFile(file, options, decryptWith));
    });
  for (const option of toOptions(DATA_SETTINGS)) command.addOption(option);
  return command;
}

async function verifyFile(
  file: string,
  options: Options,
  decryptWith: DecryptWith | undefined,
): Promise<void> {
  catchInterruption();
  const { checkBackup, summaryOf } = await import('../store/backup/restore.ts');
  const { verifyBackup } = await import('../store/backup/contents.ts');
  const head = await checkBackup(createReadStream(file), decryptWith);
  const given = await givenKeys(options, { withLocalFile: false });
  const held = heldKeys(head);
  requireHeldKeys(head);
  if (given) requireKeysOf(head, given);
  const progress = showProgress('Verifying', 'rows');
  const contents = await unlessInterrupted(
    verifyBackup(createReadStream(file), decryptWith, (rows) => progress.update(rows, undefined)),
  ).finally(() => progress.stop());
  const summary = summaryOf(contents);
  const masterKey = held ? 'held' : given ? 'given' : 'absent';
  if (options.json) return print(JSON.stringify({ ...summary, masterKey }));
  const ofKey = {
    held: 'It holds the master key.',
    given: 'It does not hold the master key, and the given one is the right one.',
    absent: 'It does not hold the master key: a restore needs that key from elsewhere.',
  }[masterKey];
  print(
    `${file} is complete and undamaged: ${summary.rows} rows of ${summary.organisations} organisations, as of ${summary.createdAt.toISOString()}. ${ofKey}`,
  );
}

async function restoreFile(
  file: string,
  options: Options,
  decryptWith: DecryptWith | undefined,
): Promise<void> {
  catchInterruption();
  // Checks the flags first, because reading the file may take long.
  await newKeyFile(options);
  const given =
    options.erasures === undefined ? undefined : await readErasureFile(options.erasures, decryptWith);
  const { checkBackup, restore } = await import('../store/backup/restore.ts');
  const head = await checkBackup(createReadStream(file), decryptWith);
  const keys = await keysFor(head, options);
  const found = given ?? (await findRecordBeside(file, head.manifest.createdAt, decryptWith));
  const record = typeof found === 'string' ? undefined : found;
  // Takes the data as a server does, so that no other process uses the database meanwhile.
  const connection = await connectTarget(options, { purpose: 'serve', name: 'rollcall restore' });
  const progress = showProgress('Restoring', 'rows of a table');
  let summary: RestoreSummary;
  let again = NOBODY_ERASED;
  try {
    const work = async () => {
      const restored = await restore({
        target: connection.target,
        input: () => createReadStream(file),
        decryptWith,
        onProgress: (rows, _table, total) => progress.update(rows, total),
        beforeCommit: () => keepMasterKeys(keys, options),
      });
      await withOwner(connection.target, async (owner) => {
        const masterKeys = new MasterKeys(keys.keys);
        await checkMasterKeys(owner, masterKeys);
        await ensureSigningKey(owner, masterKeys, new Date());
        const metadata = { createdAt: restored.createdAt.toISOString() };
        await owner.inSystem((tx) =>
          addOperatorEntryToAll(tx, 'backup.restored', { metadata, atMs: Date.now() }),
        );
        await remarkUnknownTimeZones(owner);
        await remarkReservedSlugs(owner);
        if (record) again = await eraseAgain(owner, record);
      });
      return restored;
    };
    summary = await unlessInterrupted(work());
  } finally {
    progress.stop();
    await connection.close();
  }
  if (typeof found === 'string') {
    remark(
      `${found}. People who were erased after ${summary.createdAt.toISOString()} are back, unless you run "rollcall erasures apply" with a newer record.`,
    );
  }
  print(
    options.json
      ? JSON.stringify({ ...summary, ...(record && again) })
      : `Restored ${summary.rows} rows of ${summary.organisations} organisations, as of ${summary.createdAt.toISOString()}.${
          record ? ` ${describeErased(again)}` : ''
        }`,
  );
}

/** The master keys of a restore, and the file into which they go; undefined if they stay where they were given. */
interface RestoredKeys {
  keys: readonly MasterKey[];
  file: string | undefined;
}

/**
 * Chooses the master keys of a restore: those that the backup holds, or else those of the settings. Throws `CliError` if
 * there are none, or if they are not the keys of the backup.
 */
async function keysFor(head: BackupHead, config: DataConfig): Promise<RestoredKeys> {
  const held = heldKeys(head);
  const file = await newKeyFile(config);
  const given = file === undefined ? await givenKeys(config, { withLocalFile: !held }) : undefined;
  if (given) {
    requireKeysOf(head, given);
    return { keys: given, file: undefined };
  }
  requireHeldKeys(head);
  if (!held) {
    throw new CliError(
      `This backup does not hold the master key. Give the key that its database had, with --master-key-file, with --master-key-command or in ${MASTER_KEY_ENV}.`,
    );
  }
  if (file === undefined && config.databaseUrl !== undefined) {
    throw new CliError(
      `Name a file for the backup's master key with --master-key-file, or give that key in ${MASTER_KEY_ENV}.`,
    );
  }
  return { keys: held, file: file ?? masterKeyPath(config.dataDir) };
}

/** Puts the backup's master keys where the server reads them. */
async function keepMasterKeys({ keys, file }: RestoredKeys, { masterKeyFile }: DataConfig): Promise<void> {
  if (file === undefined) return;
  await replaceMasterKeys(file, keys).catch(unwritable(file));
  if (masterKeyFile !== undefined) remark(`The master key of the backup is in ${masterKeyFile}.`);
}

/** The file of --master-key-file if it does not exist yet. Throws `CliError` if it cannot be made. */
async function newKeyFile({ masterKeyFile }: DataConfig): Promise<string | undefined> {
  if (masterKeyFile === undefined || existsSync(masterKeyFile)) return undefined;
  await access(dirname(resolve(masterKeyFile)), constants.W_OK).catch(unwritable(masterKeyFile));
  return resolve(masterKeyFile);
}

/** `withLocalFile`: whether the file in the data directory counts, if there is one. */
async function givenKeys(
  config: DataConfig,
  { withLocalFile }: { withLocalFile: boolean },
): Promise<readonly MasterKey[] | undefined> {
  const local = masterKeyPath(config.dataDir);
  const sources = masterKeySources(config).filter(({ name }) => withLocalFile || name !== local);
  return (await readMasterKeys(sources))?.keys;
}
