import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { chmod, chown, mkdtemp, readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import pg from 'pg';
import { expect, inject } from 'vitest';
import { joinEmbedded } from '../../src/embedded/index.ts';
import { isPostmasterOf, readPostmasterFile } from '../../src/embedded/postmaster.ts';
import { inspectProcess } from '../../src/embedded/processes.ts';
import { until } from '../support/waiting.ts';

export const isRoot = process.geteuid?.() === 0;
/** `nobody`, as whom root runs the tests for ordinary users. */
export const ORDINARY_USER = { uid: 65534, gid: 65534 };

/** Whether an ordinary user can run the code of this checkout. Nobody else may enter a private home of root. */
export const ordinaryUserCanRun = !isRoot || isOpenToAll(fileURLToPath(import.meta.url));
if (!ordinaryUserCanRun) {
  console.warn(
    'NOT RUN, since only root may enter this checkout: what the embedded server does for ordinary users',
  );
}

function isOpenToAll(path: string): boolean {
  const parent = dirname(path);
  return parent === path || ((statSync(parent).mode & 0o001) !== 0 && isOpenToAll(parent));
}

const source = fileURLToPath(new URL('../../src/embedded/', import.meta.url));
const built = fileURLToPath(new URL('../../dist/embedded/', import.meta.url));

function checkBuilt(): void {
  for (const file of readdirSync(source)) {
    const output = join(built, file.replace(/\.ts$/, '.js'));
    if (!existsSync(output) || statSync(output).mtimeMs < statSync(join(source, file)).mtimeMs) {
      throw new Error('These tests start processes from dist; build first (npm run build).');
    }
  }
}

interface Report {
  event: 'joined' | 'released' | 'failed' | 'log' | 'rows';
  created?: boolean;
  tookMs?: number;
  target?: pg.ClientConfig;
  name?: string;
  message?: string;
  rows?: Record<string, unknown>[];
}

/** A child process that is a participant of an embedded server. */
export class Child {
  readonly process: ChildProcess;
  readonly reports: Report[] = [];
  readonly exited: Promise<number | NodeJS.Signals | null>;

  constructor(options: object, as: { uid?: number; gid?: number; env?: NodeJS.ProcessEnv } = {}) {
    checkBuilt();
    const script = fileURLToPath(new URL('participant.mjs', import.meta.url));
    this.process = spawn(process.execPath, [script, JSON.stringify(options)], {
      ...as,
      cwd: '/',
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.exited = new Promise((resolve) => {
      this.process.once('close', (code, signal) => resolve(signal ?? code));
    });
    const output = this.process.stdout;
    if (output !== null) {
      createInterface({ input: output }).on('line', (line) => this.reports.push(JSON.parse(line)));
    }
  }

  /** The first report of a kind. The test fails if another report came instead. */
  async report(event: Report['event']): Promise<Report> {
    await until(() => this.reports.some((one) => one.event === event || one.event === 'failed'));
    const found = this.reports.find((one) => one.event === event);
    if (found === undefined) throw new Error(`no "${event}": ${JSON.stringify(this.reports)}`);
    return found;
  }

  async query(sql: string): Promise<Record<string, unknown>[]> {
    const before = this.reports.filter((one) => one.event === 'rows').length;
    this.process.stdin?.write(`${sql}\n`);
    await until(() => this.reports.filter((one) => one.event === 'rows').length > before);
    return this.reports.findLast((one) => one.event === 'rows')?.rows ?? [];
  }

  /** Leaves properly. The process must then end by itself. */
  async release(): Promise<void> {
    this.process.stdin?.write('release\n');
    await this.report('released');
    expect(await this.exited).toBe(0);
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    this.process.kill(signal);
    await this.exited;
  }
}

const execute = promisify(execFile);
/** One for all test files of this worker. */
let template: Promise<string> | undefined;

async function makeTemplate(): Promise<string> {
  const dir = await mkdtemp(join(inject('scratchDir'), 'template-'));
  await chmod(dir, 0o711);
  const server = await joinEmbedded({ dataDir: join(dir, 'data'), purpose: 'command', name: 'template' });
  await server.release();
  return join(dir, 'data');
}

/** All processes and directories of one test, and their removal. */
export class Bench {
  readonly #dirs: string[] = [];
  readonly #children: Child[] = [];

  /** A new directory. With 0711, its server can also use it when root runs the tests. */
  async dir(mode = 0o711, owner?: { uid: number; gid: number }): Promise<string> {
    const dir = await mkdtemp('/tmp/rollcall-test-');
    await chmod(dir, mode);
    if (owner !== undefined) await chown(dir, owner.uid, owner.gid);
    this.#dirs.push(dir);
    return dir;
  }

  /** An initialised data directory that is not in use. It is a copy, because an initialisation takes a second. */
  async dataDir(): Promise<string> {
    template ??= makeTemplate();
    const copy = join(await this.dir(), 'data');
    await execute('cp', ['-a', await template, copy]);
    return copy;
  }

  child(...args: ConstructorParameters<typeof Child>): Child {
    const child = new Child(...args);
    this.#children.push(child);
    return child;
  }

  async clear(): Promise<void> {
    for (const child of this.#children) await child.kill();
    for (const dir of this.#dirs) {
      for (const cluster of await clustersIn(dir)) {
        const pid = await serverPid(cluster);
        if (pid === undefined) continue;
        process.kill(pid, 'SIGQUIT');
        await until(async () => !(await isAlive(pid)));
      }
      await rm(dir, { recursive: true, force: true });
    }
  }
}

async function clustersIn(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { recursive: true }).catch(() => []);
  return entries.filter((entry) => entry.endsWith('postmaster.pid')).map((entry) => join(dir, entry, '..'));
}

/** The pid of a cluster's running server. */
export async function serverPid(cluster: string): Promise<number | undefined> {
  const file = await readPostmasterFile(cluster);
  if (file === undefined) return undefined;
  return (await isPostmasterOf(file.pid, cluster, statSync(cluster).uid)) ? file.pid : undefined;
}

export async function isAlive(pid: number): Promise<boolean> {
  return (await inspectProcess(pid)) !== undefined;
}

/** Runs one statement on a separate connection. */
export async function query<Row extends pg.QueryResultRow>(
  target: pg.ClientConfig,
  sql: string,
): Promise<Row[]> {
  const client = new pg.Client(target);
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}

/** The permission bits of a file. */
export function modeOf(path: string): number {
  return statSync(path).mode & 0o777;
}

/** The options with which a command joins the server of a data directory. */
export function command(dataDir: string) {
  return { dataDir, purpose: 'command' as const, name: 'rollcall test' };
}
