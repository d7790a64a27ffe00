import { HttpProblem } from '../http/errors.ts';
import type { FailedLogin } from '../http/failed-logins.ts';
import { networkOf } from '../http/network.ts';
import type { KnownNetworks } from './known-networks.ts';

/**
 * The failures of an id from a network in `WINDOW_MS` after which further attempts are refused for `WINDOW_MS`. The live processes
 * divide them.
 */
export const MOST_FAILURES = 20;
const WINDOW_MS = 60_000;
/** The most pairs of an id and a network for which failures are counted. They take at most 20 MB. */
export const MOST_COUNTERS = 30_000;
/** How many counters stay when there are too many. */
const KEPT_COUNTERS = MOST_COUNTERS * 0.75;
/** No key has a longer id. Longer ones may share a counter. */
const LONGEST_ID = 129;
const LONGEST_NETWORK = 64;

/** A caller's attempt to prove a key. */
export interface LoginAttempt {
  by: FailedLogin['by'];
  /** The id of the key, as it was sent. */
  apiKey: string;
  /** The caller's network address. */
  address: string;
}

interface Counter {
  failures: number;
  /** The time of the first failure, or of the one that reached the limit. */
  sinceMs: number;
  /** Whether the key knows the network. Looked up once, when the limit is reached. */
  isKnown: Promise<boolean> | undefined;
}

/** 429: so many attempts have failed that the secret of this one was not checked. */
export class TooManyFailuresProblem extends HttpProblem {
  constructor({ by, apiKey }: LoginAttempt, retryAfterS: number) {
    super(
      429,
      'Too many logins with this id have failed from this network, so this one was not checked; wait before the next one.',
      {
        headers: { 'retry-after': String(retryAfterS) },
        failedLogin: { by, apiKey, unchecked: true },
      },
    );
  }
}

interface Deps {
  knownNetworks: Pick<KnownNetworks, 'isKnown'>;
  /** The live processes. Each checks its part of the failures, and one at least. */
  processes: { readonly count: number };
  /** Milliseconds since the epoch. */
  clock: () => number;
}

/**
 * Counts failed logins by id and network, so that nobody can guess a secret. Ids of no key are counted, too. Networks that a
 * key knows are let through. A stranger there can only be refused for the failures of its own network.
 *
 * A check of a secret and the count of its failure are one step of the thread. So guesses at the same time get no more checks
 * than guesses one after the other, and right secrets at the same time are never counted.
 */
export class GuessLimit {
  readonly #deps: Deps;
  /** By network and folded id. */
  readonly #counters = new Map<string, Counter>();

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  get #most(): number {
    return Math.max(Math.floor(MOST_FAILURES / this.#deps.processes.count), 1);
  }

  /** Whether the attempt may be checked only if `requireKnownNetwork` lets it through. */
  isReached(apiKeyFolded: string, address: string): boolean {
    // Without failures, a login does not pay for the name of its counter.
    if (this.#counters.size === 0) return false;
    const counter = this.#current(nameOf(apiKeyFolded, networkOf(address)));
    return counter !== undefined && counter.failures >= this.#most;
  }

  /** Throws `TooManyFailuresProblem` unless the key knows the network. Throws `StoreUnavailableError`. */
  async requireKnownNetwork(apiKeyFolded: string, attempt: LoginAttempt): Promise<void> {
    const network = networkOf(attempt.address);
    const counter = this.#current(nameOf(apiKeyFolded, network));
    if (!counter) return;
    counter.isKnown ??= this.#deps.knownNetworks.isKnown(apiKeyFolded, network);
    const isKnown = await counter.isKnown.catch((error: unknown) => {
      counter.isKnown = undefined;
      throw error;
    });
    if (isKnown) return;
    const retryAfterS = Math.ceil((counter.sinceMs + WINDOW_MS - this.#deps.clock()) / 1_000);
    throw new TooManyFailuresProblem(attempt, Math.max(1, retryAfterS));
  }

  /** Counts a failure. */
  count(apiKeyFolded: string, address: string): void {
    const name = nameOf(apiKeyFolded, networkOf(address));
    const nowMs = this.#deps.clock();
    let counter = this.#current(name);
    if (!counter) {
      counter = { failures: 0, sinceMs: nowMs, isKnown: undefined };
      // The map is in the order of first failures.
      this.#counters.delete(name);
      this.#counters.set(name, counter);
      if (this.#counters.size > MOST_COUNTERS) this.#dropSome();
    }
    counter.failures++;
    if (counter.failures === this.#most) counter.sinceMs = nowMs;
  }

  /** Takes back a failure that was none. */
  takeBack(apiKeyFolded: string, address: string): void {
    const counter = this.#current(nameOf(apiKeyFolded, networkOf(address)));
    if (counter && counter.failures > 0) counter.failures--;
  }

  #current(name: string): Counter | undefined {
    const counter = this.#counters.get(name);
    return counter && this.#isOver(counter) ? undefined : counter;
  }

  #isOver({ sinceMs }: Counter): boolean {
    const nowMs = this.#deps.clock();
    // The clock may have been set back.
    return nowMs < sinceMs || nowMs >= sinceMs + WINDOW_MS;
  }

  /**
   * Drops counters that are over, then those with the fewest failures, the oldest first. So an attacker loses an own counter
   * only after `KEPT_COUNTERS` failures with other ids, which take longer than to wait for the next guess.
   */
  #dropSome(): void {
    const byFailures = Array.from({ length: MOST_FAILURES + 1 }, (): string[] => []);
    for (const [name, counter] of this.#counters) {
      if (this.#isOver(counter)) this.#counters.delete(name);
      else byFailures[Math.min(counter.failures, MOST_FAILURES)]?.push(name);
    }
    for (const name of byFailures.flat()) {
      if (this.#counters.size <= KEPT_COUNTERS) return;
      this.#counters.delete(name);
    }
  }
}

function nameOf(apiKeyFolded: string, network: string): string {
  return `${network.slice(0, LONGEST_NETWORK)} ${apiKeyFolded.slice(0, LONGEST_ID)}`;
}
