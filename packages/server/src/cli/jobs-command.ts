import { Command } from 'commander';
import { DATA_SETTINGS, type DataConfig } from '../config.ts';
import { toOptions } from './options.ts';

/** `rollcall jobs`. */
export function jobsCommand(): Command {
  const list = new Command('list')
    .description('list the jobs, with their last run and next run')
    .option('--json', 'one JSON object per line')
    .action(async (options: DataConfig & { json?: true }) => {
      // Loaded here, as below, so that other commands do not wait for the code of the jobs.
      const { listJobs } = await import('./jobs.ts');
      await listJobs(options);
    });
  const run = new Command('run')
    .description('run a job now, in this process')
    .argument('<name>', 'the job')
    .action(async (name: string, config: DataConfig) => {
      const { runJob } = await import('./jobs.ts');
      await runJob(name, config);
    });
  for (const command of [list, run]) for (const option of toOptions(DATA_SETTINGS)) command.addOption(option);
  return new Command('jobs').description('background jobs of servers').addCommand(list).addCommand(run);
}
