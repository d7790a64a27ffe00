import { rename, writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import type { ShownKey } from '../auth/manage-keys.ts';
import {
  DATA_SETTINGS,
  type DataConfig,
  DEMO_SETTINGS,
  type DemoConfig,
  SERVER_SETTINGS,
  type ServerConfig,
  toOptions,
} from '../config.ts';
import type { LiveProgress } from '../demo/live.ts';
import type { Demo } from '../demo/organisation.ts';
import { withOwner } from './context.ts';
import { CliError } from './errors.ts';
import { catchInterruption, endsWell, unlessInterrupted } from './interruption.ts';
import { formatTable, formatTime, print, remark } from './output.ts';
import { showProgress } from './progress.ts';

type Options = DataConfig & ServerConfig & DemoConfig;

/** `rollcall demo`. */
export function demoCommand(): Command {
  const command = new Command('demo').description('run the server with a demo organisation in it');
  for (const option of toOptions({ ...SERVER_SETTINGS, ...DEMO_SETTINGS, ...DATA_SETTINGS })) {
    // The screen is for the keys and the lines to paste.
    command.addOption(option.name() === 'log-level' ? option.default('warn') : option);
  }
  return command.action(async (options: Options) => {
    // Loaded here, so that other commands do not wait for the server's code.
    const { serveUntilSignalled, startServer } = await import('./serve.ts');
    const { CONNECTIONS, ensureDemo } = await import('../demo/organisation.ts');
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
      print(describe(running.baseUrl, demo));
      if (options.live) void liveOn(options, running.baseUrl, demo);
    } catch (error) {
      progress.stop();
      await running.stop();
      return endsWell(error);
    }
    await serveUntilSignalled(running);
  });
}

const SHOWN_EVERY_MS = 10_000;

/** Goes on with the day beside the server, until that is stopped. */
async function liveOn({ speed }: Options, baseUrl: string, { keys, directory }: Demo): Promise<void> {
  const { live } = await import('../demo/live.ts');
  const submitKey = keys.find((key) => key.role === 'submitting-events');
  const readKey = keys.find((key) => key.authentication === 'basic');
  if (!submitKey || !readKey) throw new Error('The demo has lost its keys.');
  let shownMs = Number.NEGATIVE_INFINITY;
  let shown = '';
  const onRound = ({ atMs, submitted, trouble }: LiveProgress) => {
    if (trouble === null && performance.now() - shownMs < SHOWN_EVERY_MS) return;
    const { presence, occupancy, visitors } = submitted;
    const counts = `${presence} of presence, ${occupancy} of occupancy, ${visitors} visitors`;
    const state = trouble === null ? '' : `; not all could be submitted (${trouble}), trying again`;
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
    // Renamed into place: whoever waits for the file never reads half of it, nor through an older file's mode.
    await writeFile(unfinished, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
    await rename(unfinished, file);
  } catch (error) {
    throw new CliError(
      `The credentials file ${file} cannot be written (${(error as NodeJS.ErrnoException).code}).`,
    );
  }
}

function describe(baseUrl: string, { keys, created, sample }: Demo): string {
  const basicKey = keys.find((key) => key.authentication === 'basic');
  const rows = keys.map(({ role, authentication, apiKey, secret }) => ({
    role,
    authentication: authentication === 'basic' ? 'Basic and HMAC' : 'HMAC',
    id: apiKey,
    secret,
  }));
  const lines = [
    `Rollcall is at ${baseUrl} with ${created ? 'a new' : 'its'} demo organisation. Documentation: ${baseUrl}/docs`,
    '',
    formatTable(rows),
  ];
  if (basicKey && sample) {
    lines.push(
      '',
      'Log in and submit one presence event (paste this into another terminal):',
      submitLine(baseUrl, basicKey, sample),
      '',
      'Read it back:',
      readLine(baseUrl, basicKey),
    );
  }
  lines.push('', 'Ctrl-C stops it; the next start finds the data again.');
  return lines.join('\n');
}

/** Plain Node, since nothing else is sure to be there. Only double quotes inside: the shell's are single. */
function submitLine(
  baseUrl: string,
  { apiKey, secret }: ShownKey,
  sample: NonNullable<Demo['sample']>,
): string {
  const script = [
    `const u=${JSON.stringify(baseUrl)},apiKey=${JSON.stringify(apiKey)}`,
    'timestamp=Math.floor(Date.now()/1e3)',
    `hash=require("crypto").createHmac("sha256",${JSON.stringify(secret)}).update(apiKey+timestamp).digest("hex")`,
    'p=(w,b,h)=>fetch(u+w,{method:"POST",headers:{"content-type":"application/json",...h},body:JSON.stringify(b)}).then(r=>r.json());' +
      'p("/v1/auth/",{apiKey,timestamp,hash}).then(({token})=>p("/v1/presence/",{sourceId:"my first source",' +
      `presenceEvents:[{eventId:"my first event",timestamp:new Date(),locationType:"location",locationId:${JSON.stringify(sample.locationId)},` +
      `userEmail:${JSON.stringify(sample.email)}}]},{authorization:"Bearer "+token})).then(r=>console.log(r))`,
  ];
  return `node -e '${script.join(',')}'`;
}

function readLine(baseUrl: string, { apiKey, secret }: ShownKey): string {
  const credentials = JSON.stringify(`${apiKey}:${secret}`);
  const script =
    'const d=n=>new Date(Date.now()+n*864e5).toISOString();' +
    `fetch(${JSON.stringify(baseUrl)}+"/v1/analytics/presence/basic?startDate="+d(-1)+"&endDate="+d(1),` +
    `{headers:{authorization:"Basic "+btoa(${credentials})}}).then(r=>r.json())` +
    '.then(r=>console.log(r.filter(e=>e.sourceId=="my first source")))';
  return `node -e '${script}'`;
}
