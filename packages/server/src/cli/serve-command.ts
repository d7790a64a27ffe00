import { Command } from 'commander';
import { DATA_SETTINGS, type DataConfig, SERVER_SETTINGS, type ServerConfig, toOptions } from '../config.ts';
import { remark } from './output.ts';

/** `rollcall serve`. */
export function serveCommand(): Command {
  const command = new Command('serve').description('run the server until it is stopped');
  for (const option of toOptions({ ...SERVER_SETTINGS, ...DATA_SETTINGS })) command.addOption(option);
  return command.action(async (config: DataConfig & ServerConfig) => {
    // Loaded here, so that other commands do not wait for the server's code.
    const { serveUntilSignalled, startServer } = await import('./serve.ts');
    const running = await startServer(config, 'rollcall serve');
    await running.startJobs();
    remark(`Rollcall is at ${running.baseUrl} (documentation: ${running.baseUrl}/docs).`);
    await serveUntilSignalled(running);
  });
}
