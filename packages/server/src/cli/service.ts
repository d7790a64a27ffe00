import { resolve } from 'node:path';
import { Command } from 'commander';
import { print, remark } from './output.ts';
import { install } from './service/install.ts';
import { startService } from './service/start.ts';
import { serviceStatus } from './service/status.ts';
import { systemctl } from './service/systemd.ts';
import { DATA_DIR, MASTER_KEY_FILE, SERVICE, UNIT_FILE } from './service/unit.ts';

/** `rollcall service install|status`. */
export function serviceCommand(): Command {
  return new Command('service')
    .description('the server as a service of systemd')
    .addCommand(installCommand())
    .addCommand(statusCommand());
}

function installCommand(): Command {
  return new Command('install')
    .description(
      `write ${UNIT_FILE}, settings and a master key, start the service, and wait until its server is ready; a later call replaces only the unit, and restarts the service`,
    )
    .option(
      '--root <directory>',
      'install into this system instead, such as an image; nothing is started',
      '/',
    )
    .option('--no-start', 'do not start the service')
    .option('--json', 'print JSON')
    .action(async (options: { root: string; start: boolean; json?: true }) => {
      const root = resolve(options.root);
      const installed = await install(root);
      if (root === '/') await systemctl('daemon-reload');
      if (!options.json) {
        for (const path of installed.written) remark(`Wrote ${path}`);
        if (installed.written.includes(installed.masterKey))
          remark('Keep a copy of the master key elsewhere: without it, no key can log in after a restore.');
      }
      const started = options.start && root === '/' ? await startService() : undefined;
      if (options.json)
        return print(
          JSON.stringify({
            ...installed,
            started: started !== undefined,
            restarted: started?.restarted ?? false,
            url: started?.url ?? null,
          }),
        );
      print(
        `${started ? `The service was ${started.restarted ? 'restarted' : 'started'}, and its server is ready at ${started.url}` : 'The service is installed, and was not started'}. Settings: ${installed.settings}. Log and set-up link: journalctl -u ${SERVICE}. Other commands, while it runs: --data-dir ${DATA_DIR} --master-key-file ${MASTER_KEY_FILE}`,
      );
    });
}

function statusCommand(): Command {
  return new Command('status')
    .description('tell whether the service runs; the exit code is 3 if it does not')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: true }) => {
      const status = await serviceStatus();
      if (status.state !== 'active') process.exitCode = 3;
      if (json) return print(JSON.stringify(status));
      const { state, enabled, pid, restarts, memoryBytes } = status;
      const details = [
        pid === null ? 'no process' : `process ${pid}`,
        enabled ? 'starts with the machine' : 'does not start with the machine',
        `${restarts} restarts after failures`,
        ...(memoryBytes === null ? [] : [`${Math.round(memoryBytes / 2 ** 20)} MiB of memory`]),
      ];
      print(`${SERVICE} is ${state}: ${details.join(', ')}. Its log: journalctl -u ${SERVICE}`);
    });
}
