import type { FastifyRequest } from 'fastify';
import { whenOver } from './answer-over.ts';
import { holderOf, organisationOf } from './holder.ts';
import type { ShareUse } from './monitoring/monitor.ts';
import { type ShareHolder, Shares } from './shares.ts';

export interface BacklogLimits {
  /** The most requests with events at once. Other requests and logins have the same limit each. */
  requests: number;
  /** The most bytes of bodies at once. Logins have an eighth of it, in addition. */
  bytes: number;
}

/**
 * With these, an organisation that is alone gets seven eighths of the capacity; a key or a network gets three quarters.
 */
const ORGANISATION_TIMES_FREE = 7;
const KEY_TIMES_FREE = 3;
const NETWORK_TIMES_FREE = 3;
const LOGIN_BYTES_SHARE = 1 / 8;
/** The first bytes of a body, which the share of requests limits already. Most bodies of logins have no more. */
const UNCOUNTED_BYTES = 512;

/**
 * Limits the backlog: the requests with a body that have no answer yet, and the bytes of their bodies that have
 * arrived. Organisations and keys have shares of both. On public routes, where the caller is unknown, networks have
 * shares. The server answers a request beyond a share with 503 at once, because an early answer is better than a long
 * queue.
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

  /** What organisations hold. */
  *shareUse(): Iterable<ShareUse> {
    const all = { 'event requests': this.#events, 'other requests': this.#others, 'body bytes': this.#bytes };
    for (const [resource, shares] of Object.entries(all)) {
      for (const [name, part] of shares.parts()) {
        const organisation = organisationOf(name);
        if (organisation !== undefined) yield { resource, organisation, part };
      }
    }
  }

  /** The backlog entry of a request that passed the guard; undefined if the caller's share is used up. */
  open(request: FastifyRequest): BacklogEntry | undefined {
    const { caller } = request;
    const name = holderOf(request);
    const holders = caller
      ? [
          { name, timesFree: ORGANISATION_TIMES_FREE },
          { name: `${caller.kind} ${caller.nameFolded}`, timesFree: KEY_TIMES_FREE },
        ]
      : [{ name, timesFree: NETWORK_TIMES_FREE }];
    const proven = request.route.config.eventsIn ? this.#events : this.#others;
    const requests = caller ? proven : this.#logins;
    if (!requests.take(holders, 1)) return undefined;
    return new BacklogEntry(holders, requests, caller ? this.#bytes : this.#loginBytes);
  }
}

/** The part of the backlog that one request holds. */
export class BacklogEntry {
  readonly #holders: ShareHolder[];
  readonly #requests: Shares;
  readonly #bytes: Shares;
  /** The bytes that have arrived, and those of them that the share of bytes counts. */
  #size = 0;
  #counted = 0;
  #isReleased = false;

  constructor(holders: ShareHolder[], requests: Shares, bytes: Shares) {
    this.#holders = holders;
    this.#requests = requests;
    this.#bytes = bytes;
  }

  /** Counts arrived bytes. Returns false if they exceed the caller's share, or if the entry was released. */
  add(bytes: number): boolean {
    // Bytes that are unpacked after the client has gone would never be released.
    if (this.#isReleased) return false;
    this.#size += bytes;
    const more = this.#size - UNCOUNTED_BYTES - this.#counted;
    if (more <= 0) return true;
    if (!this.#bytes.take(this.#holders, more, this.#counted)) return false;
    this.#counted += more;
    return true;
  }

  /** Releases everything. A second call does nothing. */
  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#requests.giveBack(this.#holders, 1);
    if (this.#counted > 0) this.#bytes.giveBack(this.#holders, this.#counted);
  }

  /** Releases everything when the request is answered or the client has gone. */
  releaseWhenOver({ raw, answer }: FastifyRequest): void {
    whenOver(raw, answer, () => this.release());
  }
}
