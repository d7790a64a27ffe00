import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  chownSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { query } from '../embedded/support.ts';
import { freePort, processesNaming, until, type Workspace } from './support.ts';

const NODES = ['db1', 'db2', 'db3'] as const;
export type Node = (typeof NODES)[number];
/** A Patroni that is stuck refuses its key in each of its turns. */
const MOST_REFUSALS = 5;

const PROGRAMS = ['/usr/bin/patroni', '/usr/bin/etcd', '/usr/lib/postgresql/15/bin/postgres'];
/** PostgreSQL refuses to run as root, and only root can start it as another user. */
export const hasPatroni = PROGRAMS.every((path) => existsSync(path)) && process.geteuid?.() === 0;

const CONFIGURATION = fileURLToPath(
  new URL('../../../../docs/high-availability/patroni.yml', import.meta.url),
);

const ANSWER_MS = 5_000;

interface Ports {
  database: number;
  api: number;
}

interface Member {
  name: Node;
  role: string;
  state: string;
}

/** Three nodes of PostgreSQL with Patroni and one etcd, on this machine, with the configuration of docs/high-availability. */
export class PatroniCluster {
  readonly #dir: string;
  readonly #ports: Record<Node, Ports>;
  readonly #etcdPorts: { client: number; peer: number };
  readonly #user = { uid: idOf('-u'), gid: idOf('-g') };
  /** How often a Patroni had refused its key when it last started again. */
  readonly #refusals = new Map<Node, number>();
  readonly #patronis = new Map<Node, ChildProcess>();
  #etcd: ChildProcess | undefined;

  private constructor(dir: string, ports: Record<Node, Ports>, etcdPorts: { client: number; peer: number }) {
    this.#dir = dir;
    this.#ports = ports;
    this.#etcdPorts = etcdPorts;
  }

  /** Starts all of it, and waits until there is a primary with two standbys, one of them synchronous. */
  static async start(work: Workspace): Promise<PatroniCluster> {
    const portsOfNode = async () => ({ database: await freePort(), api: await freePort() });
    const ports = { db1: await portsOfNode(), db2: await portsOfNode(), db3: await portsOfNode() };
    const etcdPorts = { client: await freePort(), peer: await freePort() };
    const cluster = new PatroniCluster(work.path('patroni'), ports, etcdPorts);
    cluster.#makeDirectory(cluster.#dir);
    try {
      cluster.#startEtcd();
      for (const node of NODES) {
        cluster.#configure(node);
        cluster.startNode(node);
      }
      await cluster.untilWhole();
    } catch (error) {
      await cluster.stop();
      throw error;
    }
    return cluster;
  }

  /** A URL with all nodes. */
  urlAs(user: string, password: string, database: string): string {
    const hosts = NODES.map((node) => `127.0.0.1:${this.#ports[node].database}`);
    return `postgres://${user}:${password}@${hosts.join(',')}/${database}?target_session_attrs=read-write`;
  }

  whereOf(node: Node): string {
    return `127.0.0.1:${this.#ports[node].database}`;
  }

