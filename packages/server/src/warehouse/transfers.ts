import { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { callerOf } from '../auth/guard.ts';
import { whenOver } from '../http/answer-over.ts';
import { unavailable } from '../http/errors.ts';
import type { StreamKind } from '../store/connections/db.ts';
import { StoreUnavailableError } from '../store/connections/unavailable.ts';
import { Slots } from './slots.ts';

export interface TransfersOptions {
  /** Database connections of each kind: there are as many slots. */
  sizes: Record<StreamKind, number>;
  /** For how long a transfer may wait for its reader in all, beside the time that its size allows. */
  graceS: number;
  /** Its size allows a second for so many bytes. */
  leastBytesPerS: number;
  /** Milliseconds that only ever grow. */
  stopwatch: () => number;
}

const NAMES: Record<StreamKind, string> = { exports: 'exports', lists: 'short lists' };
const SWEEP_MS = 250;
/** What is handed on at once. A page is one piece of megabytes, which does not count as sent before its reader takes it. */
const PART_BYTES = 256 * 1024;

/**
 * The answers of the warehouse that are in hand. Each holds a slot of its organisation's share as long as it holds anything: a
 * database connection with its snapshot, or bytes that its reader has not taken yet. A reader that is too slow is cut off.
 */
export class Transfers {
  readonly #slots: Record<StreamKind, Slots>;
  readonly #sent = new Set<Transfer>();
  readonly #options: TransfersOptions;
  readonly #sweep: NodeJS.Timeout;

  constructor(options: TransfersOptions) {
    this.#options = options;
    const { sizes, stopwatch } = options;
    const slotsFor = (kind: StreamKind) => new Slots({ what: NAMES[kind], size: sizes[kind], stopwatch });
    this.#slots = { exports: slotsFor('exports'), lists: slotsFor('lists') };
    this.#sweep = setInterval(() => {
      for (const slots of Object.values(this.#slots)) slots.refuseOld();
      for (const transfer of this.#sent) transfer.cutWhereTooSlow();
    }, SWEEP_MS).unref();
  }

  /** Waits for a slot. Throws a 503 where that takes too long. */
  async begin(kind: StreamKind, request: FastifyRequest, reply: FastifyReply): Promise<Transfer> {
    const slot = this.#slots[kind].take(callerOf(request).tenantId);
    const transfer = new Transfer(request, reply, this.#options, () => slot.end());
    this.#sent.add(transfer);
    whenOver(request.raw, reply.raw, () => {
      this.#sent.delete(transfer);
      transfer.close();
    });
    await slot.held;
    // Its slot was given back already.
    if (transfer.isOver) throw unavailable();
    return transfer;
  }

  close(): void {
    clearInterval(this.#sweep);
  }
}

export type Piece = string | Uint8Array;

export class Transfer {
  readonly #request: FastifyRequest;
  readonly #reply: FastifyReply;
  readonly #options: TransfersOptions;
  readonly #end: () => void;
  #isReading = false;
  #isClosed = false;
  /** What is left to be sent. */
  #rest: AsyncGenerator<Piece, void> | undefined;
  #sentBytes = 0;
  #waitedMs = 0;
  /** Since when the reader has not asked for more. */
  #waitsSinceMs: number | undefined;

  constructor(request: FastifyRequest, reply: FastifyReply, options: TransfersOptions, end: () => void) {
    this.#request = request;
    this.#reply = reply;
    this.#options = options;
    this.#end = end;
  }

  /** Whether the answer was sent, or its connection is gone. */
  get isOver(): boolean {
    return this.#isClosed;
  }

  /** `batches` as they are: until they have ended, the slot is held, even where the client has gone. */
  async *reading<T>(batches: AsyncIterable<T>): AsyncGenerator<T, void> {
    this.#isReading = true;
    try {
      yield* batches;
    } finally {
      this.#isReading = false;
      if (this.#isClosed) this.#end();
    }
  }

  /** The answer was sent, or its connection is gone: then nobody may ask for the rest, or end it. */
  close(): void {
    this.#isClosed = true;
    void this.#rest?.return().catch(() => undefined);
    if (!this.#isReading) this.#end();
  }

  /**
   * The whole of an iteration whose first step is taken already, in parts that are not large. No generator: one that was
   * never started ends without its `finally`, and a client that hung up by now would keep its database connection for good.
   */
  body(first: IteratorResult<Piece, void>, rest: AsyncGenerator<Piece, void>): AsyncIterableIterator<Piece> {
    let taken: IteratorResult<Piece, void> | undefined = first;
    this.#rest = rest;
    if (this.#isClosed) this.close();
    return {
      next: async () => {
        this.#noteAsked();
        const result = taken ?? (await rest.next().catch((error: unknown) => this.#breakOff(error)));
        taken = undefined;
        if (result.done) {
          this.#noteSent(0);
          return result;
        }
        let { value } = result;
        if (typeof value !== 'string' && value.length > PART_BYTES) {
          taken = { done: false, value: value.subarray(PART_BYTES) };
          value = value.subarray(0, PART_BYTES);
        }
        this.#noteSent(value.length);
        return { done: false, value };
      },
      return: async () => {
        await rest.return();
        return { done: true, value: undefined };
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  #noteAsked(): void {
    this.cutWhereTooSlow();
    this.#waitedMs = this.#waitedSoFarMs();
    this.#waitsSinceMs = undefined;
  }

  /** The time until the reader asks for more is its own. What the database and the server take is not. */
  #noteSent(bytes: number): void {
    this.#sentBytes += bytes;
    this.#waitsSinceMs = this.#options.stopwatch();
  }

  #waitedSoFarMs(): number {
    const nowMs = this.#options.stopwatch();
    return this.#waitedMs + nowMs - (this.#waitsSinceMs ?? nowMs);
  }

  /** Ends the transfer where its reader took longer than the grace and the size so far allow. */
  cutWhereTooSlow(): void {
    const { graceS, leastBytesPerS } = this.#options;
    const waitedS = this.#waitedSoFarMs() / 1_000;
    if (waitedS <= graceS + this.#sentBytes / leastBytesPerS) return;
    this.#cut({ waitedS: Math.round(waitedS) }, 'cut off: the reader of this answer is too slow');
  }

  #breakOff(error: unknown): never {
    if (error instanceof StoreUnavailableError)
      this.#cut({}, 'cut off: the database does not answer any more');
    else this.#cut({ err: error }, 'cut off: the rows of this answer could not be read to their end');
    throw error;
  }

  /**
   * Ends the connection by a reset: where a body ends with its connection (HTTP/1.0), an ordinary end would look like
   * the end of the body. A reset also frees what the system holds for the reader. TLS has an end of its own that is missing then.
   */
  #cut(why: Record<string, unknown>, message: string): void {
    const { raw } = this.#reply;
    if (raw.destroyed) return;
    const { route, caller, log } = this.#request;
    log.warn({ route: route.url, apiKey: caller?.apiKey, sentBytes: this.#sentBytes, ...why }, message);
    // That of the request: an answer that waits behind another one has none yet.
    const { socket } = this.#request.raw;
    if (socket instanceof TLSSocket) socket.destroy();
    else if (socket instanceof Socket) socket.resetAndDestroy();
    raw.destroy();
  }
}
