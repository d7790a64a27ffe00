import { Command } from 'commander';
import { clientSecretFromEnvironment, MASTER_KEY_ENV, masterKeyFromEnvironment } from '../config.ts';
import { FILE_SETTINGS, fileKey } from '../config-file.ts';
import type { Setting } from '../config-setting.ts';
import { OIDC_CLIENT_SECRET_ENV } from '../config-sign-in.ts';
import { chosenConfigFile, readConfigFile } from './config-file.ts';
import { toOptions } from './options.ts';
import { formatTable, forTerminal, print } from './output.ts';

/** Where the value of a setting comes from. */
type Origin = 'flag' | 'environment' | 'file' | 'default';

interface InForce {
  /** Its name in a configuration file; for a secret, its variable. */
  name: string;
  /** Null if it has none. A secret is `***`. */
  value: unknown;
  from: Origin;
  /** The flag, the variable, or the file and the line; null for a default. */
  where: string | null;
}

/** The secrets that come from the environment only. */
const SECRETS: [string, () => string | undefined][] = [
  [MASTER_KEY_ENV, masterKeyFromEnvironment],
  [OIDC_CLIENT_SECRET_ENV, () => clientSecretFromEnvironment(OIDC_CLIENT_SECRET_ENV)],
];

const ORIGINS: Record<string, Origin> = { cli: 'flag', env: 'environment', config: 'file' };

/** `rollcall config`. */
export function configCommand(): Command {
  const command = new Command('config')
    .description('print the settings that "rollcall serve" would have here, and where each comes from')
    .option('--json', 'print JSON');
  for (const option of toOptions(FILE_SETTINGS)) command.addOption(option);
  return command.action(async (options: { config?: string; json?: true }) => {
    const file = chosenConfigFile(options.config);
    const settings = await settingsInForce(command, file);
    if (options.json) return print(JSON.stringify({ file: file ?? null, settings }));
    print(`Configuration file: ${file ?? 'none'}\n`);
    const rows = settings.map(({ name, value, from, where }) => ({
      setting: name,
      value: value === null ? '-' : forTerminal(String(value)),
      from: where ?? from,
    }));
    print(formatTable(rows));
  });
}

async function settingsInForce(command: Command, file: string | undefined): Promise<InForce[]> {
  const inFile = file === undefined ? [] : await readConfigFile(file);
  const values = command.opts<Record<string, unknown>>();
  const settings = Object.entries(FILE_SETTINGS as Record<string, Setting>).map(([name, entry]) => {
    const from = ORIGINS[command.getOptionValueSource(name) ?? ''] ?? 'default';
    const line = inFile.find(({ setting }) => setting === entry)?.line;
    const where = {
      flag: entry.flags.split(' ')[0] ?? null,
      environment: entry.env,
      file: `${file}:${line}`,
      default: null,
    }[from];
    return { name: fileKey(entry), value: shown(entry, values[name]), from, where };
  });
  const secrets = SECRETS.filter(([, read]) => read() !== undefined).map(
    ([name]): InForce => ({ name, value: '***', from: 'environment', where: name }),
  );
  return [...settings, ...secrets];
}

function shown({ hide }: Setting, value: unknown): unknown {
  if (value === undefined) return null;
  return hide && typeof value === 'string' ? hide(value) : value;
}
