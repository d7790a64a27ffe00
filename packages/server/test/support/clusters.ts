import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { chmod, chown, cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { findPostgresPackage, usablePrograms } from '../../src/embedded/binaries.ts';
import { chooseServerUser, SERVER_USER_NAMES, type ServerUser } from '../../src/embedded/server-user.ts';
import type { DatabaseTarget } from '../../src/store/connections/db.ts';
import { until } from './waiting.ts';

const SUPERUSER = 'postgres';
const DEBIANS = '/usr/lib/postgresql';

/** The PostgreSQL programs of this machine: the embedded ones, and those of Debian. */
export interface Programs {
  major: string;
  bin: string;
  user: ServerUser;
}

export async function listPrograms(): Promise<Programs[]> {
  const user = await chooseServerUser(SERVER_USER_NAMES);
  const embedded = await findPostgresPackage();
  const found = existsSync(DEBIANS) ? readdirSync(DEBIANS) : [];
  const debians = found.filter((major) => existsSync(join(DEBIANS, major, 'bin/initdb')));
  const staged = await usablePrograms(embedded, user, '/var/lib/rollcall', tmpdir());
  return [
    { major: embedded.major, bin: staged, user },
    ...debians.map((major) => ({ major, bin: join(DEBIANS, major, 'bin'), user })),
  ];
}

/** A PostgreSQL server of its own, which a test may stop, kill and promote. */
export class Cluster {
  readonly port: number;
  readonly #dir: string;
  readonly #programs: Programs;
  #process: ChildProcess | undefined;

  private constructor(dir: string, programs: Programs, port: number) {
    this.#dir = dir;
    this.#programs = programs;
    this.port = port;
  }

  /** A new primary with the role `rollcall`, which owns the empty database `rollcall`. */
  static async create(programs: Programs): Promise<Cluster> {
    const cluster = await Cluster.#make(programs);
    const args = ['-D', cluster.data, '-U', SUPERUSER, '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '-N'];
    const { uid, gid } = programs.user;
    await promisify(execFile)(join(programs.bin, 'initdb'), args, { uid, gid, cwd: cluster.#dir });
    await cluster.start();
    await cluster.asAdmin(async (admin) => {
      await admin.query('CREATE ROLE rollcall LOGIN CREATEROLE');
      await admin.query('CREATE DATABASE rollcall OWNER rollcall');
    });
    return cluster;
  }

  static async #make(programs: Programs): Promise<Cluster> {
    const dir = await mkdtemp(join(tmpdir(), 'rollcall-cluster-'));
    await chown(dir, programs.user.uid, programs.user.gid);
    await chmod(dir, 0o700);
    return new Cluster(dir, programs, await freePort());
  }

  get data(): string {
    return join(this.#dir, 'data');
  }

  get target(): DatabaseTarget {
    return { host: '127.0.0.1', port: this.port, user: 'rollcall', database: 'rollcall' };
  }

  /** A standby that streams from this server. */
  async standby(): Promise<Cluster> {
    const standby = await Cluster.#make(this.#programs);
    const { uid, gid } = this.#programs.user;
    await this.asAdmin(async (admin) => {
      await admin.query("SELECT pg_backup_start('test', true)");
      await cp(this.data, standby.data, {
        recursive: true,
        filter: (path) => !/\/(postmaster\.(pid|opts)|pg_wal\/.+|pg_replslot\/.+)$/.test(path),
      });
      const { rows } = await admin.query<{ labelfile: string }>(
        'SELECT labelfile FROM pg_backup_stop(false)',
      );
      await writeFile(join(standby.data, 'backup_label'), rows[0]?.labelfile ?? '');
    });
    await mkdir(join(standby.data, 'pg_wal/archive_status'), { recursive: true });
    await writeFile(join(standby.data, 'standby.signal'), '');
    await standby.follow(this);
    for (const path of ['', ...(await readdir(standby.data, { recursive: true }))])
      await chown(join(standby.data, path), uid, gid);
    await chmod(standby.data, 0o700);
    await standby.start();
    return standby;
  }

  /** Names the server from which it streams, from its next start on. */
  follow({ port }: Cluster): Promise<void> {
    return writeFile(
      join(this.data, 'postgresql.auto.conf'),
      `primary_conninfo = 'host=127.0.0.1 port=${port} user=${SUPERUSER}'\nrecovery_target_timeline = 'latest'\n`,
    );
  }

  async start(): Promise<void> {
    const { bin, user } = this.#programs;
    const settings = {
      port: this.port,
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      shared_buffers: '16MB',
      wal_level: 'replica',
      hot_standby: 'on',
      wal_keep_size: '64MB',
      wal_receiver_status_interval: '1s',
      wal_retrieve_retry_interval: '100ms',
      autovacuum: 'off',
      // What a process has written outlives it.
      fsync: 'off',
    };
    const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    this.#process = spawn(join(bin, 'postgres'), ['-D', this.data, ...args], {
      uid: user.uid,
      gid: user.gid,
      cwd: this.#dir,
      stdio: ['ignore', 'ignore', process.env.CLUSTER_LOG ? 'inherit' : 'ignore'],
    });
    await until(async () => {
      if (this.#process?.exitCode !== null) throw new Error('The server has ended.');
      return this.asAdmin(() => Promise.resolve(true)).catch(() => false);
    });
  }

  /** Ends the server: SIGINT in order, SIGKILL as a failure of the machine does. */
  async stop(signal: 'SIGINT' | 'SIGKILL' = 'SIGINT'): Promise<void> {
    const running = this.#process;
    this.#process = undefined;
    if (!running || running.exitCode !== null || running.signalCode !== null) return;
    const ended = new Promise((resolve) => running.once('exit', resolve));
    running.kill(signal);
    await ended;
  }

  /** Becomes a primary. */
  async promote(): Promise<void> {
    await this.asAdmin((admin) => admin.query('SELECT pg_promote(true, 60)'));
  }

  async remove(): Promise<void> {
    await this.stop('SIGKILL');
    // The children of a killed server end a moment later.
    await rm(this.#dir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }

  async asAdmin<T>(work: (admin: pg.Client) => Promise<T>, database = SUPERUSER): Promise<T> {
    const admin = new pg.Client({ host: '127.0.0.1', port: this.port, user: SUPERUSER, database });
    admin.on('error', () => undefined);
    await admin.connect();
    try {
      return await work(admin);
    } finally {
      await admin.end();
    }
  }

  /** The position up to which it has written or, on a standby, replayed the WAL. */
  position(): Promise<string> {
    return this.asAdmin(async (admin) => {
      const { rows } = await admin.query<{ lsn: string }>(
        `SELECT (CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_flush_lsn() END)::text AS lsn`,
      );
      return rows[0]?.lsn ?? '';
    });
  }

  /** Waits until it has replayed all that `primary` has written. */
  async catchUp(primary: Cluster): Promise<void> {
    const lsn = await primary.position();
    await until(() =>
      this.asAdmin(async (admin) => {
        const { rows } = await admin.query<{ done: boolean }>(
          'SELECT pg_last_wal_replay_lsn() >= $1::pg_lsn AS done',
          [lsn],
        );
        return rows[0]?.done;
      }),
    );
  }

  /** Stops or continues replaying. */
  async replay(does: 'pause' | 'resume'): Promise<void> {
    await this.asAdmin(async (admin) => {
      await admin.query(`SELECT pg_wal_replay_${does}()`);
      if (does === 'resume') return;
      await until(async () => {
        const { rows } = await admin.query<{ state: string }>(
          'SELECT pg_get_wal_replay_pause_state() AS state',
        );
        return rows[0]?.state === 'paused';
      });
    });
  }
}

/** The address of the current primary, as a balancer gives it. */
export class Balancer {
  readonly #server: Server;
  readonly #open = new Set<Socket>();
  #to: Cluster;

  private constructor(to: Cluster) {
    this.#to = to;
    this.#server = createServer((client) => {
      const server = new Socket().connect(this.#to.port, '127.0.0.1');
      for (const [socket, other] of [
        [client, server],
        [server, client],
      ] as const) {
        this.#open.add(socket);
        socket.on('error', () => other.destroy());
        socket.on('close', () => {
          this.#open.delete(socket);
          other.destroy();
        });
      }
      client.pipe(server).pipe(client);
    });
  }

  static async to(primary: Cluster): Promise<Balancer> {
    const balancer = new Balancer(primary);
    await new Promise<void>((resolve) => balancer.#server.listen(0, '127.0.0.1', resolve));
    return balancer;
  }

  get target(): DatabaseTarget {
    return { ...this.#to.target, port: (this.#server.address() as { port: number }).port };
  }

  /** Sends new connections to another server, and ends the old ones. */
  switchTo(primary: Cluster): void {
    this.#to = primary;
    for (const socket of this.#open) socket.destroy();
  }

  async close(): Promise<void> {
    for (const socket of this.#open) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
