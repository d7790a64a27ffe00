import { type SettingsOf, setting } from './config-setting.ts';
import { text, whole } from './config-values.ts';

/** Settings of `rollcall demo` only. */
export const DEMO_SETTINGS = {
  users: setting(
    '--users <count>',
    'ROLLCALL_DEMO_USERS',
    'people in the demo organisation',
    whole(1, 100_000),
    300,
  ),
  days: setting('--days <count>', 'ROLLCALL_DEMO_DAYS', 'days of history', whole(0, 730), 30),
  seed: setting(
    '--seed <number>',
    'ROLLCALL_DEMO_SEED',
    'the same seed makes the same data, relative to today',
    whole(0, 4_294_967_295),
    1,
  ),
  live: setting(
    '--no-live',
    'ROLLCALL_DEMO_NO_LIVE',
    'do not go on submitting events through the HTTP API as the day passes',
    // A flag has no text: it is there or not.
    () => false,
    true as boolean,
  ),
  speed: setting(
    '--speed <factor>',
    'ROLLCALL_DEMO_SPEED',
    'how many times faster than the clock the live day passes',
    whole(1, 100_000),
    1,
  ),
  credentialsFile: setting(
    '--credentials-file <path>',
    'ROLLCALL_DEMO_CREDENTIALS_FILE',
    'write base URL and demo keys to this file once the server answers',
    text,
  ),
} as const;

export type DemoConfig = SettingsOf<typeof DEMO_SETTINGS>;
