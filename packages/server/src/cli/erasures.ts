import { Command } from 'commander';
import { DATA_SETTINGS, type DataConfig } from '../config.ts';
import { writeErasureRecord } from '../privacy/erasure-record.ts';
import { withContext } from './context.ts';
import { describeErased, eraseAgain, readErasureFile } from './erasure-file.ts';
import { inNewFile } from './new-file.ts';
import { toOptions } from './options.ts';
import { print } from './output.ts';

/** `rollcall erasures`. */
export function erasuresCommand(): Command {
  return new Command('erasures')
    .description('who was erased, as digests')
    .addCommand(exportCommand())
    .addCommand(applyCommand());
}

function exportCommand(): Command {
  const command = new Command('export')
    .description('write the record of erasures, for "rollcall restore --erasures"; it names nobody')
    .argument('<file>', 'the file to write; an older one is replaced')
    .action(async (file: string, options: DataConfig) => {
      const record = await withContext(options, 'rollcall erasures', ({ owner }) =>
        writeErasureRecord(owner),
      );
      await inNewFile(
        file,
        'record',
        (output) => new Promise<void>((resolve, reject) => output.once('error', reject).end(record, resolve)),
      );
      print(`${file}: ${record.split('\n').length - 1} erasures.`);
    });
  for (const option of toOptions(DATA_SETTINGS)) command.addOption(option);
  return command;
}

function applyCommand(): Command {
  const command = new Command('apply')
    .description('erase the people of a record whom the database has, as "rollcall restore --erasures" does')
    .argument('<file>', 'a file that "rollcall erasures export" wrote')
    .option('--json', 'print the numbers as JSON')
    .action(async (file: string, options: DataConfig & { json?: true }) => {
      const record = await readErasureFile(file);
      const again = await withContext(options, 'rollcall erasures', ({ owner }) => eraseAgain(owner, record));
      print(options.json ? JSON.stringify(again) : describeErased(again));
    });
  for (const option of toOptions(DATA_SETTINGS)) command.addOption(option);
  return command;
}
