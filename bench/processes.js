import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';

const STOP_LIMIT_MS = 30_000;
const ENVIRONMENT = { PATH: process.env.PATH, NODE_ENV: 'production' };
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
export const MAIN = here('../packages/server/dist/bin/rollcall.js');
const USAGE = new URL('usage.js', import.meta.url).href;

/** Processes that the benchmark started and that have not ended. */
const running = new Set();

/** Kills the remaining processes. */
function killAll() {
  for (const child of running) child.kill('SIGKILL');
}

/** Asks the remaining processes to end, and kills them if they do not end in time. */
async function endAll() {
  for (const child of running) child.kill('SIGTERM');
  const forced = setTimeout(killAll, STOP_LIMIT_MS / 3);
  await Promise.all([...running].map(ended));
  clearTimeout(forced);
}

/** A port of this machine that nothing uses now. */
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** Notes a process that has to end with the benchmark. */
export function keep(child) {
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

/**
 * Runs `rollcall` with these arguments to its end. Throws if its exit code is not 0.
 *
 * @param {string[]} args
 * @param {Record<string, string>} env
 * @returns {Promise<{ seconds: number, cpuSeconds: number, peakMb: number, said: string }>} `seconds` from its start to
 *   its end; `cpuSeconds` is its processor time; `peakMb` is its maximum resident memory; `said` is its standard output
 */
export async function runRollcall(args, env) {
  const startedMs = performance.now();
  const child = keep(
    spawn(process.execPath, ['--import', USAGE, MAIN, ...args], {
      env: { ...ENVIRONMENT, ...env },
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    }),
  );
  const [, output, errors, usage] = child.stdio.map(collect);
  const [code] = await once(child, 'close');
  const seconds = (performance.now() - startedMs) / 1_000;
  if (code !== 0) throw new Error(`rollcall ${args[0]} ended with ${code}: ${errors.text}${output.text}`);
  return { seconds, ...JSON.parse(usage.text), said: output.text };
}

function collect(stream) {
  const collected = { text: '' };
  stream?.setEncoding('utf8').on('data', (chunk) => {
    collected.text += chunk;
  });
  return collected;
}

/** Runs a script that takes one job and answers with its measurements. */
export function runJob(script, job) {
  return startJob(script, job).measured;
}

/**
 * Starts a script that takes one job. `measured` resolves to its measurements; `stop` makes it end early.
 * @returns {{ measured: Promise<any>, stop(): Promise<any> }}
 */
export function startJob(script, job) {
  const child = keep(
    fork(here(script), { env: ENVIRONMENT, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }),
  );
  child.send(job);
  const measured = firstMessage(child, script).then(async (answer) => {
    await ended(child);
    if (answer.error !== undefined) throw new Error(`${script}: ${answer.error}`);
    return answer.measured;
  });
  const stop = () => {
    if (child.connected) child.send('stop');
    return measured;
  };
  return { measured, stop };
}

/** On SIGINT and SIGTERM, ends what was started, waits for `close`, and ends this process. */
export function endWhenInterrupted(close) {
  process.once('exit', killAll);
  const interrupt = async () => {
    // The interrupted work fails now. It must not end this process before everything is closed.
    process.on('uncaughtException', () => undefined);
    await endAll();
    await close().catch(() => undefined);
    process.exit(130);
  };
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void interrupt());
}

/** Starts a script that listens on a port of its choice. */
export async function startContender(script, job) {
  // oidc-provider prints a warning on all Node.js versions except the newest; the output is ignored.
  const child = keep(fork(here(script), { env: ENVIRONMENT, stdio: ['ignore', 'ignore', 'ignore', 'ipc'] }));
  child.send(job);
  const { listening } = await firstMessage(child, script);
  return {
    address: { host: '127.0.0.1', port: listening },
    stop: async () => {
      child.disconnect();
      await ended(child);
    },
  };
}

async function firstMessage(child, script) {
  const aborted = new AbortController();
  try {
    return await Promise.race([
      once(child, 'message', { signal: aborted.signal }).then(([message]) => message),
      once(child, 'exit', { signal: aborted.signal }).then(() => {
        throw new Error(`${script} ended without an answer.`);
      }),
    ]);
  } finally {
    aborted.abort();
  }
}

async function ended(child) {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}

/**
 * A running `rollcall serve`.
 * @typedef {{ address: { host: string, port: number }, pid: number, stop(signal?: NodeJS.Signals): Promise<void> }} Server
 */

/**
 * Starts the product's server from its package, and waits until it prints its address.
 * @param {{ args?: string[], env: Record<string, string>, log: number, node?: string[] }} options `log`: the file
 *   for its log
 * @returns {Promise<Server>}
 */
export async function startServer({ args = [], env, log, node = [] }) {
  const child = keep(
    spawn(process.execPath, [...node, MAIN, 'serve', '--port', '0', ...args], {
      env: { ...ENVIRONMENT, ...env },
      stdio: ['ignore', log, 'pipe'],
    }),
  );
  const port = await saidPort(child);
  return {
    address: { host: '127.0.0.1', port },
    pid: child.pid,
    stop: async (signal = 'SIGTERM') => {
      child.kill(signal);
      const forced = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
      await ended(child);
      clearTimeout(forced);
    },
  };
}

async function saidPort(child) {
  let said = '';
  child.stderr.setEncoding('utf8');
  for await (const text of child.stderr.iterator({ destroyOnReturn: false })) {
    said += text;
    const port = /Rollcall is at http:\/\/[^:]+:(\d+)/.exec(said)?.[1];
    if (port !== undefined) {
      child.stderr.resume();
      return Number(port);
    }
  }
  throw new Error(`The server did not start: ${said}`);
}

/** Resident memory of a process in MB, if the system tells it (Linux). */
export function residentMb(pid) {
  return memoryMb(pid, 'VmRSS');
}

/** The most resident memory that a process had since its start, in MB, if the system tells it (Linux). */
export function peakMb(pid) {
  return memoryMb(pid, 'VmHWM');
}

function memoryMb(pid, name) {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)[1]) / 1_024;
  } catch {
    return undefined;
  }
}
