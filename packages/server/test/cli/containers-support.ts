import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { type AddressInfo, createConnection, createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { until, type Workspace } from './support.ts';

const run = promisify(execFile);
const CONTAINERFILE = fileURLToPath(new URL('../../../../containers/Containerfile', import.meta.url));
const has = (program: string) => spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0;
export const buildsImages = process.geteuid?.() === 0 && has('buildah') && has('mmdebstrap');

/** What an image says about its containers. */
export interface ImageConfig {
  User: string;
  Env: string[];
  Entrypoint: string[];
  Cmd: string[];
  Labels: Record<string, string>;
  Volumes?: Record<string, object>;
  StopSignal: string;
  Healthcheck: { Test: string[] };
}

/** Images in a store of their own. */
export class ImageStore {
  readonly #args: string[];

  constructor(work: Workspace) {
    const at = (driver: string) => [
      ...['--root', work.path(`images.${driver}`), '--runroot', work.path(`images.${driver}.run`)],
      ...['--storage-driver', driver],
    ];
    // There is no overlay where the files of this machine are one already. vfs copies each layer.
    const hasOverlay = spawnSync('buildah', [...at('overlay'), 'images']).status === 0;
    this.#args = at(hasOverlay ? 'overlay' : 'vfs');
  }

  /** Runs buildah without a network. Returns what it prints. */
  async #buildah(...args: string[]): Promise<string> {
    const command = ['--net', 'buildah', ...this.#args, ...args];
    const { stdout } = await run('unshare', command, { maxBuffer: 64 << 20 });
    return stdout.trim();
  }

  /** Makes a base image of the files in a tarball. */
  async importBase(work: Workspace, tarball: string): Promise<void> {
    const context = work.path('base');
    await mkdir(context);
    await run('mv', [tarball, `${context}/base.tar`]);
    await writeFile(`${context}/Containerfile`, 'FROM scratch\nADD base.tar /\n');
    await this.#buildah('build', '--isolation', 'chroot', '--tag', 'localhost/base', context);
  }

  /** Builds a target of the Containerfile. */
  async build(target: string, context: string): Promise<void> {
    const options = ['--isolation', 'chroot', '--format', 'docker', '--layers', '--pull-never'];
    const given = ['--build-arg', 'BASE=localhost/base', '--target', target, '--tag', `localhost/${target}`];
    await this.#buildah('build', ...options, ...given, '--file', CONTAINERFILE, context);
  }

  /** The configuration of an image, and the history of its layers. */
  async inspect(target: string): Promise<{ config: ImageConfig; text: string }> {
    const text = await this.#buildah('inspect', '--type', 'image', `localhost/${target}`);
    return { config: (JSON.parse(text) as { Docker: { config: ImageConfig } }).Docker.config, text };
  }

  /** Mounts the files of an image. Returns the directory. */
  async mount(target: string): Promise<string> {
    const container = await this.#buildah('from', '--pull-never', `localhost/${target}`);
    return this.#buildah('mount', container);
  }

  /** Unmounts and removes all. */
  async close(): Promise<void> {
    await this.#buildah('rm', '--all');
    await this.#buildah('rmi', '--all', '--force');
  }
}

/**
 * Runs a program in the files of an image, as a runtime of containers does: as its user without capabilities, as process 1, with its
 * environment, with files that only a volume and /tmp may change. It has the network of this machine.
 */
const RUN = `set -e
root=$1 user=$2; shift 2
mount --bind "$root" "$root"
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
mount -t tmpfs tmpfs "$root/tmp"
while [ "$1" != -- ]; do mkdir -p "$root$2"; mount --bind "$1" "$root$2"; shift 2; done
shift
mount -o remount,bind,ro "$root"
exec chroot "$root" setpriv --reuid="\${user%:*}" --regid="\${user#*:}" --clear-groups --no-new-privs \\
  --bounding-set=-all --inh-caps=-all "$@"`;

/** A port of this machine behind which is a socket, which belongs to another user than that of an image. */
export async function tcpTo(host: string, port: number): Promise<{ port: number; close(): void }> {
  const target = host.startsWith('/') ? { path: `${host}/.s.PGSQL.${port}` } : { host, port };
  const server = createServer((client) => {
    const database = createConnection(target);
    for (const [from, to] of [
      [client, database],
      [database, client],
    ] as const)
      from.on('error', () => to.destroy()).pipe(to);
  }).listen(0, '127.0.0.1');
  await until(() => server.listening);
  return { port: (server.address() as AddressInfo).port, close: () => server.close() };
}

/** A running container. */
export class Container {
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;
  output = '';

  /** `volumes` are directories of this machine with their paths in the container. */
  constructor(
    root: string,
    { Entrypoint, Cmd, Env, User }: ImageConfig,
    {
      args = Cmd,
      env = {},
      volumes = {},
    }: { args?: string[]; env?: Record<string, string>; volumes?: Record<string, string> } = {},
  ) {
    const mounts = Object.entries(volumes).flat();
    const script = ['sh', '-c', RUN, 'sh', root, User, ...mounts, '--', ...Entrypoint, ...args];
    const ofImage = Object.fromEntries(Env.map((entry) => entry.split(/=(.*)/s).slice(0, 2)));
    this.#child = spawn('unshare', ['--mount', '--pid', '--fork', '--kill-child', ...script], {
      env: { ...ofImage, ...env },
      cwd: '/',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.setEncoding('utf8').on('data', (piece: string) => {
        this.output += piece;
      });
    this.#ended = new Promise((resolve) => this.#child.once('close', resolve));
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** The number of its process 1 on this machine. */
  get pid(): number {
    const { pid } = this.#child;
    return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim());
  }

  /** Waits until the server says that it listens. */
  async ready(): Promise<void> {
    const isReady = () => this.output.includes('Rollcall is at ');
    await until(() => isReady() || this.hasEnded);
    if (!isReady()) expect.fail(`It did not start: ${this.output}`);
  }

  /** Runs a program beside process 1. Returns its exit code. */
  exec(root: string, { Env }: ImageConfig, args: string[], env: Record<string, string>): number | null {
    const variables = [...Env, ...Object.entries(env).map((entry) => entry.join('='))];
    const inside = [
      '--target',
      String(this.pid),
      '--mount',
      '--pid',
      'chroot',
      root,
      'env',
      '-i',
      ...variables,
    ];
    return spawnSync('nsenter', [...inside, ...args]).status;
  }

  /** Sends a signal to process 1. Returns the exit code of the container. */
  async stop(signal: NodeJS.Signals): Promise<number | null> {
    process.kill(this.pid, signal);
    return this.#ended;
  }

  async close(): Promise<void> {
    if (this.hasEnded) return;
    this.#child.kill('SIGKILL');
    await this.#ended;
  }
}
