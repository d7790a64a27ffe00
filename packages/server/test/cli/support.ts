import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type pg from 'pg';
import { expect } from 'vitest';
import { readPostmasterFile } from '../../src/embedded/postmaster.ts';
import { passwordOf, ROLES } from '../../src/embedded/secret.ts';
import { serverPid } from '../embedded/support.ts';
import { login } from '../support/server.ts';
import { until } from '../support/waiting.ts';

export { until } from '../support/waiting.ts';

const MAIN = fileURLToPath(new URL('../../dist/bin/rollcall.js', import.meta.url));
/** A port on which nothing listens. The system gives it to no test that runs at the same time, and no service has it. */
export const CLOSED_PORT = 2;

export interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

interface Surroundings {
  /**
   * The whole environment, except PATH and ROLLCALL_JOBS: servers run no jobs unless it says so. The environment of the
   * test run does not count.
   */
  env?: Record<string, string>;
  input?: string | Buffer;
  /** More input may come after `input`. */
  isInputOpen?: true;
  /** The program, if it is not that of the workspace. */
  program?: string;
  /** The maximum size of its files, in blocks of 512 bytes. Beyond it, a write fails as on a full disk. */
  fileBlocks?: number;
}

/** A running `rollcall`, in a separate process group, as a shell starts it. */
export class Rollcall {
  readonly exited: Promise<Outcome>;
  stdout = '';
  stderr = '';
  readonly #child: ChildProcess;

  constructor(args: string[], { env = {}, input, isInputOpen, fileBlocks, program }: Surroundings = {}) {
    const command = [process.execPath, program ?? MAIN, ...args];
    // Without the trap, the system would end the process, which a full disk does not do.
    const limited = ['sh', '-c', `trap '' XFSZ; ulimit -f ${fileBlocks}; exec "$@"`, 'sh', ...command];
    const [file = '', ...rest] = fileBlocks === undefined ? command : limited;
    const child = spawn(file, rest, {
      env: { PATH: process.env.PATH ?? '', ROLLCALL_JOBS: 'off', ...env },
      cwd: '/',
      detached: true,
      stdio: 'pipe',
    });
    this.#child = child;
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    // A command that fails before it reads its input closes the pipe.
    child.stdin.on('error', () => undefined).write(input ?? '');
    if (!isInputOpen) child.stdin.end();
    this.exited = new Promise((resolve) => {
      child.once('close', (code) => resolve({ code, stdout: this.stdout, stderr: this.stderr }));
    });
  }

  /** Waits for the server's address. Fails with the output of the server if it ends before. */
  async baseUrl(): Promise<string> {
    const found = () => /Rollcall is at (\S+)/.exec(this.stdout + this.stderr)?.[1];
    await until(() => found() ?? this.hasEnded);
    return found() ?? expect.fail(`It did not start: ${this.stderr}${this.stdout}`);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** Sends a signal to this process only. */
  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Sends a signal to its whole process group, as a terminal does. */
  signalGroup(signal: NodeJS.Signals): void {
    process.kill(-this.pid, signal);
  }

  /** Stops it and expects exit code 0. */
  async stop(): Promise<Outcome> {
    this.signal('SIGTERM');
    const outcome = await this.exited;
    expect(outcome).toMatchObject({ code: 0 });
    return outcome;
  }

  /** Stops reading its standard output, as a reader that is slow. */
  pauseReading(): void {
    this.#child.stdout?.pause();
  }

  /** Whether it has written to its standard output since the reading stopped. */
  get hasUnread(): boolean {
    return (this.#child.stdout?.readableLength ?? 0) > 0;
  }

  /** Closes the reading end of its standard output. */
  stopReading(): void {
    this.#child.stdout?.destroy();
  }
}

/** A directory for a test file, and every process that it starts. */
export class Workspace {
  readonly dir: string;
  /** The program that it runs; the built one of this checkout if it is undefined. */
  program: string | undefined;
  readonly #started: Rollcall[] = [];

  private constructor(dir: string) {
    this.dir = dir;
  }

  static async create(): Promise<Workspace> {
    const dir = await mkdtemp(join(tmpdir(), 'rollcall-cli-'));
    // If root runs the tests, the database's user must be able to enter the directory.
    await chmod(dir, 0o711);
    return new Workspace(dir);
  }

  path(name: string): string {
    return join(this.dir, name);
  }

  /** Runs a command to its end. */
  rollcall(args: string[], surroundings: Surroundings = {}): Promise<Outcome> {
    return this.spawn(args, surroundings).exited;
  }

  /** Runs a command that must succeed. Returns its JSON output. */
  async json<T>(args: string[], surroundings: Surroundings = {}): Promise<T> {
    const { code, stdout, stderr } = await this.rollcall([...args, '--json'], surroundings);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    return JSON.parse(stdout) as T;
  }

  spawn(args: string[], surroundings: Surroundings = {}): Rollcall {
    const program = surroundings.program ?? this.program;
    const started = new Rollcall(args, { ...surroundings, ...(program && { program }) });
    this.#started.push(started);
    return started;
  }

  /** Starts a server, and waits until it answers. */
  async start(
    args: string[],
    surroundings: Surroundings = {},
  ): Promise<{ server: Rollcall; baseUrl: string }> {
    const server = this.spawn([...args, '--port', '0'], surroundings);
    return { server, baseUrl: await server.baseUrl() };
  }

  /** Ends and removes the rest, and fails if a process was left. */
  async close(): Promise<void> {
    const left = processesNaming(this.dir);
    for (const one of this.#started) {
      if (!one.hasEnded) one.signal('SIGKILL');
      await one.exited;
    }
    for (const name of readdirSync(this.dir)) await stopDatabase(this.path(name));
    await rm(this.dir, { recursive: true, force: true });
    expect(left).toEqual([]);
  }
}

async function stopDatabase(dataDir: string): Promise<void> {
  const pid = await serverPid(join(dataDir, 'postgres')).catch(() => undefined);
  if (pid === undefined) return;
  process.kill(pid, 'SIGQUIT');
  await until(async () => (await serverPid(join(dataDir, 'postgres'))) === undefined);
}

/** The command lines of all processes that name `text`. */
export function processesNaming(text: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      } catch {
        return [];
      }
    })
    .filter((command) => command.includes(text));
}

