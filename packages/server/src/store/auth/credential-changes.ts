import { setTimeout as delay } from 'node:timers/promises';
import type { Database } from '../connections/db.ts';

/** What a transaction announced on commit: that a key changed (its folded id), or the signing keys did. */
export type CredentialChange = { apiKey: string } | { signingKeys: true };

const HEARTBEAT_MS = 250;
const TRUST_MS = 900;
const RECONNECT_MS = 250;

/**
 * Receives the changes that any process made (`LISTEN rollcall_changes`).
 *
 * Invariant: while `isCurrent()`, PostgreSQL has delivered everything that was committed more than `TRUST_MS` ago. It
 * delivers what was committed before a query on the listening connection no later than that query's result. So the
 * result of a heartbeat proves that everything was delivered that was committed before the heartbeat was sent.
 */
export class CredentialChanges {
  readonly #database: Database;
  readonly #onStranger: () => void;
  readonly #stop = new AbortController();
  readonly #listeners = new Set<(change: CredentialChange | 'missed') => void>();
  #currentAsOfMs = Number.NEGATIVE_INFINITY;
  /** The heartbeat that is on its way: settles with its result, or when that would come too late to prove anything. */
  #beat: Promise<unknown> | undefined;
  #done: Promise<void> | undefined;
  #hasMetStranger = false;

  /** `onStranger` is called once, when a message arrives that no Rollcall server sends; such messages have no effect. */
  constructor(database: Database, onStranger: () => void) {
    this.#database = database;
    this.#onStranger = onStranger;
  }

  /** Calls `listener` for each change, and with `missed` when the server may have missed some. */
  onChange(listener: (change: CredentialChange | 'missed') => void): void {
    this.#listeners.add(listener);
  }

  /** Whether what was remembered, and not announced as changed, is at most a second old. */
  isCurrent(): boolean {
    return performance.now() - this.#currentAsOfMs < TRUST_MS;
  }

  /**
   * As `isCurrent`, after the answer to a heartbeat where one is on its way: on a busy machine all who ask wait for that one
   * answer, rather than asking the database one by one and keeping it busier still. At once where nothing is listened to.
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

  /** One connection's life; ends when the connection does, or does not answer a heartbeat in time. */
  async #listen(): Promise<void> {
    const client = await this.#database.connect('rollcall changes');
    try {
      client.on('notification', ({ payload }) => this.#receive(payload));
      await client.query('LISTEN rollcall_changes');
      this.#emit('missed');
      while (!this.#stop.signal.aborted) {
        const sentAtMs = performance.now();
        const answer = client.query('SELECT 1');
        this.#beat = Promise.race([
          answer.catch(() => undefined),
          delay(TRUST_MS, undefined, { ref: false }),
        ]);
        await answer;
        this.#currentAsOfMs = sentAtMs;
        // The later this answer came, the sooner the next one is needed.
        const pauseMs = Math.min(HEARTBEAT_MS, (TRUST_MS - (performance.now() - sentAtMs)) / 3);
        await delay(Math.max(pauseMs, 0), undefined, { signal: this.#stop.signal }).catch(() => undefined);
      }
    } finally {
      this.#beat = undefined;
      await Promise.race([client.end().catch(() => undefined), delay(1_000, undefined, { ref: false })]);
    }
  }

  /** Any role that may connect to the database may send on the channel, so the server judges what arrives. */
  #receive(payload: string | undefined): void {
    const change = readChange(payload);
    if (change) {
      this.#emit(change);
    } else if (!this.#hasMetStranger) {
      this.#hasMetStranger = true;
      this.#onStranger();
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
  const { apiKey, signingKeys } = Object(change) as { apiKey?: unknown; signingKeys?: unknown };
  if (typeof apiKey === 'string') return { apiKey };
  return signingKeys === true ? { signingKeys } : undefined;
}
