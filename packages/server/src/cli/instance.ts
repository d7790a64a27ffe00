import { Command } from 'commander';
import { renewInstance } from '../auth/manage-signing-keys.ts';
import { DATA_SETTINGS, type DataConfig } from '../config.ts';
import { withContext } from './context.ts';
import { toOptions } from './options.ts';
import { print } from './output.ts';

/** `rollcall instance renew`. */
export function instanceCommand(): Command {
  const renew = new Command('renew')
    .description('make a copied data directory or database a separate instance; all tokens and sessions end')
    .option('--json', 'print JSON')
    .action(async (options: DataConfig & { json?: true }) => {
      const instanceId = await withContext(options, 'rollcall instance', ({ owner, masterKey }) =>
        renewInstance({ owner, masterKey, clock: Date.now }),
      );
      print(
        options.json
          ? JSON.stringify({ instanceId })
          : `This is the instance ${instanceId} now, with a new signing key. All earlier tokens and sessions are invalid.`,
      );
    });
  for (const option of toOptions(DATA_SETTINGS)) renew.addOption(option);
  return new Command('instance').description('the identity of this copy of the data').addCommand(renew);
}
