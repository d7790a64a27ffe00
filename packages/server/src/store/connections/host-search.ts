import pg from 'pg';
import type { DatabaseHost, SessionAttributes } from './database-url.ts';
import {
  ANSWER_MS,
  addressOf,
  askAddress,
  askState,
  type HostAddress,
  type HostState,
  nameOf,
  openProbe,
  reasonOf,
  wireOf,
} from './host-state.ts';
import { NoUsableHostError } from './unavailable.ts';

/** How often the watch asks the server in use, and how soon again after it did not answer. */
const WATCH_MS = 1_000;
const AGAIN_MS = 250;
/** For this long after an answer, a new connection goes to the same server without a search. */
const TRUST_MS = WATCH_MS + ANSWER_MS;
/** How often `prefer-standby` looks for a standby while it uses another server. */
const STANDBY_SEARCH_MS = 10_000;

/** A connection to a server of a URL. */
export interface HostConnection {
  /** Undefined until it connects. */
  readonly address: HostAddress | undefined;
  /** Ends the connection without a word to the server, which may not answer. */
  cut(): void;
}

/** The servers of a URL, which of them is in use, and the connections to it. */
export class Hosts {
  readonly addresses: readonly HostAddress[];
  readonly #wanted: SessionAttributes;
  /** Whether one server at most can be what the URL asks for. */
  readonly #isOne: boolean;
  readonly #clients = new Set<HostConnection>();
  #current: HostAddress;
  #trustedUntilMs = Number.NEGATIVE_INFINITY;
  #searchedAtMs = Number.NEGATIVE_INFINITY;
  #search: Promise<HostAddress> | undefined;
  /** A search that found nothing, which counts for a moment: many requests would otherwise ask the standbys all the time. */
  #failure: { error: unknown; untilMs: number } | undefined;
  #watch: { address: HostAddress; client: pg.Client } | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(hosts: readonly DatabaseHost[], wanted: SessionAttributes) {
    this.addresses = hosts.map(({ url }) => addressOf(url));
    this.#current = this.addresses[0] as HostAddress;
    this.#wanted = wanted;
    this.#isOne = wanted === 'read-write' || wanted === 'primary';
  }

  /** The address for a new connection. Callers at the same time share a search. Throws `NoUsableHostError`. */
  async find(): Promise<HostAddress> {
    if (performance.now() < this.#trustedUntilMs) return this.#current;
    // A search that is under way began before this call. What it failed by may have been mended since, such as a missing role.
    const found = await this.#search?.catch(() => undefined);
    if (found) return found;
    if (this.#failure && performance.now() < this.#failure.untilMs) throw this.#failure.error;
    this.#search ??= this.#searchNow().finally(() => {
      this.#search = undefined;
    });
    return this.#search;
  }

  /** Why the URL does not ask for a server with this state; undefined if it does. */
  refusalOf({ isStandby, isReadOnly }: HostState): string | undefined {
    if (this.#wanted === 'standby') return isStandby ? undefined : 'is no standby';
    if (this.#isOne && isStandby) return 'is a standby';
    return this.#wanted === 'read-write' && isReadOnly ? 'is read-only' : undefined;
  }

  /** Notes a connection of a pool or of a command. `remove` tells of its end. */
  add(client: HostConnection): void {
    this.#clients.add(client);
    this.#timer ??= setTimeout(() => void this.#look(), WATCH_MS).unref();
  }

  remove(client: HostConnection): void {
    this.#clients.delete(client);
  }

  /** The server may be another one now, so the next connection searches. */
  doubt(address: HostAddress | undefined): void {
    if (address === this.#current) this.#trustedUntilMs = Number.NEGATIVE_INFINITY;
  }

  /** Throws a fault of an address, for which the URL does not ask. */
  refuse(address: HostAddress, refusal: string): never {
    this.doubt(address);
    throw new NoUsableHostError(this.#wanted, [`${nameOf(address)} ${refusal}`]);
  }

  /** Asks all servers at once, so that one that hangs takes no time from the others. */
  async #searchNow(): Promise<HostAddress> {
    this.#searchedAtMs = performance.now();
    const faults: string[] = [];
    let isRefused = false;
    const order = [this.#current, ...this.addresses.filter((address) => address !== this.#current)];
    const asked = order.map(async (address) => {
      const state = await askAddress(address).catch((error: unknown) => {
        isRefused ||= error instanceof pg.DatabaseError;
        return reasonOf(error);
      });
      const refusal = typeof state === 'string' ? state : this.refusalOf(state);
      if (refusal !== undefined) faults.push(`${nameOf(address)} ${refusal}`);
      return typeof state === 'string' || refusal !== undefined ? undefined : { address, ...state };
    });
    const found = await (this.#isOne ? firstOf(asked) : this.#inOrder(asked));
    if (!found) {
      const error = new NoUsableHostError(this.#wanted, faults);
      if (!isRefused) this.#failure = { error, untilMs: performance.now() + AGAIN_MS };
      throw error;
    }
    this.#use(found.address);
    return found.address;
  }

  /** The first of the order, as libpq has it. The server in use is the first one. */
  async #inOrder(asked: Promise<Answer | undefined>[]): Promise<Answer | undefined> {
    let stopgap: Answer | undefined;
    for (const one of asked) {
      const answer = await one;
      if (answer && (this.#wanted !== 'prefer-standby' || answer.isStandby)) return answer;
      stopgap ??= answer;
    }
    return stopgap;
  }

  /** Trusts an address. Connections to a server that is hung, or no longer the primary, would keep requests waiting. */
  #use(address: HostAddress): void {
    this.#trustedUntilMs = performance.now() + TRUST_MS;
    if (address === this.#current) return;
    this.#current = address;
    if (!this.#isOne) return;
    for (const client of this.#clients) if (client.address !== address) client.cut();
  }

  /** The watch, for as long as there are connections. A process may end meanwhile. */
  async #look(): Promise<void> {
    let nextMs = WATCH_MS;
    await this.#ask().catch(() => {
      nextMs = AGAIN_MS;
      this.#endWatch();
      this.doubt(this.#current);
    });
    this.#timer = undefined;
    if (this.#clients.size === 0) this.#endWatch();
    else this.#timer ??= setTimeout(() => void this.#look(), nextMs).unref();
  }

  async #ask(): Promise<void> {
    const address = await this.find();
    if (this.#watch?.address !== address) {
      this.#endWatch();
      const { client } = await openProbe(address);
      wireOf(client).stream.unref();
      this.#watch = { address, client };
    }
    const state = await askState(this.#watch.client);
    const refusal = this.refusalOf(state);
    if (refusal !== undefined) this.refuse(address, refusal);
    const nowMs = performance.now();
    const isStopgap = this.#wanted === 'prefer-standby' && !state.isStandby;
    if (isStopgap && nowMs - this.#searchedAtMs > STANDBY_SEARCH_MS) this.doubt(address);
    else if (address === this.#current) this.#trustedUntilMs = nowMs + TRUST_MS;
  }

  #endWatch(): void {
    this.#watch?.client.end().catch(() => undefined);
    this.#watch = undefined;
  }
}

type Answer = HostState & { address: HostAddress };

/** The first answer, in time. Undefined if there is none. */
function firstOf(asked: Promise<Answer | undefined>[]): Promise<Answer | undefined> {
  const answers = asked.map(async (one) => (await one) ?? Promise.reject(new Error('It is not usable.')));
  return Promise.any(answers).catch(() => undefined);
}
