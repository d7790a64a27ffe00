import { DATA_SETTINGS, SERVE_SETTINGS, SERVER_SETTINGS } from './config.ts';
import { type Setting, setting } from './config-setting.ts';
import { text } from './config-values.ts';

/** In place of the name of a configuration file: use none. */
export const NO_FILE = 'none';
/** Where the configuration file of a machine is. */
export const CONFIG_FILE = '/etc/rollcall/rollcall.yaml';
/** The name of the systemd credential with the configuration file. */
export const CONFIG_CREDENTIAL = 'rollcall-config';

/** The place of the configuration file. */
export const CONFIG_FILE_SETTINGS = {
  config: setting(
    '--config <path>',
    'ROLLCALL_CONFIG',
    `YAML file with settings; ${NO_FILE}: no file; by default the systemd credential ${CONFIG_CREDENTIAL}, or else ${CONFIG_FILE} if it exists`,
    text,
  ),
} as const;

/** The settings that a configuration file may have: those of data and server. */
export const FILE_SETTINGS = { ...DATA_SETTINGS, ...SERVER_SETTINGS, ...SERVE_SETTINGS } as const;

/** The name of a setting in a configuration file: that of its flag, such as `data-dir`. */
export function fileKey({ flags }: Setting): string {
  return flags.replace(/^--/, '').replace(/ .*/, '');
}
