import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { MasterKey } from '../src/auth/secrets.ts';
import { readPostmasterFile } from '../src/embedded/postmaster.ts';
import { passwordOf, ROLES } from '../src/embedded/secret.ts';
import { Database, type DatabaseTarget } from '../src/store/connections/db.ts';

/** This file runs from `fuzz/dist/fuzz`. The driver judges the program that users get. */
const MAIN = fileURLToPath(new URL('../../../dist/bin/rollcall.js', import.meta.url));
const STOP_LIMIT_MS = 30_000;

/** A running `rollcall serve` on data of its own, and a connection to its database. */
export class Server {
  readonly masterKey: MasterKey;
  readonly #data: Data;
  #running: Running;

  private constructor(data: Data, running: Running) {
    this.masterKey = data.masterKey;
    this.#data = data;
    this.#running = running;
  }

  /** Starts the server on an embedded PostgreSQL, or on a new database in the server of `DATABASE_URL`. */
  static async start(): Promise<Server> {
    const data = await Data.create(process.env.DATABASE_URL);
    try {
      return new Server(data, await run(data, 0));
    } catch (error) {
      await data.remove();
      throw error;
    }
  }

  get url(): string {
    return `http://127.0.0.1:${this.#running.port}`;
  }

  /** Connects as the owner of the database. */
  get owner(): Database {
    return this.#running.owner;
  }

  /** Whether the process still runs. */
  get isAlive(): boolean {
    return isAlive(this.#running.child);
  }

  /** Ends the process, which then stores all that it holds, and starts it again at the same address. */
  async restart(): Promise<void> {
    const { port } = this.#running;
    await stop(this.#running);
    this.#running = await run(this.#data, port);
  }

  /** The lines of its log about errors of its own. */
  async errors(): Promise<string[]> {
    const lines = (await readFile(this.#data.log, 'utf8')).split('\n');
    return lines.filter((line) => /"level":"(error|fatal)"/.test(line));
  }

  /** Ends the server, and removes its data. */
  async close(): Promise<void> {
    await stop(this.#running);
    await this.#data.remove();
  }
}

interface Running {
  child: ChildProcess;
  port: number;
  owner: Database;
}

/** `port` 0: one of the system's choice. Otherwise the server knows its public URL. */
async function run(data: Data, port: number): Promise<Running> {
  const settings = ['--port', String(port), '--trust-proxy', '127.0.0.1'];
  if (port !== 0) settings.push('--public-url', `http://localhost:${port}`);
  const child = spawn(process.execPath, [MAIN, 'serve', ...settings], {
    env: {
      PATH: process.env.PATH,
      NODE_ENV: 'production',
      ROLLCALL_JOBS: 'off',
      ROLLCALL_MASTER_KEY: data.masterKey.export(),
      ...data.settings,
    },
    stdio: ['ignore', openSync(data.log, 'a'), 'pipe'],
  });
  try {
    const said = await saidPort(child);
    const owner = new Database({ target: await data.target(), as: 'owner', poolSize: 2, exportPoolSize: 1 });
    return { child, port: said, owner };
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
}

async function stop({ child, owner }: Running): Promise<void> {
  await owner.close();
  if (!isAlive(child)) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const forced = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
  await ended;
  clearTimeout(forced);
}

const isAlive = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode === null && signalCode === null;

/** The data of a server, which `remove` removes. */
class Data {
  readonly masterKey = MasterKey.generate();
  readonly #dir: string;
  /** The server of `DATABASE_URL`, and the database in it. */
  readonly #given: { url: string; name: string } | undefined;

  private constructor(dir: string, given: { url: string; name: string } | undefined) {
    this.#dir = dir;
    this.#given = given;
  }

  static async create(url: string | undefined): Promise<Data> {
    const dir = await mkdtemp(join(tmpdir(), 'rollcall-fuzz-'));
    // If root runs it, the database's user must be able to enter the directory.
    await chmod(dir, 0o711);
    if (url === undefined) return new Data(dir, undefined);
    const name = `fuzz_${randomBytes(6).toString('hex')}`;
    await query(url, `CREATE DATABASE ${name}`);
    return new Data(dir, { url, name });
  }

  get log(): string {
    return join(this.#dir, 'server.log');
  }

  get settings(): Record<string, string> {
    return this.#given ? { DATABASE_URL: this.#url(this.#given) } : { ROLLCALL_DATA_DIR: this.#dataDir };
  }

  async target(): Promise<DatabaseTarget> {
    if (this.#given) return { connectionString: this.#url(this.#given) };
    const file = await readPostmasterFile(join(this.#dataDir, 'postgres'));
    const password = await passwordOf(this.#dataDir, ROLES.superuser);
    const target = { host: file?.socketDir ?? '', port: file?.port ?? 0, user: ROLES.superuser, password };
    // The data need not survive a power failure.
    for (const setting of ['fsync', 'full_page_writes'])
      await query({ ...target, database: 'postgres' }, `ALTER SYSTEM SET ${setting} TO off`);
    await query({ ...target, database: 'postgres' }, 'SELECT pg_reload_conf()');
    return { ...target, database: 'rollcall' };
  }

  async remove(): Promise<void> {
    if (this.#given) await query(this.#given.url, `DROP DATABASE IF EXISTS ${this.#given.name} WITH (FORCE)`);
    await rm(this.#dir, { recursive: true, force: true });
  }

  get #dataDir(): string {
    return join(this.#dir, 'data');
  }

  #url({ url, name }: { url: string; name: string }): string {
    const own = new URL(url);
    own.pathname = `/${name}`;
    return own.href;
  }
}

async function query(target: DatabaseTarget | string, statement: string): Promise<void> {
  const client = new pg.Client(target);
  await client.connect();
  await client.query(statement).finally(() => client.end());
}

async function saidPort(child: ChildProcess): Promise<number> {
  let said = '';
  child.stderr?.setEncoding('utf8');
  for await (const text of child.stderr?.iterator({ destroyOnReturn: false }) ?? []) {
    said += text;
    const port = /Rollcall is at http:\/\/[^:]+:(\d+)/.exec(said)?.[1];
    if (port === undefined) continue;
    child.stderr?.resume();
    return Number(port);
  }
  throw new Error(`The server did not start: ${said}`);
}
