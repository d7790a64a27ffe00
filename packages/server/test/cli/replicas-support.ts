import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { type Rollcall, until, type Workspace } from './support.ts';

export const REPLICAS = ['a', 'b', 'c'] as const;
export type Replica = (typeof REPLICAS)[number];

/** Both drop the rights of root, as the configurations say. */
const canRun = (program: string, flag: string) => {
  try {
    execFileSync(program, [flag], { stdio: 'ignore' });
    return process.geteuid?.() === 0;
  } catch {
    return false;
  }
};
export const hasHaproxy = canRun('haproxy', '-v');
export const hasNginx = canRun('nginx', '-v');

const CONFIGURATIONS = fileURLToPath(new URL('../../../../docs/replicas/', import.meta.url));

/** Writes a certificate for localhost and its key, in one file and in two. Returns the certificate. */
export function makeCertificate(dir: string): Buffer {
  const [certificate, key] = [join(dir, 'rollcall.crt'), join(dir, 'rollcall.key')];
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '5'],
      ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'],
      ...['-keyout', key, '-out', certificate],
    ],
    { stdio: 'ignore' },
  );
  writeFileSync(join(dir, 'rollcall.pem'), Buffer.concat([readFileSync(certificate), readFileSync(key)]));
  return readFileSync(certificate);
}

/**
 * Writes a configuration of docs/replicas into a directory with other addresses, and with that directory for those of the
 * system. Nothing else differs. Returns its path.
 */
export function configurationIn(
  dir: string,
  name: 'haproxy.cfg' | 'nginx.conf',
  { port, ports }: { port: number; ports: Record<Replica, number> },
): string {
  const replace = (from: string | RegExp, to: string) => {
    const changed = configuration.replace(from, to);
    if (changed === configuration) throw new Error(`${name} has no ${from}`);
    configuration = changed;
  };
  let configuration = readFileSync(join(CONFIGURATIONS, name), 'utf8');
  for (const [index, replica] of REPLICAS.entries())
    replace(`10.0.0.${11 + index}:8080`, `127.0.0.1:${ports[replica]}`);
  replace(/(bind |listen |bind .*)(:?)443 /, `$1127.0.0.1:${port} `);
  replace(/\/run\/haproxy|\/run(?=\/nginx)/, dir);
  if (name === 'nginx.conf') replace(/\/var\/log\/nginx/g, dir);
  const path = join(dir, name);
  writeFileSync(path, configuration);
  return path;
}

/** A running HAProxy or nginx. */
export class Balancer {
  readonly #child: ChildProcess;
  readonly #socket: string;
  output = '';

