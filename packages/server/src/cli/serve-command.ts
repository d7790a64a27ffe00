import { Command } from 'commander';
import {
  DATA_SETTINGS,
  type DataConfig,
  SERVE_SETTINGS,
  SERVER_SETTINGS,
  type ServeConfig,
} from '../config.ts';
import { toOptions } from './options.ts';
import { remark } from './output.ts';
import type { Service } from './serve.ts';

/** `rollcall serve`. */
export function serveCommand(): Command {
  const command = new Command('serve').description('run the server until it is stopped');
  for (const option of toOptions({ ...SERVER_SETTINGS, ...SERVE_SETTINGS, ...DATA_SETTINGS }))
    command.addOption(option);
  return command.action(async (config: DataConfig & ServeConfig) => {
    // Loaded here, so that other commands do not wait for the server's code.
    const { serveUntilSignalled, startServer, tellDatabaseRole, tellSetUpLink } = await import('./serve.ts');
    let start: (config: DataConfig & ServeConfig, name: string) => Promise<Service> = startServer;
    if (config.workers > 1) {
      const { isWorker, startWithWorkers, work } = await import('./workers.ts');
      // Asked only here: without workers, another program may run this process in its own cluster.
      if (isWorker) return work();
      start = startWithWorkers;
    }
    const running = await start(config, 'rollcall serve');
    await running.startJobs();
    tellDatabaseRole(running);
    remark(`Rollcall is at ${running.baseUrl} (documentation: ${running.baseUrl}/docs).`);
    await tellSetUpLink(running);
    await serveUntilSignalled(running, config);
  });
}
