import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, closeSync, mkdirSync, openSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { newDirectory, removeDirectory } from '../environment.js';
import { freePort, keep, MAIN } from '../processes.js';
import { maximum } from './common.js';

const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url));
/** The directory in which the product, as root, puts the files that the database's user must reach. */
const SYSTEM_DIR = '/var/lib/rollcall';
const ORDINARY_UID = 65_534;
const POLL_MS = 5;
const LIMIT_MS = 60_000;

const CASES = [
  { name: 'new data directory', goal: 4 },
  { name: 'existing data directory', goal: 1 },
  { name: 'after SIGKILL', goal: 2 },
];

/** From the start of the process until it first answers that it is ready, as a user and as root with staging. */
export async function startup(context) {
  const lines = [];
  for (const [who, prepare] of [
    ['as a user', asUser],
    ['as root, with staging', asRootWithStaging],
  ]) {
    if (!canRun(prepare)) {
      context.progress(`${who}: not possible here, not measured`);
      continue;
    }
    const times = CASES.map(() => []);
    for (let round = 0; round < context.runs; round++) {
      context.progress(`${who}, ${round + 1} of ${context.runs}`);
      for (const [index, seconds] of (await measureStarts(prepare)).entries()) times[index].push(seconds);
    }
    for (const [index, { name, goal }] of CASES.entries()) {
      const what = `start to first answer, ${name}, ${who}`;
      lines.push(maximum({ row: 'startup', what, unit: 's', values: times[index], goal }));
    }
  }
  return lines;
}

/** Seconds of a first start, of a second one, and of one after a SIGKILL. */
async function measureStarts(prepare) {
  const dir = newDirectory();
  const log = openSync(join(dir, 'server.log'), 'a');
  try {
    const launch = prepare(dir);
    const first = await start(launch, log);
    await first.end('SIGTERM');
    const second = await start(launch, log);
    await second.end('SIGKILL');
    const third = await start(launch, log);
    await third.end('SIGTERM');
    return [first, second, third].map(({ seconds }) => seconds);
  } finally {
    closeSync(log);
    await removeDirectory(dir);
  }
}

async function start({ command, options }, log) {
  const port = await freePort();
  const [program, ...args] = command(port);
  const beganMs = performance.now();
  const child = keep(
    spawn(program, args, {
      env: { PATH: process.env.PATH, NODE_ENV: 'production' },
      stdio: ['ignore', log, log],
      ...options,
    }),
  );
  while ((await statusOf(port)) !== 200) {
    if (child.exitCode !== null || performance.now() - beganMs > LIMIT_MS) {
      child.kill('SIGKILL');
      throw new Error('The server did not start.');
    }
    await delay(POLL_MS);
  }
  return {
    seconds: (performance.now() - beganMs) / 1_000,
    end: async (signal) => {
      child.kill(signal);
      await once(child, 'exit');
    },
  };
}

function statusOf(port) {
  return new Promise((resolve) => {
    get({ host: '127.0.0.1', port, path: '/readyz', agent: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    }).on('error', () => resolve(undefined));
  });
}

const serve = (main, dataDir) => (port) => [
  process.execPath,
  main,
  'serve',
  '--port',
  String(port),
  '--data-dir',
  dataDir,
];

/** As the user who runs the benchmark. If that is root, as a user without rights. */
function asUser(dir) {
  const isRoot = process.getuid() === 0;
  if (isRoot) chownSync(dir, ORDINARY_UID, ORDINARY_UID);
  return {
    command: serve(MAIN, join(dir, 'rollcall')),
    options: isRoot ? { uid: ORDINARY_UID, gid: ORDINARY_UID } : {},
  };
}

/**
 * As root, from a checkout that no other user may enter. The server then puts programs and cluster into a directory that
 * the database's user can reach. A mount that only the server sees makes this an empty directory of the run.
 */
function asRootWithStaging(dir) {
  const [system, secluded] = [join(dir, 'system'), join(dir, 'secluded')];
  mkdirSync(system, { mode: 0o755 });
  mkdirSync(secluded, { mode: 0o700 });
  const checkout = join(secluded, 'checkout');
  mkdirSync(checkout);
  mkdirSync(SYSTEM_DIR, { recursive: true, mode: 0o755 });
  const mounts = 'mount --bind "$0" "$1" && mount --bind "$2" "$3" && shift 3 && exec "$@"';
  const inside = serve(join(checkout, 'packages/server/dist/bin/rollcall.js'), join(secluded, 'rollcall'));
  return {
    command: (port) => [
      ...['unshare', '--mount', 'sh', '-c', mounts, system, SYSTEM_DIR, CHECKOUT, checkout],
      ...inside(port),
    ],
    options: {},
  };
}

function canRun(prepare) {
  const isRoot = process.getuid() === 0;
  try {
    if (prepare === asRootWithStaging) {
      if (!isRoot) return false;
      execFileSync('unshare', ['--mount', 'true'], { stdio: 'ignore' });
    } else if (isRoot) {
      execFileSync(process.execPath, [MAIN, '--version'], {
        uid: ORDINARY_UID,
        gid: ORDINARY_UID,
        stdio: 'ignore',
      });
    }
    return true;
  } catch {
    return false;
  }
}
