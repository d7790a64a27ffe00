import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, openSync } from 'node:fs';
import { readdir, readFile, readlink, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { MasterKeys } from '../packages/server/dist/auth/master-keys.js';
import { MasterKey } from '../packages/server/dist/auth/secrets.js';
import { prepareData } from '../packages/server/dist/cli/context.js';
import { joinEmbedded } from '../packages/server/dist/embedded/index.js';
import { Database } from '../packages/server/dist/store/connections/db.js';
import { fill } from './dataset.js';
import { runRollcall, startServer } from './processes.js';
import { processorSecondsOfPostgres } from './processor-time.js';

const DATA_DIR = fileURLToPath(new URL('data', import.meta.url));

/** A database with the data set: embedded, or a new one in the server of `DATABASE_URL`. `close` removes it. */
export class Environment {
  #dir = newDirectory();
  #target;
  #letGo;
  #masterKey = MasterKey.generate();
  #servers = new Set();
  /** Connects as the owner. */
  owner;
  /** @type {import('./dataset.js').Dataset} */
  data;
  /** Maximum resident memory of the product's server under load, in MB. */
  peakMb = 0;

  /**
   * @param {import('./dataset.js').Size} size
   * @param {typeof fill} fillWith fills a migrated database and returns `data`
   */
  static async create(size, fillWith = fill) {
    const environment = new Environment();
    try {
      await environment.#prepare(size, fillWith);
      return environment;
    } catch (error) {
      await environment.close();
      throw error;
    }
  }

  async #prepare(size, fillWith) {
    const url = process.env.DATABASE_URL;
    const database = url ? await makeDatabase(url) : await embedded(join(this.#dir, 'rollcall'));
    this.#target = database.target;
    this.#letGo = database.letGo;
    this.owner = new Database({
      target: this.#target,
      as: 'owner',
      poolSize: 2,
      exportPoolSize: 1,
      statementTimeoutMs: 0,
    });
    const masterKey = new MasterKeys([this.#masterKey]);
    const connection = { target: this.#target, masterKey, close: async () => undefined };
    await prepareData(connection, this.owner);
    await this.#refuseUndurable();
    this.data = await fillWith(size, { owner: this.owner, masterKey: this.#masterKey });
    await this.analyze();
  }

  /** The target for contenders. They connect as the owner, and then become the restricted role. */
  get target() {
    return this.#target;
  }

  /**
   * Starts the product's server on this database.
   * @param {{ args?: string[], node?: string[], second?: boolean }} options `second`: beside a server that runs
   *   already and owns the data directory
   */
  async startServer({ args = [], node = [], second = false } = {}) {
    const url = this.#target.connectionString ?? (second ? urlOf(this.#target) : undefined);
    const server = await startServer({
      node,
      args,
      env: this.#settings(url),
      log: openSync(join(this.#dir, 'server.log'), 'a'),
    });
    this.#servers.add(server);
    return server;
  }

  /** Runs a command of the product on this database, as `runRollcall` does. */
  rollcall(args) {
    return runRollcall(args, this.#settings(this.#target.connectionString));
  }

  /** The environment variables by which the product finds this database. */
  #settings(url) {
    return {
      ROLLCALL_MASTER_KEY: this.#masterKey.export(),
      ...(url === undefined ? { ROLLCALL_DATA_DIR: join(this.#dir, 'rollcall') } : { DATABASE_URL: url }),
    };
  }

  /** The processor time of the database's processes so far, in seconds. Undefined if the system does not tell it. */
  async postgresSeconds() {
    const { rows } = await this.owner.inSystem((tx) => tx.query('SELECT pg_backend_pid() AS pid'));
    return processorSecondsOfPostgres(rows[0].pid);
  }

  /** Throws if the database could lose acknowledged rows. Its figures would not be comparable. */
  async #refuseUndurable() {
    for (const name of ['fsync', 'full_page_writes', 'synchronous_commit']) {
      const { rows } = await this.owner.inSystem((tx) => tx.query(`SHOW ${name}`));
      if (rows[0][name] !== 'on')
        throw new Error(`The database has ${name} ${rows[0][name]}; it must be on.`);
    }
  }

  async version() {
    const { rows } = await this.owner.inSystem((tx) => tx.query('SHOW server_version'));
    return rows[0].server_version;
  }

  /** Updates the statistics, so that the planner does not have to guess for any contender. */
  async analyze() {
    await this.#asOwner('ANALYZE');
  }

  /** Does the later work of autovacuum now, and updates the statistics. */
  async vacuum(tables = ['presence_events']) {
    for (const table of tables) await this.#asOwner(`VACUUM (ANALYZE) rollcall.${table}`);
    await this.analyze();
  }

  /** Bytes of tables on the disk, with their indexes. */
  async bytesOf(tables) {
    const { rows } = await this.owner.inSystem((tx) =>
      tx.query(
        `SELECT sum(pg_total_relation_size(t.id)
                    + coalesce((SELECT sum(pg_total_relation_size(p.relid)) FROM pg_partition_tree(t.id) p WHERE p.isleaf), 0)
                   )::float8 AS bytes
         FROM (SELECT ('rollcall.' || name)::regclass AS id FROM unnest($1::text[]) AS name) AS t`,
        [tables],
      ),
    );
    return rows[0].bytes;
  }

  removeEvents() {
    return this.empty(['presence_events']);
  }

  async empty(tables) {
    await this.#asOwner(`TRUNCATE ${tables.map((table) => `rollcall.${table}`).join(', ')}`);
  }

  async countEvents() {
    let count = 0;
    for (const { tenantId } of this.data.organisations) {
      const { rows } = await this.owner.inTenant(tenantId, (tx) =>
        tx.query('SELECT count(*)::int AS count FROM presence_events WHERE tenant_id = $1', [tenantId]),
      );
      count += rows[0].count;
    }
    return count;
  }

  async #asOwner(statement) {
    const client = new pg.Client(this.#target);
    await client.connect();
    await client.query(statement).finally(() => client.end());
  }

  async close() {
    for (const server of this.#servers) await server.stop();
    await this.owner?.close();
    await this.#letGo?.();
    await removeDirectory(this.#dir);
  }
}

function urlOf({ host, port, user, password, database }) {
  const credentials = `${encodeURIComponent(user)}:${encodeURIComponent(password)}`;
  return `postgres://${credentials}@/${database}?host=${encodeURIComponent(host)}&port=${port}`;
}

/** Directories that `newDirectory` made and nothing has removed yet. */
const directories = new Set();

/** A directory for the data of a run. */
export function newDirectory() {
  mkdirSync(DATA_DIR, { recursive: true });
  const dir = mkdtempSync(join(DATA_DIR, 'run-'));
  directories.add(dir);
  return dir;
}

/** Ends the database that still runs in a run's directory. Removes that directory, and a cluster that it links to. */
export async function removeDirectory(dir) {
  const link = join(dir, 'rollcall', 'postgres');
  // As root with staging, the server sees the cluster at another path: a mount leads to this directory of the run.
  const staged = await readdir(join(dir, 'system')).catch(() => []);
  for (const cluster of [link, ...staged.map((name) => join(dir, 'system', name))])
    await endDatabase(cluster);
  const relocated = await readlink(link).catch(() => undefined);
  for (const path of relocated === undefined ? [] : [relocated, `${relocated}.owner`, `${relocated}.log`]) {
    await rm(path, { recursive: true, force: true });
  }
  await rm(dir, { recursive: true, force: true });
  directories.delete(dir);
}

/** Calls `removeDirectory` for all directories that an interrupted run leaves. */
export async function removeAllDirectories() {
  for (const dir of directories) await removeDirectory(dir);
}

/** Ends the database of a killed server. It lives on, so that the next server can adopt it. */
async function endDatabase(cluster) {
  const file = await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch(() => '');
  const pid = Number(file.split('\n')[0]);
  if (!(pid > 1)) return;
  for (let tries = 0; tries < 1_000 && signal(pid, tries === 0 ? 'SIGQUIT' : 0); tries++) await delay(10);
}

/** Whether the process existed when the signal was sent. */
function signal(pid, name) {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}

async function embedded(dataDir) {
  const server = await joinEmbedded({ dataDir, purpose: 'command', name: 'bench', log: console.error });
  return { target: server.target, letGo: () => server.release() };
}

async function makeDatabase(url) {
  const name = `rollcall_bench_${randomBytes(6).toString('hex')}`;
  const run = async (statement) => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query(statement).finally(() => client.end());
  };
  await run(`CREATE DATABASE ${name}`);
  const own = new URL(url);
  own.pathname = `/${name}`;
  return {
    target: { connectionString: own.href },
    letGo: () => run(`DROP DATABASE ${name} WITH (FORCE)`),
  };
}
