import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, openSync } from 'node:fs';
import { readlink, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { MasterKey } from '../packages/server/dist/auth/secrets.js';
import { prepareData } from '../packages/server/dist/cli/context.js';
import { Database } from '../packages/server/dist/store/db.js';
import { joinEmbedded } from '../packages/server/dist/store/embedded/index.js';
import { fill } from './dataset.js';
import { startServer } from './processes.js';

const DATA_DIR = fileURLToPath(new URL('data', import.meta.url));

/** A database with the data set in it, embedded or made in the server of `DATABASE_URL`; gone after `close`. */
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
  /** Most resident memory that was seen of the product's server under load, MB. */
  peakMb = 0;

  /**
   * @param {import('./dataset.js').Size} size
   * @param {typeof fill} fillWith what gives `data`, in a migrated database
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
    await prepareData({ target: this.#target, masterKey: this.#masterKey, close: async () => undefined });
    this.owner = new Database({
      target: this.#target,
      as: 'owner',
      poolSize: 2,
      exportPoolSize: 1,
      statementTimeoutMs: 0,
    });
    await this.#refuseUndurable();
    this.data = await fillWith(size, { owner: this.owner, masterKey: this.#masterKey });
    await this.analyze();
  }

  /** How contenders reach the database: as its owner, who then becomes the restricted role. */
  get target() {
    return this.#target;
  }

  /** Starts the product's server on this database. */
  async startServer({ args = [], node = [] } = {}) {
    const { connectionString } = this.#target;
    const server = await startServer({
      node,
      args: connectionString ? args : ['--data-dir', join(this.#dir, 'rollcall'), ...args],
      env: {
        ROLLCALL_MASTER_KEY: this.#masterKey.export(),
        ...(connectionString ? { DATABASE_URL: connectionString } : {}),
      },
      log: openSync(join(this.#dir, 'server.log'), 'a'),
    });
    this.#servers.add(server);
    return server;
  }

  /** Throws where the database could lose what it has acknowledged: that would be another contest. */
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

  /** Fresh statistics, so that no contender meets the planner's first guesses. */
  async analyze() {
    await this.#asOwner('ANALYZE');
  }

  async removeEvents() {
    await this.#asOwner('TRUNCATE rollcall.presence_events');
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

/** A directory for the data of a run. */
export function newDirectory() {
  mkdirSync(DATA_DIR, { recursive: true });
  return mkdtempSync(join(DATA_DIR, 'run-'));
}

/** Removes a run's directory, and the cluster that root's data directory may lead to. */
export async function removeDirectory(dir) {
  const cluster = await readlink(join(dir, 'rollcall', 'postgres')).catch(() => undefined);
  for (const path of cluster === undefined ? [] : [cluster, `${cluster}.owner`, `${cluster}.log`]) {
    await rm(path, { recursive: true, force: true });
  }
  await rm(dir, { recursive: true, force: true });
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