  constructor(program: 'haproxy' | 'nginx', dir: string, configuration: string) {
    this.#socket = join(dir, 'admin.sock');
    const args =
      program === 'haproxy' ? ['-db', '-f', configuration] : ['-g', 'daemon off;', '-c', configuration];
    this.#child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.setEncoding('utf8').on('data', (part: string) => {
        this.output += part;
      });
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** Sends a command to the admin socket of HAProxy. Returns the answer. */
  tell(command: string): Promise<string> {
    const socket = createConnection(this.#socket);
    socket.write(`${command}\n`);
    return text(socket);
  }

  /** The values of HAProxy's statistics for a server, or for all of them. */
  async #statistics(of: Replica | 'BACKEND'): Promise<(name: string) => string> {
    const lines = (await this.tell('show stat').catch(() => '')).trim().split('\n');
    const names = lines[0]?.replace('# ', '').split(',') ?? [];
    const values = lines.find((line) => line.startsWith(`servers,${of},`))?.split(',') ?? [];
    return (name) => values[names.indexOf(name)] ?? '';
  }

  /** The number of requests that a server has in hand, and whether HAProxy sends it more. */
  async stateOf(replica: Replica): Promise<{ inHand: number; status: string }> {
    const read = await this.#statistics(replica);
    return { inHand: Number(read('scur')), status: read('status') };
  }

  /** How many times HAProxy sent a request to another server because one failed. */
  async sentElsewhere(): Promise<number> {
    return Number((await this.#statistics('BACKEND'))('wredis'));
  }

  /** Lets a server finish what it has in hand, and sends it no more. */
  async drain(replica: Replica): Promise<void> {
    await this.tell(`set server servers/${replica} state drain`);
    await until(async () => {
      const { inHand, status } = await this.stateOf(replica);
      return status.startsWith('DRAIN') && inHand === 0;
    });
  }

  /** Sends requests to a server that was drained, and waits until it is up. */
  async takeBack(replica: Replica): Promise<void> {
    await this.tell(`set server servers/${replica} state ready`);
    await this.untilUp([replica]);
  }

  /** Waits until HAProxy sends requests to these servers. */
  async untilUp(replicas: readonly Replica[] = REPLICAS): Promise<void> {
    await until(async () => {
      if (this.hasEnded) throw new Error(`HAProxy ended: ${this.output}`);
      const states = await Promise.all(replicas.map((each) => this.stateOf(each)));
      return states.every(({ status }) => status === 'UP');
    });
  }

  async stop(): Promise<void> {
    if (this.hasEnded) return;
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGTERM');
    await ended;
  }
}

/** Servers on one database, each on a port that stays. */
export class Replicas {
  readonly ports: Record<Replica, number>;
  readonly #work: Workspace;
  readonly #env: Record<string, string>;
  readonly #args: string[];
  readonly #running = new Map<Replica, Rollcall>();

  constructor(
    work: Workspace,
    ports: Record<Replica, number>,
    { env, args }: { env: Record<string, string>; args: string[] },
  ) {
    this.#work = work;
    this.ports = ports;
    this.#env = env;
    this.#args = args;
  }

  /** Starts one, and waits until it is ready. */
  async start(replica: Replica, program?: string): Promise<void> {
    const args = ['serve', ...this.#args, '--port', String(this.ports[replica])];
    const server = this.#work.spawn(args, { env: this.#env, ...(program && { program }) });
    this.#running.set(replica, server);
    await server.baseUrl();
  }

  /** Starts those that do not run. */
  async startAll(): Promise<void> {
    await Promise.all(
      REPLICAS.filter((each) => this.of(each)?.hasEnded ?? true).map((each) => this.start(each)),
    );
  }

  of(replica: Replica): Rollcall | undefined {
    return this.#running.get(replica);
  }

  async kill(replica: Replica): Promise<void> {
    this.of(replica)?.signal('SIGKILL');
    await this.of(replica)?.exited;
  }

  async stop(replica: Replica): Promise<void> {
    await this.of(replica)?.stop();
  }

  async stopAll(): Promise<void> {
    await Promise.all(
      REPLICAS.filter((each) => this.of(each)?.hasEnded === false).map((each) => this.stop(each)),
    );
  }

  /** The address of one, past the balancer. */
  urlOf(replica: Replica): string {
    return `http://127.0.0.1:${this.ports[replica]}`;
  }
}

export interface Ask {
  method: 'GET' | 'POST' | 'DELETE';
  path: string;
  headers?: Record<string, string>;
  body?: object;
}

export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

/** A client that keeps up to `connections` connections to the balancer. */
export class Client {
  readonly baseUrl: string;
  readonly #agent: Agent;

  constructor(port: number, ca: Buffer, connections: number) {
    this.baseUrl = `https://localhost:${port}`;
    this.#agent = new Agent({ ca, keepAlive: true, maxSockets: connections });
  }

  /** Sends a request once. Rejects if the connection breaks. */
  send({ method, path, headers, body }: Ask): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const payload = body && JSON.stringify(body);
      const lines = { ...(payload && { 'content-type': 'application/json' }), ...headers };
      request(
        `${this.baseUrl}${path}`,
        {
          agent: this.#agent,
          method,
          headers: { ...lines, 'content-length': Buffer.byteLength(payload ?? '') },
        },
        (reply) => {
          text(reply).then(
            (body) => resolve({ status: reply.statusCode ?? 0, headers: reply.headers, body }),
            reject,
          );
        },
      )
        .on('error', reject)
        .end(payload);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** Many clients that send one request after the other, until there were `total` of them or the load is stopped. */
export class Load {
  answered = 0;
  inHand = 0;
  /** Requests that failed once and were sent again. */
  repeated = 0;
  /** What a client saw at last, if that was no success. */
  readonly errors: string[] = [];
  readonly #client: Client;
  readonly #retries: number;
  #isOver = false;
  #sent = 0;
  readonly done: Promise<unknown>;

  /**
   * `ask` makes the request with a number, from 0. `judge` hears of each success; it returns a text if the answer is an error after
   * all.
   */
  constructor(
    client: Client,
    {
      clients,
      total = Number.POSITIVE_INFINITY,
      retries,
      ask,
      judge,
    }: {
      clients: number;
      total?: number;
      retries: number;
      ask: (number: number) => Ask;
      judge: (number: number, body: string) => string | undefined;
    },
  ) {
    this.#client = client;
    this.#retries = retries;
    const work = async () => {
      while (!this.#isOver && this.#sent < total) {
        const number = this.#sent++;
        const fault = await this.#try(ask(number), (body) => judge(number, body));
        if (fault !== undefined) this.errors.push(`request ${number}: ${fault}`);
        this.answered++;
      }
    };
    this.done = Promise.all(Array.from({ length: clients }, work));
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await this.done;
  }

  async #try(ask: Ask, judge: (body: string) => string | undefined): Promise<string | undefined> {
    for (let attempt = 0; ; attempt++) {
      this.inHand++;
      const fault = await this.#client.send(ask).then(
        ({ status, body }) => (status === 200 ? judge(body) : `${status} ${body}`),
        (error: Error) => String(error),
      );
      this.inHand--;
      if (fault === undefined || attempt === this.#retries) return fault;
      this.repeated++;
    }
  }
}

/**
 * Listens on a port, and accepts nothing there: further connections get no answer, as from a machine that is off. Returns what ends
 * it.
 */
export async function silence(port: number): Promise<() => Promise<void>> {
  const worker = new Worker(
    `const { parentPort } = require('node:worker_threads');
     const server = require('node:net').createServer();
     server.listen({ port: ${port}, host: '127.0.0.1', backlog: 1 }, () => {
       parentPort.postMessage('listens');
       Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
     });`,
    { eval: true },
  );
  await once(worker, 'message');
  const fillers = Array.from({ length: 8 }, () =>
    createConnection({ port, host: '127.0.0.1' }).on('error', () => undefined),
  );
  // The kernel has no place for one of them, and drops its packets.
  const address = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  await until(() => readFileSync('/proc/net/tcp', 'utf8').includes(` ${address} 02 `));
  return async () => {
    for (const filler of fillers) filler.destroy();
    await worker.terminate();
  };
}

/** A directory of the workspace for a balancer. Its user may enter it. */
export function balancerDir(work: Workspace, name: string): string {
  const dir = work.path(name);
  mkdirSync(dir, { mode: 0o711 });
  return dir;
}
