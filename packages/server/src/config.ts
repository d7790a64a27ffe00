import { DATABASE_SETTINGS } from './config-database.ts';
import { hiding, type Setting, type SettingsOf, setting } from './config-setting.ts';
import { SIGN_IN_SETTINGS } from './config-sign-in.ts';
import {
  httpUrl,
  oneOf,
  origins,
  postgresUrl,
  proxies,
  text,
  whole,
  withoutArguments,
  withoutPassword,
} from './config-values.ts';
import { WATCH_SETTINGS } from './config-watch.ts';

/** The master key itself is never a flag, because a flag would show in the process list. */
export const MASTER_KEY_ENV = 'ROLLCALL_MASTER_KEY';
/** The name of the systemd credential with the master key. */
export const MASTER_KEY_CREDENTIAL = 'rollcall-master-key';

/** Where the data is. All commands that use the database have these settings. */
export const DATA_SETTINGS = {
  dataDir: setting(
    '--data-dir <path>',
    'ROLLCALL_DATA_DIR',
    'directory of the embedded database and the master key',
    text,
    'rollcall-data',
  ),
  databaseUrl: hiding(
    setting(
      '--database-url <url>',
      'DATABASE_URL',
      'use this PostgreSQL (15 or later) instead of the embedded one; it may have several hosts, and target_session_attrs, as of libpq',
      postgresUrl,
    ),
    withoutPassword,
  ),
  masterKeyFile: setting(
    '--master-key-file <path>',
    'ROLLCALL_MASTER_KEY_FILE',
    `file with the master key, base64 of 32 bytes; other sources of the key are --master-key-command, ${MASTER_KEY_ENV} and the systemd credential ${MASTER_KEY_CREDENTIAL}; a database URL requires one of the four; otherwise the default is master.key in the data directory`,
    text,
  ),
  masterKeyCommand: hiding(
    setting(
      '--master-key-command <command>',
      'ROLLCALL_MASTER_KEY_COMMAND',
      'program that prints the master key, with its arguments, separated by blanks; it runs without a shell, for 30 seconds at most',
      text,
    ),
    withoutArguments,
  ),
} as const;

/** How the server listens and behaves. */
export const SERVER_SETTINGS = {
  port: setting('--port <number>', 'PORT', 'TCP port; 0 picks a free one', whole(0, 65_535), 8080),
  host: setting('--host <address>', 'HOST', 'address to listen on', text, '127.0.0.1'),
  publicUrl: hiding(
    setting(
      '--public-url <url>',
      'ROLLCALL_PUBLIC_URL',
      'URL at which clients reach the server; it is also the issuer and audience of tokens',
      httpUrl,
    ),
    withoutPassword,
  ),
  tlsCert: setting(
    '--tls-cert <path>',
    'ROLLCALL_TLS_CERT',
    'TLS certificate chain, PEM; with --tls-key',
    text,
  ),
  tlsKey: setting('--tls-key <path>', 'ROLLCALL_TLS_KEY', 'TLS private key, PEM; with --tls-cert', text),
  trustProxy: setting(
    '--trust-proxy <addresses>',
    'ROLLCALL_TRUST_PROXY',
    'trust the X-Forwarded-* headers of these proxies: comma list of addresses or networks, or true for all',
    proxies,
    false as string | boolean,
  ),
  corsOrigins: hiding(
    setting(
      '--cors-origins <origins>',
      'ROLLCALL_CORS_ORIGINS',
      'origins whose web pages may call the API from browsers: comma list such as https://app.example.com; none by default',
      origins,
      [] as string[],
    ),
    withoutPassword,
  ),
  clockSkewS: setting(
    '--clock-skew-s <seconds>',
    'ROLLCALL_CLOCK_SKEW_S',
    "how far a login's timestamp may differ from the server's clock",
    whole(1, 86_400),
    300,
  ),
  tokenLifeS: setting(
    '--token-life-s <seconds>',
    'ROLLCALL_TOKEN_LIFE_S',
    'stated lifetime of a token',
    whole(60, 86_400),
    3600,
  ),
  tokenReuseS: setting(
    '--token-reuse-s <seconds>',
    'ROLLCALL_TOKEN_REUSE_S',
    'how long a key that logs in again receives the same token; the server accepts each token for this much longer than stated; 0: every login gets a new token',
    whole(0, 60),
    60,
  ),
  refusedEventsKept: setting(
    '--refused-events-kept <count>',
    'ROLLCALL_REFUSED_EVENTS_KEPT',
    'refused events kept per organisation, for 30 days at most',
    whole(0, 1_000_000),
    10_000,
  ),
  dailyEventQuota: setting(
    '--daily-event-quota <count>',
    'ROLLCALL_DAILY_EVENT_QUOTA',
    'events of one organisation that the server stores on a day of UTC; it answers 429 to further ones; "rollcall orgs quota" sets the quota of one organisation; 0: no quota',
    whole(0, 1_000_000_000_000),
    0,
  ),
  eventBacklog: setting(
    '--event-backlog <count>',
    'ROLLCALL_EVENT_BACKLOG',
    'limit of requests with events in the backlog; other requests with a body, and logins, have the same limit each; an organisation may hold seven eighths of a limit, a key or a network three quarters; the server answers further requests with 503',
    whole(1, 100_000),
    1_000,
  ),
  eventBacklogMib: setting(
    '--event-backlog-mib <MiB>',
    'ROLLCALL_EVENT_BACKLOG_MIB',
    'limit of the received bytes of bodies in the backlog, with the same shares; logins have an eighth of it in addition',
    whole(1, 1_024),
    64,
  ),
  ...DATABASE_SETTINGS,
  exportGraceS: setting(
    '--export-grace-s <seconds>',
    'ROLLCALL_EXPORT_GRACE_S',
    'how long an answer of the warehouse may wait for its client, in addition to the time at the speed of --export-least-kib-s; then the server closes the connection',
    whole(1, 86_400),
    60,
  ),
  exportLeastKibS: setting(
    '--export-least-kib-s <KiB>',
    'ROLLCALL_EXPORT_LEAST_KIB_S',
    'least average speed at which a client must read an answer of the warehouse, in KiB per second',
    whole(1, 1_048_576),
    16,
  ),
  shutdownTimeoutS: setting(
    '--shutdown-timeout-s <seconds>',
    'ROLLCALL_SHUTDOWN_TIMEOUT_S',
    'how long requests in flight may take to finish at shutdown',
    whole(0, 600),
    10,
  ),
  ...SIGN_IN_SETTINGS,
  ...WATCH_SETTINGS,
  jobs: setting(
    '--jobs <switch>',
    'ROLLCALL_JOBS',
    'on or off: whether this process runs background jobs; at least one replica must',
    oneOf('on', 'off'),
    'on' as const,
  ),
  logLevel: setting(
    '--log-level <level>',
    'ROLLCALL_LOG_LEVEL',
    'lowest level that the server logs',
    oneOf('trace', 'debug', 'info', 'warn', 'error', 'silent'),
    'info' as const,
  ),
} as const;

