import { setTimeout as delay } from 'node:timers/promises';
import type { Database } from '../connections/db.ts';

/**
 * What a transaction announced on commit: the folded id of a changed key, a change of the signing keys, or of the master
 * keys.
 */
export type CredentialChange = { apiKey: string } | { signingKeys: true } | { masterKeys: true };

/** The name of a listening connection. After it comes what the process says of itself. */
export const LISTENER_NAME = 'rollcall changes';

const HEARTBEAT_MS = 250;
const TRUST_MS = 900;
const RECONNECT_MS = 250;

/**
 * Receives the credential changes that any process made (`LISTEN rollcall_changes`).
 *
 * Invariant: while `isCurrent()` is true, every change committed more than `TRUST_MS` ago has been delivered.
 * PostgreSQL delivers a change that was committed before a query on the listening connection, no later than
 * the answer to that query. So the answer to a heartbeat proves that all changes up to the sending of the
 * heartbeat have been delivered.
 */
export class CredentialChanges {
  readonly #database: Database;
  readonly #onUnknownMessage: () => void;
  readonly #stop = new AbortController();
  readonly #listeners = new Set<(change: CredentialChange | 'missed') => void>();
  #currentAsOfMs = Number.NEGATIVE_INFINITY;
  /** The heartbeat that is on its way: settles with its result, or when that would come too late to prove anything. */
  #beat: Promise<unknown> | undefined;
  #done: Promise<void> | undefined;
  #hasReportedUnknownMessage = false;
  #saysOfItself: () => string = () => '';

  /**
   * Calls `onUnknownMessage` once, for the first message that no Rollcall server sends. Such messages have no
   * effect.
   */
  constructor(database: Database, onUnknownMessage: () => void) {
    this.#database = database;
    this.#onUnknownMessage = onUnknownMessage;
  }

  /** Calls `listener` for each change, and with `missed` if changes may have been missed. */
  onChange(listener: (change: CredentialChange | 'missed') => void): void {
    this.#listeners.add(listener);
  }

  /**
   * Makes the result of `text` a part of the name of the listening connection, before each heartbeat. So other processes
   * see it in `pg_stat_activity` as long as this process lives. At most 40 characters.
   */
  sayOfItself(text: () => string): void {
    this.#saysOfItself = text;
  }

  /** While it is true, a remembered credential without a notice of a change is at most a second out of date. */
  isCurrent(): boolean {
    return performance.now() - this.#currentAsOfMs < TRUST_MS;
  }

  /**
   * As `isCurrent`, but waits for the answer to a heartbeat that is not answered yet. On a busy machine all
   * callers share that one answer, so they do not send queries of their own and make the database busier.
   * Returns at once if no connection listens.
   */
  async waitUntilCurrent(): Promise<boolean> {
    if (!this.isCurrent()) await this.#beat;
    return this.isCurrent();
  }

  start(): void {
    this.#done ??= this.#run();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#done;
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await this.#listen().catch(() => undefined);
      this.#currentAsOfMs = Number.NEGATIVE_INFINITY;
      await delay(RECONNECT_MS, undefined, { signal: this.#stop.signal }).catch(() => undefined);
    }
  }

  /** Listens on one connection, until it breaks or does not answer a heartbeat in time. */
  async #listen(): Promise<void> {
    const client = await this.#database.connect(LISTENER_NAME);
    try {
      client.on('notification', ({ payload }) => this.#receive(payload));
      await client.query('LISTEN rollcall_changes');
      this.#emit('missed');
      let name = LISTENER_NAME;
      while (!this.#stop.signal.aborted) {
        const wanted = `${LISTENER_NAME} ${this.#saysOfItself()}`.trimEnd();
        if (name !== wanted) await client.query("SELECT set_config('application_name', $1, false)", [wanted]);
        name = wanted;
        const sentAtMs = performance.now();
        const answer = client.query('SELECT 1');
        this.#beat = Promise.race([
          answer.catch(() => undefined),
          delay(TRUST_MS, undefined, { ref: false }),
        ]);
        await answer;
        this.#currentAsOfMs = sentAtMs;
        // A late answer makes the next one more urgent, so the pause is shorter.
        const pauseMs = Math.min(HEARTBEAT_MS, (TRUST_MS - (performance.now() - sentAtMs)) / 3);
        await delay(Math.max(pauseMs, 0), undefined, { signal: this.#stop.signal }).catch(() => undefined);
      }
    } finally {
      this.#beat = undefined;
      await Promise.race([client.end().catch(() => undefined), delay(1_000, undefined, { ref: false })]);
    }
  }

  /** Any role that can connect to the database can send on the channel, so the server checks each message. */
  #receive(payload: string | undefined): void {
    const change = readChange(payload);
    if (change) {
      this.#emit(change);
    } else if (!this.#hasReportedUnknownMessage) {
      this.#hasReportedUnknownMessage = true;
      this.#onUnknownMessage();
    }
  }

  #emit(change: CredentialChange | 'missed'): void {
    for (const listener of this.#listeners) listener(change);
  }
}

function readChange(payload: string | undefined): CredentialChange | undefined {
  let change: unknown;
  try {
    change = JSON.parse(payload ?? '');
  } catch {
    return undefined;
  }
  const { apiKey, signingKeys, masterKeys } = Object(change) as Record<string, unknown>;
  if (typeof apiKey === 'string') return { apiKey };
  if (signingKeys === true) return { signingKeys };
  return masterKeys === true ? { masterKeys } : undefined;
}
