import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { until } from '../support/waiting.ts';
import type { Outcome } from './support.ts';

const SCRIPT = fileURLToPath(new URL('systemd.sh', import.meta.url));
const NAMESPACES = [
  '--mount',
  '--pid',
  '--fork',
  '--kill-child',
  '--cgroup',
  '--ipc',
  '--uts',
  '--mount-proc',
];

/** Whether this machine has systemd, and lets this user give it namespaces and mounts of its own. */
export const hasSystemd =
  existsSync('/usr/lib/systemd/systemd') &&
  spawnSync('unshare', [
    ...NAMESPACES,
    ...['sh', '-c', 'mount --make-rprivate / && mount -t tmpfs tmpfs /tmp'],
  ]).status === 0;

/** A systemd that runs in namespaces of its own, as process 1. The program in `folder` is at /opt/rollcall there. */
export class Systemd {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async boot(folder: string): Promise<Systemd> {
    const child = spawn('unshare', [...NAMESPACES, SCRIPT, folder, process.execPath], {
      stdio: 'ignore',
      cwd: '/',
    });
    const systemd = new Systemd(child);
    await until(
      async () => (await systemd.run('systemctl', 'is-active', 'basic.target')).stdout === 'active\n',
    );
    return systemd;
  }

  /** Runs a program in there to its end. */
  async run(...command: string[]): Promise<Outcome> {
    const pid = readFileSync(`/proc/${this.#child.pid}/task/${this.#child.pid}/children`, 'utf8').trim();
    const args = ['--target', pid, '--mount', '--pid', '--', ...command];
    try {
      return { code: 0, ...(await promisify(execFile)('nsenter', args, { cwd: '/', timeout: 120_000 })) };
    } catch (error) {
      return error as Error & Outcome;
    }
  }

  /** Ends systemd and all that it started. */
  async close(): Promise<void> {
    this.#child.kill('SIGKILL');
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'exit');
  }
}
