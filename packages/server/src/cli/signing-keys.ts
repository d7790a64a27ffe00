import { Command } from 'commander';
import { rotateSigningKey, signingKeysOf } from '../auth/manage-signing-keys.ts';
import { DATA_SETTINGS, type DataConfig } from '../config.ts';
import { withContext } from './context.ts';
import { toOptions } from './options.ts';
import { formatTable, formatTime, print } from './output.ts';

interface Common extends DataConfig {
  json?: true;
}

/** `rollcall signing-keys rotate|list`. */
export function signingKeysCommand(): Command {
  const signingKeys = new Command('signing-keys').description(
    'keys with which the server signs access tokens',
  );
  for (const command of [rotateCommand(), listCommand()]) {
    command.option('--json', 'print JSON');
    for (const option of toOptions(DATA_SETTINGS)) command.addOption(option);
    signingKeys.addCommand(command);
  }
  return signingKeys;
}

function rotateCommand(): Command {
  return new Command('rotate')
    .description('sign with a new key from now on; tokens of the old key stay valid until they expire')
    .option('--now', 'end all tokens of the old keys at once; every client must log in again')
    .action(async ({ now = false, ...options }: Common & { now?: boolean }) => {
      const kid = await withContext(options, 'rollcall signing-keys', ({ owner, masterKey }) =>
        rotateSigningKey({ now }, { owner, masterKey, clock: Date.now }),
      );
      const others = now
        ? 'All tokens of the old keys are invalid.'
        : 'Tokens of the old keys stay valid until they expire.';
      print(options.json ? JSON.stringify({ kid }) : `The server signs with the key ${kid} now. ${others}`);
    });
}

function listCommand(): Command {
  return new Command('list')
    .description('list the signing keys, newest first')
    .action(async (options: Common) => {
      const rows = await withContext(options, 'rollcall signing-keys', ({ owner }) => signingKeysOf(owner));
      const keys = rows.map(({ kid, algorithm, createdAt }, index) => ({
        kid,
        algorithm,
        state: index === 0 ? 'signs' : 'retired',
        createdAt,
      }));
      if (options.json) return print(JSON.stringify(keys));
      print(formatTable(keys.map(({ createdAt, ...key }) => ({ ...key, created: formatTime(createdAt) }))));
    });
}
