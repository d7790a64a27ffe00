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
  /**
   * An absolute path. A missing directory is created with mode 0700, or 0710 by root, for the group of the server's
   * user.
   */
  dataDir: string;
  /** One process per data directory may serve. Any number may run commands at the same time. */
  purpose: 'serve' | 'command';
  /** application_name of the sessions, e.g. 'rollcall keys'. */
  name: string;
  /** Receives one-line messages for the operator. */
  log?: (message: string) => void;
  /** Called when the only thing left to do is to wait for a program of the server. It may be called more than once. */
  meanwhile?: () => void;
}

export interface EmbeddedServer {
  /**
   * Connection settings of the role that owns the database `rollcall` and is not a superuser. They are valid until
   * release, also after restarts.
   */
  readonly target: pg.ClientConfig;
  /** As `target`, of the serving role. It owns nothing, and can become `rollcall_app` and no other role. */
  readonly servingTarget: pg.ClientConfig;
  /** This call initialised the data directory. */
  readonly created: boolean;
  /**
   * Ends this participation. The last participant stops the server, so close your own connections first. Idempotent.
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
 * Makes this process a participant of the embedded server of a data directory. The process creates, starts or adopts
 * the server as needed. Until release, it starts the server again each time the server dies. Be ready for your own
 * connections to break, and close them before you release.
 *
 * @param around other paths and user names than the usual ones, for tests
 * @throws EmbeddedServerError when the database cannot be used; its message is for the user
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
      : `The database in ${dataDir} stopped while Rollcall connected to it; its log is ${joined.layout.cluster}.log.`,
  );
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;
/** A server that lived this long was healthy, so earlier failures no longer count. */
const HEALTHY_MS = 10_000;

class Participant implements EmbeddedServer {
  readonly target: pg.ClientConfig;
  readonly servingTarget: pg.ClientConfig;
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
    this.servingTarget = joined.servingTarget;
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
        // The data directory was deleted. Nobody can join in it, so the lock is not needed.
        return leave();
      });
    } catch (error) {
      throw explain(error, this.#dataDir);
    } finally {
      // Also after a failure: otherwise the session would keep the process alive.
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

  /** Joins again after the server died, and tries until it succeeds or is released. Never rejects. */
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

  /** Returns a failure as a sentence. */
  async #attempt(): Promise<Joined | string> {
    try {
      await this.#pause();
      this.#failures++;
      return await enter(this.#dataDir, this.#around, this.#options, false, this.#released.signal);
    } catch (error) {
      return explain(error, this.#dataDir).message;
    }
  }

  /** Does not pause before the first attempt. Later pauses grow. Rejects when released. */
  async #pause(): Promise<void> {
    if (this.#failures === 0) return;
    const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (this.#failures - 1));
    await sleep(pauseMs, undefined, { signal: this.#released.signal });
  }
}
