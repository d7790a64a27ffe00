import type { FastifyRequest } from 'fastify';
import { whenOver } from './answer-over.ts';
import { networkOf } from './network.ts';
import { type ShareHolder, Shares } from './shares.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Its requests count as requests with events, which do not keep any others waiting. */
    takesEvents?: boolean;
  }
}

export interface BacklogLimits {
  /** Requests with events in hand at once; as many others, and as many logins. */
  requests: number;
  /** Bytes of bodies in hand at once; of logins an eighth of it, besides. */
  bytes: number;
}

/** Seven eighths of the capacity for an organisation that is alone; three quarters for a key or a network. */
const ORGANISATION_TIMES_FREE = 7;
const KEY_TIMES_FREE = 3;
const NETWORK_TIMES_FREE = 3;
const LOGIN_BYTES_SHARE = 1 / 8;

/**
 * Bounds what is in hand: requests with a body that are not answered yet, and the bytes of their bodies that have
 * arrived. Of both, organisations and keys have shares; callers that nobody has proven yet, on the public routes,
 * have shares by their networks. What goes beyond is answered 503 at once: an answer now is worth more than a place
 * at the end of a queue that only grows.
 */
export class Backlog {
  readonly #events: Shares;
  readonly #others: Shares;
  readonly #logins: Shares;
  readonly #bytes: Shares;
  readonly #loginBytes: Shares;

  constructor({ requests, bytes }: BacklogLimits) {
    this.#events = new Shares(requests);
    this.#others = new Shares(requests);
    this.#logins = new Shares(requests);
    this.#bytes = new Shares(bytes);
    this.#loginBytes = new Shares(bytes * LOGIN_BYTES_SHARE);
  }

  /** The place of a request that the guard let through; undefined where its caller has as many as it may. */
  open(request: FastifyRequest): BacklogEntry | undefined {
    const { caller } = request;
    const name = holderOf(request);
    const holders = caller
      ? [
          { name, timesFree: ORGANISATION_TIMES_FREE },
          { name: `key ${caller.apiKeyFolded}`, timesFree: KEY_TIMES_FREE },
        ]
      : [{ name, timesFree: NETWORK_TIMES_FREE }];
    const proven = request.route.config.takesEvents ? this.#events : this.#others;
    const requests = caller ? proven : this.#logins;
    if (!requests.take(holders, 1)) return undefined;
    return new BacklogEntry(holders, requests, caller ? this.#bytes : this.#loginBytes);
  }
}

/** The name of the organisation that sends a request, or of the network while nobody has proven who it is. */
export function holderOf({ caller, ip }: FastifyRequest): string {
  return caller ? `organisation ${caller.tenantId}` : networkOf(ip);
}

/** What one request holds. */
export class BacklogEntry {
  readonly #holders: ShareHolder[];
  readonly #requests: Shares;
  readonly #bytes: Shares;
  #size = 0;
  #isLeft = false;

  constructor(holders: ShareHolder[], requests: Shares, bytes: Shares) {
    this.#holders = holders;
    this.#requests = requests;
    this.#bytes = bytes;
  }

  /** Counts bytes that have arrived; false where they are more than the caller's share, or the place was left. */
  add(bytes: number): boolean {
    // What is unpacked after the client has gone would never be given back.
    if (this.#isLeft || !this.#bytes.take(this.#holders, bytes, this.#size)) return false;
    this.#size += bytes;
    return true;
  }

  /** Gives everything back; a second time does nothing. */
  leave(): void {
    if (this.#isLeft) return;
    this.#isLeft = true;
    this.#requests.giveBack(this.#holders, 1);
    this.#bytes.giveBack(this.#holders, this.#size);
  }

  /** Gives everything back when the request is answered, or the client has given up. */
  leaveWith({ raw, answer }: FastifyRequest): void {
    whenOver(raw, answer, () => this.leave());
  }
}
