import { Command } from 'commander';
import { DATA_SETTINGS, type DataConfig, SERVER_SETTINGS, type ServerConfig } from '../config.ts';
import { migrate } from '../store/schema/migrate.ts';
import { connectData } from './context.ts';
import { catchInterruption, unlessInterrupted } from './interruption.ts';
import { toOptions } from './options.ts';
import { print } from './output.ts';

interface Migrate extends DataConfig, Pick<ServerConfig, 'servingDatabaseUrl'> {
  json?: true;
  serversStopped?: true;
}

/** `rollcall migrate`. */
export function migrateCommand(): Command {
  const command = new Command('migrate')
    .description('bring the schema of the database up to date without a server')
    .option(
      '--servers-stopped',
      'no server of an earlier release runs: do not look for one before a migration that it cannot live with',
    )
    .option('--json', 'print JSON');
  const { servingDatabaseUrl } = SERVER_SETTINGS;
  for (const option of toOptions({ ...DATA_SETTINGS, servingDatabaseUrl })) command.addOption(option);
  return command.action(async (options: Migrate) => {
    catchInterruption();
    const data = await connectData(options, { purpose: 'command', name: 'rollcall migrate' });
    try {
      const applied = await unlessInterrupted(
        migrate(data.target, { serversStopped: options.serversStopped ?? false }),
      );
      const { prepare } = await import('./serve.ts');
      await prepare(data, options);
      const { migrateJobQueue } = await import('../store/schema/job-queue.ts');
      await unlessInterrupted(migrateJobQueue(data.target));
      print(options.json ? JSON.stringify({ applied }) : described(applied));
    } finally {
      await data.close();
    }
  });
}

function described(applied: string[]): string {
  if (applied.length === 0) return 'The schema was up to date.';
  return ['The schema is up to date. Migrations that were applied now:', ...applied].join('\n  ');
}