/** Settings of `rollcall serve` only. */
export const SERVE_SETTINGS = {
  workers: setting(
    '--workers <count>',
    'ROLLCALL_WORKERS',
    'processes that answer requests; the limits of connections and of the backlog apply to each process',
    whole(1, 64),
    1,
  ),
  drainS: setting(
    '--drain-s <seconds>',
    'ROLLCALL_DRAIN_S',
    'how long the server goes on answering requests after a signal to stop, while /readyz answers 503, so that balancers send it no more; then --shutdown-timeout-s begins',
    whole(0, 600),
    0,
  ),
} as const;

/** A secret is never an argument: it would show in the process list. */
export const CLIENT_SECRET_ENV = 'ROLLCALL_SECRET';

/** How a command that is an HTTP client reaches its server. The SDK reads the same environment variables. */
export const CLIENT_SETTINGS = {
  baseUrl: hiding(
    setting('--base-url <url>', 'ROLLCALL_BASE_URL', 'address of the server to call', httpUrl),
    withoutPassword,
  ),
  key: setting('--key <id>', 'ROLLCALL_API_KEY', 'id of the key to call it with', text),
  authentication: setting(
    '--authentication <type>',
    'ROLLCALL_AUTHENTICATION',
    'hmac, client-credentials or basic: how to log in there',
    oneOf('hmac', 'client-credentials', 'basic'),
    'hmac' as const,
  ),
  region: setting(
    '--region <region>',
    'ROLLCALL_REGION',
    "the vendor's region, usce1 or ause1",
    text,
    'usce1',
  ),
  maxWait: setting(
    '--max-wait <seconds>',
    'ROLLCALL_MAX_WAIT',
    'how long the command waits for a server that does not answer; by default 300, and 15 before the first answer',
    whole(0, 86_400),
  ),
} as const;

/** The secret of the key of `--lookup-key`. */
export const LOOKUP_SECRET_ENV = 'ROLLCALL_LOOKUP_SECRET';

/** How `rollcall submit` looks up names. */
export const LOOKUP_SETTINGS = {
  lookupKey: setting(
    '--lookup-key <id>',
    'ROLLCALL_LOOKUP_KEY',
    `id of a key with the role Data Warehouse; submit looks up nodes and users by name with it; its secret comes from ${LOOKUP_SECRET_ENV}`,
    text,
  ),
} as const;

/** The secret of a client in the environment variable `name`, if it is set. */
export function clientSecretFromEnvironment(name: string = CLIENT_SECRET_ENV): string | undefined {
  return process.env[name] || undefined;
}

/** The master key in the environment, base64 of 32 bytes, if it is set. */
export function masterKeyFromEnvironment(): string | undefined {
  return process.env[MASTER_KEY_ENV] || undefined;
}

/** The directory in which systemd puts the credentials of this service, if it has any. */
export function credentialsDirectory(): string | undefined {
  return process.env.CREDENTIALS_DIRECTORY || undefined;
}

export type DataConfig = SettingsOf<typeof DATA_SETTINGS>;
export type ServerConfig = SettingsOf<typeof SERVER_SETTINGS>;
export type ServeConfig = ServerConfig & SettingsOf<typeof SERVE_SETTINGS>;
export type ClientConfig = SettingsOf<typeof CLIENT_SETTINGS>;
export type LookupConfig = SettingsOf<typeof LOOKUP_SETTINGS>;

/** Removes an empty variable of a setting from the environment, because it counts as not set. */
export function dropEmptyVariable({ env }: Setting): void {
  if (process.env[env] === '') delete process.env[env];
}

/** The defaults of a group of settings, for code that builds a server without the command line. */
export function defaults<T extends Record<string, Setting>>(settings: T): SettingsOf<T> {
  return Object.fromEntries(
    Object.entries(settings).map(([name, entry]) => [name, entry.default]),
  ) as SettingsOf<T>;
}
