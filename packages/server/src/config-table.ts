import {
  CLIENT_SECRET_ENV,
  CLIENT_SETTINGS,
  DATA_SETTINGS,
  LOOKUP_SECRET_ENV,
  LOOKUP_SETTINGS,
  MASTER_KEY_ENV,
  SERVE_SETTINGS,
  SERVER_SETTINGS,
} from './config.ts';
import { DEMO_SETTINGS } from './config-demo.ts';
import { CONFIG_FILE_SETTINGS, FILE_SETTINGS, fileKey } from './config-file.ts';
import type { Setting } from './config-setting.ts';
import { OIDC_CLIENT_SECRET_ENV } from './config-sign-in.ts';

/** The settings as the Markdown table of docs/operations.md. */
export function settingsTable(): string {
  const all = {
    ...CONFIG_FILE_SETTINGS,
    ...DATA_SETTINGS,
    ...SERVER_SETTINGS,
    ...SERVE_SETTINGS,
    ...DEMO_SETTINGS,
    ...CLIENT_SETTINGS,
    ...LOOKUP_SETTINGS,
  };
  const inFile = new Set<Setting>(Object.values(FILE_SETTINGS));
  const rows = Object.values(all as Record<string, Setting>).map((entry) => {
    const key = inFile.has(entry) ? `\`${fileKey(entry)}\`` : '';
    return `| \`${entry.flags}\` | \`${entry.env}\` | ${key} | ${defaultOf(entry)} | ${entry.description} |`;
  });
  return [
    '| flag | environment | in the file | default | meaning |',
    '|---|---|---|---|---|',
    ...rows,
    `| | \`${MASTER_KEY_ENV}\` | | | the master key itself, base64 of 32 bytes |`,
    `| | \`${OIDC_CLIENT_SECRET_ENV}\` | | | the secret of the client of --oidc-client-id |`,
    `| | \`${CLIENT_SECRET_ENV}\` | | | the secret of the key of --key |`,
    `| | \`${LOOKUP_SECRET_ENV}\` | | | the secret of the key of --lookup-key |`,
  ].join('\n');
}

/** A flag that turns something off has no default to show: it is absent. */
function defaultOf({ flags, default: value }: Setting): string {
  return value === undefined || flags.startsWith('--no-') ? '' : String(value);
}
