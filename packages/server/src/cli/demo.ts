import { rename, writeFile } from 'node:fs/promises';
import { Command, Option } from 'commander';
import type { ShownKey } from '../auth/manage-keys.ts';
import { DATA_SETTINGS, type DataConfig, SERVER_SETTINGS, type ServerConfig } from '../config.ts';
import { DEMO_SETTINGS, type DemoConfig } from '../config-demo.ts';
import type { LiveProgress } from '../demo/live.ts';
import type { Demo } from '../demo/organisation.ts';
import type { ApiKeyRole } from '../store/auth/api-keys.ts';
import type { SamplePerson } from '../store/directory/sample-person.ts';
import { addDays, utcDay } from '../store/values/days.ts';
import { consoleUrl } from './console-url.ts';
import { withOwner } from './context.ts';
import { curlUser } from './curl-config.ts';
import { CliError } from './errors.ts';
import { catchInterruption, ignoreInterruptedError, unlessInterrupted } from './interruption.ts';
import { toOptions } from './options.ts';
import { formatTable, formatTime, print, remark } from './output.ts';
import { showProgress } from './progress.ts';

type Options = DataConfig & ServerConfig & DemoConfig;

/** The defaults in which the demo differs from `serve`. */
const DEFAULTS: Record<string, string> = {
  // The terminal shows the keys and the commands to paste.
  'log-level': 'warn',
  // The demo's data stays out of the data directory of a real server.
  'data-dir': 'rollcall-demo',
  // A configuration file in its usual place is that of a real server, too.
  config: 'none',
};

/** `rollcall demo`. */
export function demoCommand(): Command {
  const command = new Command('demo').description('run the server with a demo organisation in it');
  for (const option of toOptions({ ...SERVER_SETTINGS, ...DEMO_SETTINGS, ...DATA_SETTINGS })) {
    const name = option.name();
    command.addOption(name in DEFAULTS ? option.default(DEFAULTS[name]) : option);
  }
  // The demo was silent by default once, and this option made it live.
  command.addOption(new Option('--live').hideHelp());
  return command.action(async (options: Options) => {
    // Loaded here, so that other commands do not wait for the server's code.
    const { serveUntilSignalled, startServer } = await import('./serve.ts');
    const { CONNECTIONS, DEMO_ACCOUNT, ensureDemo } = await import('../demo/organisation.ts');
    const { createLink, linkAddress } = await import('../auth/manage-accounts.ts');
    const running = await startServer(options, 'rollcall demo');
    const progress = showProgress('Making the demo organisation', 'days');
    try {
      const { target, masterKey } = running.data;
      const demo = await unlessInterrupted(
        withOwner(
          target,
          (owner) => ensureDemo(options, { owner, masterKey, clock: Date.now, onProgress: progress.update }),
          CONNECTIONS,
        ),
      );
      progress.stop();
      await running.startJobs();
      if (options.credentialsFile !== undefined) {
        await saveCredentials(options.credentialsFile, running.baseUrl, demo.keys);
      }
      const { token } = await withOwner(target, (owner) =>
        createLink({ email: DEMO_ACCOUNT.email }, { owner, clock: Date.now }),
      );
      print(linkAddress(token, consoleUrl(running.baseUrl)));
      print(describe(running.baseUrl, demo));
      if (options.live) void liveOn(options, running.baseUrl, demo);
    } catch (error) {
      progress.stop();
      await running.stop();
      return ignoreInterruptedError(error);
    }
    await serveUntilSignalled(running);
  });
}

const SHOWN_EVERY_MS = 10_000;

