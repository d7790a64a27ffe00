import { Command } from 'commander';
import { DATA_SETTINGS } from '../config.ts';
import type { AggregatesOptions } from './aggregates.ts';
import { toOptions } from './options.ts';

/** `rollcall aggregates rebuild|verify`. */
export function aggregatesCommand(): Command {
  const rebuild = new Command('rebuild')
    .description('delete the aggregates, and make them again from the rows')
    .action(async (options: AggregatesOptions) => {
      // Loaded here, as below, so that other commands do not wait for the code of metrics.
      const { rebuildAll } = await import('./aggregates.ts');
      await rebuildAll(options);
    });
  const verify = new Command('verify')
    .description('compute the aggregates again, and compare them with the stored ones')
    .action(async (options: AggregatesOptions) => {
      const { verifyAll } = await import('./aggregates.ts');
      await verifyAll(options);
    });
  const aggregates = new Command('aggregates').description(
    'aggregates of days, from which metrics are computed',
  );
  for (const command of [rebuild, verify]) {
    command.option('--org <slug>', 'only this organisation');
    for (const option of toOptions(DATA_SETTINGS)) command.addOption(option);
    aggregates.addCommand(command);
  }
  return aggregates;
}