/** The pids of the worker processes of a server. */
export function workersOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        const parent = readFileSync(`/proc/${name}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[1];
        return (
          Number(parent) === pid && readFileSync(`/proc/${name}/cmdline`, 'utf8').includes('rollcall.js')
        );
      } catch {
        return false;
      }
    })
    .map(Number);
}

/** A port of this machine on which nothing listens now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await until(() => server.listening);
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** How an administrator reaches the running server of a data directory. */
export async function superuserOf(dataDir: string): Promise<pg.ClientConfig> {
  const file = await readPostmasterFile(join(dataDir, 'postgres'));
  return {
    host: file?.socketDir ?? '',
    port: file?.port ?? 0,
    user: ROLES.superuser,
    password: await passwordOf(dataDir, ROLES.superuser),
    database: 'rollcall',
  };
}

export interface Key {
  apiKey: string;
  secret: string;
}

/** Creates a data directory with an organisation. Returns a key of it. */
export function createKeyIn(work: Workspace, dataDir: string): Promise<Key> {
  const properties = ['--role', 'all', '--authentication', 'hmac', '--name', 'test'];
  return work.json<Key>(['keys', 'create', '--data-dir', dataDir, ...properties]);
}

/** Logs in by HMAC. */
export async function logIn(
  baseUrl: string,
  key: Key,
): Promise<{ status: number; token: string; body: string }> {
  const payload = login(key, Math.floor(Date.now() / 1000));
  const reply = await postJson(`${baseUrl}/v1/auth`, payload);
  const body = await reply.text();
  return { status: reply.status, token: (JSON.parse(body) as { token?: string }).token ?? '', body };
}

export function postJson(url: string, body: object, token?: string): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) },
    body: JSON.stringify(body),
  });
}

/** The status of a read with a token. */
export async function readStatus(baseUrl: string, token: string): Promise<number> {
  const reply = await fetch(`${baseUrl}/v1/analytics/users`, {
    headers: { authorization: `Bearer ${token}` },
  });
  await reply.arrayBuffer();
  return reply.status;
}

/** Expects a command to fail with one plain sentence, and with nothing on standard output. */
export function expectOneSentence({ code, stdout, stderr }: Outcome, saying: RegExp): void {
  expect(stderr).toMatch(saying);
  expect(stderr).not.toMatch(/^ {4}at /m);
  expect(stderr).not.toContain('unexpected');
  const lines = stderr.trim().split('\n');
  expect(lines.filter((line) => line.startsWith('rollcall: ') || line.startsWith('error: '))).toHaveLength(1);
  expect(stdout).toBe('');
  expect(code).toBe(1);
}