/** Continues the demo's day until the server stops. */
async function liveOn({ speed }: Options, baseUrl: string, { keys, directory }: Demo): Promise<void> {
  const { live } = await import('../demo/live.ts');
  const submitKey = keys.find((key) => key.role === 'submitting-events');
  const readKey = keys.find((key) => key.role === 'data-warehouse');
  if (!submitKey || !readKey) throw new Error('The demo has lost its keys.');
  let shownMs = Number.NEGATIVE_INFINITY;
  let shown = '';
  const onRound = ({ atMs, submitted, trouble }: LiveProgress) => {
    if (trouble === null && performance.now() - shownMs < SHOWN_EVERY_MS) return;
    const { presence, occupancy, visitors } = submitted;
    const counts = `${presence} of presence, ${occupancy} of occupancy, ${visitors} visitors`;
    const state = trouble === null ? '' : `; some events could not be submitted (${trouble}), trying again`;
    if (`${counts}${state}` === shown) return;
    remark(`Live at ${formatTime(new Date(atMs))}: ${counts}${state}.`);
    shownMs = performance.now();
    shown = `${counts}${state}`;
  };
  const signal = catchInterruption();
  await live(directory, { baseUrl, submitKey, readKey, speed, clock: Date.now, signal, onRound });
}

async function saveCredentials(file: string, baseUrl: string, keys: ShownKey[]): Promise<void> {
  const content = {
    baseUrl,
    keys: keys.map(({ name, role, authentication, apiKey, secret }) => ({
      name,
      role,
      authentication,
      apiKey,
      secret,
    })),
  };
  const unfinished = `${file}.${process.pid}`;
  try {
    // Renamed into place, so that no reader sees a part of the file, or reads it with an older file's mode.
    await writeFile(unfinished, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
    await rename(unfinished, file);
  } catch (error) {
    throw new CliError(
      `The credentials file ${file} cannot be written (${(error as NodeJS.ErrnoException).code}).`,
    );
  }
}

function describe(baseUrl: string, { keys, created, sample }: Demo): string {
  const rows = keys.map(({ role, authentication, apiKey, secret }) => ({
    role,
    authentication: authentication === 'basic' ? 'Basic and HMAC' : 'HMAC',
    id: apiKey,
    secret,
  }));
  const lines = [
    'The link above signs in as an administrator, once, within 15 minutes. Each start prints a new one.',
    '',
    `Rollcall is at ${baseUrl} with ${created ? 'a new' : 'its'} demo organisation. Documentation: ${baseUrl}/docs`,
    '',
    formatTable(rows),
  ];
  const basicKeyOf = (role: ApiKeyRole) =>
    keys.find((key) => key.role === role && key.authentication === 'basic');
  const [submitKey, readKey] = [basicKeyOf('submitting-events'), basicKeyOf('data-warehouse')];
  if (submitKey && readKey && sample) {
    lines.push(
      '',
      'Submit one presence event (paste this into another terminal):',
      submitLine(baseUrl, submitKey, sample),
      '',
      'Read it back:',
      readLine(baseUrl, readKey, sample),
    );
  }
  lines.push('', 'Ctrl-C stops the server; the next start finds the data again.');
  return lines.join('\n');
}

/**
 * curl reads the secret from its standard input, and the shell writes it there, so that no process has it as an
 * argument.
 */
function curlAs(key: ShownKey, rest: string): string {
  return `printf '${curlUser(key)}' | curl -sS --fail-with-body -K - ${rest}; echo`;
}

function submitLine(baseUrl: string, key: ShownKey, { locationId, email }: SamplePerson): string {
  const body = JSON.stringify({
    sourceId: 'my first source',
    presenceEvents: [
      {
        eventId: 'my first event',
        timestamp: NOW,
        locationType: 'location',
        locationId,
        userEmail: email,
      },
    ],
  });
  // The shell inserts the time at which the user pastes the line.
  const quoted = `'${body.replace(NOW, `'$(date -u +%Y-%m-%dT%H:%M:%SZ)'`)}'`;
  return curlAs(key, `-H 'content-type: application/json' -d ${quoted} ${baseUrl}/v1/presence/basic`);
}

const NOW = 'now';

/** Asks for the days around today in UTC, because the day at the office may differ. */
function readLine(baseUrl: string, key: ShownKey, { userId }: SamplePerson): string {
  const dayFromNow = (days: number) => addDays(utcDay(Date.now()), days);
  const query = `startDate=${dayFromNow(-1)}&endDate=${dayFromNow(1)}&userIds=${userId}`;
  return curlAs(key, `'${baseUrl}/v1/analytics/presence/basic?${query}'`);
}