  /** Runs a statement on a node, as the superuser. */
  ask<Row extends object>(node: Node, sql: string, database = 'postgres'): Promise<Row[]> {
    const where = { host: '127.0.0.1', port: this.#ports[node].database, database };
    return query<Row>({ ...where, user: 'postgres', password: 'password-of-postgres' }, sql);
  }

  /** The node that can be written; undefined while there is none. */
  async primary(): Promise<Node | undefined> {
    const members = await this.#members();
    const found = members.find(({ role, state }) => role === 'leader' && state === 'running');
    return found?.name;
  }

  /** The standby that confirms each commit. */
  async synchronousStandby(): Promise<Node> {
    const found = (await this.#members()).find(({ role }) => role === 'sync_standby');
    if (!found) throw new Error(`There is no synchronous standby: ${this.logs()}`);
    return found.name;
  }

  /** Waits for a primary other than this node. */
  async untilPrimaryIsNot(node: Node): Promise<Node> {
    let found: Node | undefined;
    await until(async () => {
      found = await this.primary();
      return found !== undefined && found !== node;
    });
    return found as Node;
  }

  /** Waits until all nodes run, and the primary has a synchronous standby. Returns the primary. */
  async untilWhole(): Promise<Node> {
    await until(async () => {
      const members = await this.#members();
      const count = (role: string) => members.filter((member) => member.role === role).length;
      const isRunning = members.every(({ state }) => state === 'running' || state === 'streaming');
      const [leader] = members.filter(({ role }) => role === 'leader');
      if (leader) await this.#restartIfStuck(leader.name);
      if (count('leader') !== 1 || count('sync_standby') !== 1 || count('replica') !== 1 || !isRunning)
        return false;
      const streaming = await this.ask(
        leader?.name ?? 'db1',
        "SELECT FROM pg_stat_replication WHERE state = 'streaming'",
      ).catch(() => []);
      return streaming.length === 2;
    }, 240_000);
    return (await this.primary()) as Node;
  }

  /**
   * After its server hung, Patroni 3.0.2 may take its own key of the synchronous standby for that of another one, until it
   * starts again. An administrator does the same, as the document says.
   */
  async #restartIfStuck(node: Node): Promise<void> {
    const log = readFileSync(join(this.#dir, `${node}.log`), 'utf8');
    const refusals = log.split('Synchronous replication key updated by someone else').length - 1;
    if (refusals < (this.#refusals.get(node) ?? 0) + MOST_REFUSALS) return;
    this.#refusals.set(node, refusals);
    const patroni = this.#patronis.get(node);
    patroni?.kill('SIGKILL');
    await until(() => patroni?.signalCode != null);
    this.startNode(node);
  }

  /** Sends a signal to everything that runs on a node: Patroni, PostgreSQL and their children. Returns the processes. */
  signalNode(node: Node, signal: NodeJS.Signals): number[] {
    const roots = [this.#patronis.get(node)?.pid, this.#postmasterOf(node)].filter(
      (pid) => pid !== undefined,
    );
    const pids = withDescendants(roots);
    for (const pid of pids) {
      try {
        process.kill(pid, signal);
      } catch {
        // It has ended meanwhile.
      }
    }
    return pids;
  }

  startNode(node: Node): void {
    const log = openSync(join(this.#dir, `${node}.log`), 'a');
    this.#patronis.set(node, this.#spawn('/usr/bin/patroni', [this.#fileOf(node)], log));
  }

  /** Makes a standby the primary, as an administrator does. */
  switchOver(from: Node, to: Node): void {
    execFileSync(
      '/usr/bin/patronictl',
      ['-c', this.#fileOf(from), 'switchover', '--leader', from, '--candidate', to, '--force', 'rollcall'],
      { stdio: 'pipe', ...this.#user, env: this.#environment() },
    );
  }

  /** The end of the logs, for a failed test. */
  logs(): string {
    return NODES.map((node) => {
      const text = existsSync(join(this.#dir, `${node}.log`))
        ? readFileSync(join(this.#dir, `${node}.log`), 'utf8')
        : '';
      return `--- ${node}\n${text.slice(-2_000)}`;
    }).join('\n');
  }

  /** Ends all processes. */
  async stop(): Promise<void> {
    const pids = NODES.flatMap((node) => {
      this.signalNode(node, 'SIGCONT');
      return this.signalNode(node, 'SIGKILL');
    });
    this.#etcd?.kill('SIGKILL');
    if (this.#etcd?.pid !== undefined) pids.push(this.#etcd.pid);
    await until(() => pids.every((pid) => !isRunning(pid)));
    // A Patroni that was killed may have begun to start a server, which shows its pid later.
    await until(() => {
      for (const node of NODES) this.signalNode(node, 'SIGKILL');
      return processesNaming(this.#dir).length === 0;
    });
  }

  #fileOf(node: Node): string {
    return join(this.#dir, `${node}.yml`);
  }

  #makeDirectory(path: string): void {
    mkdirSync(path, { mode: 0o700 });
    chownSync(path, this.#user.uid, this.#user.gid);
  }

  #environment(): NodeJS.ProcessEnv {
    return { PATH: '/usr/bin:/bin', HOME: this.#dir, LANG: 'C.UTF-8' };
  }

  #spawn(program: string, args: string[], log: number): ChildProcess {
    const stdio = ['ignore', log, log] as const;
    return spawn(program, args, { ...this.#user, cwd: '/', env: this.#environment(), stdio: [...stdio] });
  }

  #startEtcd(): void {
    const { client, peer } = this.#etcdPorts;
    const [clients, peers] = [`http://127.0.0.1:${client}`, `http://127.0.0.1:${peer}`];
    this.#etcd = this.#spawn(
      '/usr/bin/etcd',
      [
        ...['--name', 'etcd', '--data-dir', join(this.#dir, 'etcd')],
        ...['--listen-client-urls', clients, '--advertise-client-urls', clients],
        ...['--listen-peer-urls', peers, '--initial-advertise-peer-urls', peers],
        ...['--initial-cluster', `etcd=${peers}`],
      ],
      openSync(join(this.#dir, 'etcd.log'), 'a'),
    );
  }

  /** Writes the configuration of the documents with the name, addresses, ports and directories of a node of this machine. */
  #configure(node: Node): void {
    let text = readFileSync(CONFIGURATION, 'utf8');
    const replace = (from: string, to: string) => {
      if (!text.includes(from)) throw new Error(`patroni.yml has no ${from}`);
      text = text.replaceAll(from, to);
    };
    const { database, api } = this.#ports[node];
    replace('name: db1', `name: ${node}`);
    replace('10.0.0.21:2379,10.0.0.22:2379,10.0.0.23:2379', `127.0.0.1:${this.#etcdPorts.client}`);
    replace('10.0.0.21:8008', `127.0.0.1:${api}`);
    replace('10.0.0.21:5432', `127.0.0.1:${database}`);
    replace('10.0.0.0/24', '127.0.0.1/32');
    replace('/var/lib/postgresql/15/rollcall', this.#dataOf(node));
    replace('/var/lib/postgresql/patroni.pgpass', join(this.#dir, `${node}.pgpass`));
    replace('/var/run/postgresql', this.#dir);
    writeFileSync(this.#fileOf(node), text);
    chownSync(this.#fileOf(node), this.#user.uid, this.#user.gid);
  }

  #dataOf(node: Node): string {
    return join(this.#dir, `${node}-data`);
  }

  #postmasterOf(node: Node): number | undefined {
    const file = join(this.#dataOf(node), 'postmaster.pid');
    const pid = existsSync(file) ? Number(readFileSync(file, 'utf8').split('\n', 1)[0]) : 0;
    // The file of a killed server stays, and the system may have given its number away.
    return pid > 0 && commandOf(pid).includes(this.#dataOf(node)) ? pid : undefined;
  }

  async #members(): Promise<Member[]> {
    for (const node of NODES) {
      const url = `http://127.0.0.1:${this.#ports[node].api}/cluster`;
      // A node that hangs may also break off in the middle of an answer.
      const answer = await fetch(url, { signal: AbortSignal.timeout(ANSWER_MS) })
        .then((reply) => reply.json() as Promise<{ members?: Member[] }>)
        .catch(() => undefined);
      if (answer?.members) return answer.members;
    }
    return [];
  }
}

function idOf(flag: '-u' | '-g'): number {
  return Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
}

/** The parent of each process. */
function parents(): Map<number, number> {
  const found = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      found.set(Number(name), Number(stat.split(') ').at(-1)?.split(' ')[1]));
    } catch {
      // It has ended meanwhile.
    }
  }
  return found;
}

function withDescendants(roots: number[]): number[] {
  const parentOf = parents();
  const pids = new Set(roots);
  for (let before = -1; before < pids.size; ) {
    before = pids.size;
    for (const [pid, parent] of parentOf) if (pids.has(parent)) pids.add(pid);
  }
  return [...pids];
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

/** Whether a process runs. One that has ended, and for which its parent has not asked, does not run. */
function isRunning(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
