import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { type Anchor, closeAnchor, takeServe } from './anchor.ts';
import { codeOf, EmbeddedServerError, explain } from './errors.ts';
import { lockPath, prepareDataDir } from './layout.ts';
import type { HostPaths } from './model.ts';
import { type Joined, joinServer, leaveServer } from './server.ts';
import { SERVER_USER_NAMES } from './server-user.ts';
import { withTransitionLock } from './transition-lock.ts';

export { EmbeddedServerError } from './errors.ts';
export { ownersOf } from './layout.ts';

export interface EmbeddedOptions {
  /** Absolute; created with mode 0700 if missing (0710 by root, for the group of the server's user). */
  dataDir: string;
  /** One process per data directory may serve; any number may run commands at the same time. */
  purpose: 'serve' | 'command';
  /** application_name of the sessions, e.g. 'rollcall keys'. */
  name: string;
  /** Receives one-line messages for the operator. */
  log?: (message: string) => void;
  /** Called when nothing is left to do but to wait for a program of the server, maybe more than once. */
  meanwhile?: () => void;
}

export interface EmbeddedServer {
  /** Settings of a role that owns the database `rollcall` and is no superuser; valid until release, restarts included. */
  readonly target: pg.ClientConfig;
  /** This call initialised the data directory. */
  readonly created: boolean;
  /**
   * Stops taking part; the last one out stops the server, so close your own connections first. Idempotent.
   *
   * @throws EmbeddedServerError when the data directory has become unusable
   */
  release(): Promise<void>;
}

const SURROUNDINGS: HostPaths = {
  systemDir: '/var/lib/rollcall',
  tempDir: '/tmp',
  userNames: SERVER_USER_NAMES,
};

/**
 * Takes part in the PostgreSQL server of a data directory: creates, starts or adopts it as needed, and starts it
 * again whenever it dies, until released. Close your own connections first, and be ready for them to break.
 *
 * @param around other places than the usual ones, for tests
 * @throws EmbeddedServerError when the database cannot be had; its message is for the user
 */
export async function joinEmbedded(
  options: EmbeddedOptions,
  around: Partial<HostPaths> = {},
): Promise<EmbeddedServer> {
  if (process.platform === 'win32') {
    throw new EmbeddedServerError(
      'The bundled PostgreSQL does not run on Windows; use WSL2, or set DATABASE_URL to a server of yours.',
    );
  }
  const surroundings = { ...SURROUNDINGS, ...around };
  try {
    const dataDir = await prepareDataDir(options.dataDir, surroundings);
    const joined = await enter(dataDir, surroundings, options, true, new AbortController().signal);
    const { setAside } = joined.layout;
    if (setAside !== undefined) options.log?.(`An earlier database of ${dataDir} is kept in ${setAside}.`);
    return new Participant(dataDir, surroundings, options, joined);
  } catch (error) {
    throw explain(error, options.dataDir);
  }
}

async function enter(
  dataDir: string,
  around: HostPaths,
  { name, purpose, meanwhile }: EmbeddedOptions,
  mayCreate: boolean,
  signal: AbortSignal,
): Promise<Joined> {
  const lock = lockPath(dataDir);
  const joined = await withTransitionLock(
    lock,
    () => joinServer(dataDir, around, { name, mayCreate, signal, meanwhile }),
    signal,
  );
  if (purpose === 'command') return joined;
  const serves = await takeServe(joined.anchor).catch(() => undefined);
  if (serves === true) return joined;
  await withTransitionLock(lock, () => leaveServer(joined.layout, name, joined.anchor));
  throw new EmbeddedServerError(
    serves === false
      ? `Another Rollcall process is serving the data directory ${dataDir} already; stop that one first.`
      : `The database in ${dataDir} stopped while it was being joined; its log is ${joined.layout.cluster}.log.`,
  );
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;
/** A server that lived this long was well; its end is not counted with the ones before. */
const HEALTHY_MS = 10_000;

class Participant implements EmbeddedServer {
  readonly target: pg.ClientConfig;
  readonly created: boolean;
  readonly #dataDir: string;
  readonly #around: HostPaths;
  readonly #options: EmbeddedOptions;
  readonly #layout: Joined['layout'];
  readonly #released = new AbortController();
  #anchor: Anchor | undefined;
  #recovery: Promise<void> | undefined;
  #leaving: Promise<void> | undefined;
  #failures = 0;
  #joinedAtMs = 0;

  constructor(dataDir: string, around: HostPaths, options: EmbeddedOptions, joined: Joined) {
    this.target = joined.target;
    this.created = joined.created;
    this.#dataDir = dataDir;
    this.#around = around;
    this.#options = options;
    this.#layout = joined.layout;
    this.#hold(joined.anchor);
  }

  release(): Promise<void> {
    this.#leaving ??= this.#leave();
    return this.#leaving;
  }

  async #leave(): Promise<void> {
    this.#released.abort();
    await this.#recovery;
    const leave = () => leaveServer(this.#layout, this.#options.name, this.#anchor);
    try {
      await withTransitionLock(lockPath(this.#dataDir), leave).catch((error: unknown) => {
        if (codeOf(error) !== 'ENOENT') throw error;
        // The data directory was deleted: nobody can join in it, so the lock is not missed.
        return leave();
      });
    } catch (error) {
      throw explain(error, this.#dataDir);
    } finally {
      // Also after a failure, or the session would keep the process alive.
      if (this.#anchor !== undefined) await closeAnchor(this.#anchor);
    }
  }

  #hold(anchor: Anchor): void {
    this.#anchor = anchor;
    this.#joinedAtMs = Date.now();
    anchor.closed.then(() => {
      if (this.#released.signal.aborted) return;
      this.#anchor = undefined;
      this.#recovery = this.#recover();
    });
  }

  /** Takes part again after the server died, as often as it takes. Never rejects. */
  async #recover(): Promise<void> {
    if (Date.now() - this.#joinedAtMs > HEALTHY_MS) this.#failures = 0;
    let told = '';
    while (!this.#released.signal.aborted) {
      const outcome = await this.#attempt();
      if (typeof outcome !== 'string') {
        this.#hold(outcome.anchor);
        if (outcome.started) this.#options.log?.('The database had stopped; it was started again.');
        return;
      }
      if (!this.#released.signal.aborted && outcome !== told) this.#options.log?.(outcome);
      told = outcome;
    }
  }

  /** Gives what went wrong as a sentence. */
  async #attempt(): Promise<Joined | string> {
    try {
      await this.#pause();
      this.#failures++;
      return await enter(this.#dataDir, this.#around, this.#options, false, this.#released.signal);
    } catch (error) {
      return explain(error, this.#dataDir).message;
    }
  }

  /** None before the first attempt, then ever longer. Rejects when released. */
  async #pause(): Promise<void> {
    if (this.#failures === 0) return;
    const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (this.#failures - 1));
    await sleep(pauseMs, undefined, { signal: this.#released.signal });
  }
}
