import { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { StreamKind } from '../store/connections/db.ts';
import { StoreUnavailableError } from '../store/connections/unavailable.ts';
import { whenOver } from './answer-over.ts';
import { unavailable } from './errors.ts';
import { callerFields } from './logging.ts';
import type { Monitor, ShareUse } from './monitoring/monitor.ts';
import type { RateLimits } from './rates/rate-limits.ts';
import { Slots } from './slots.ts';

/** What is sent: the rows of a stream of the database, or a whole image. */
export type TransferKind = StreamKind | 'images';

export interface TransfersOptions {
  /** The database connections of each kind. There are as many slots. */
  sizes: Record<StreamKind, number>;
  /** How long a transfer may wait for its reader in all, in addition to the time for its size. */
  graceS: number;
  /** The time for its size is one second for so many bytes. */
  leastBytesPerS: number;
  /** A monotonic clock, in milliseconds. */
  stopwatch: () => number;
  /** The limits of keys for exports at a time. */
  limits: Pick<RateLimits, 'beginExport'>;
  monitor?: Pick<Monitor, 'noteSlotWait'> | undefined;
}

const NAMES: Record<TransferKind, string> = {
  exports: 'exports',
  lists: 'short lists',
  images: 'downloads of images',
};
/** Images that are sent at once. The server holds each whole, of at most 8 MiB. */
const IMAGES_AT_ONCE = 8;
const SWEEP_MS = 250;
/**
 * The most bytes handed on at once. A page is one piece of megabytes, and a piece counts as sent only when
 * the reader took it.
 */
const PART_BYTES = 256 * 1024;

/**
 * The open answers that are large: those of the warehouse, and the files of floor plans. Each holds a slot of its
 * organisation's share as long as it holds a database connection with its snapshot, or bytes that its reader has not taken
 * yet. The server cuts off a reader that is too slow.
 */
export class Transfers {
  readonly #slots: Record<TransferKind, Slots>;
  readonly #sent = new Set<Transfer>();
  readonly #options: TransfersOptions;
  readonly #sweep: NodeJS.Timeout;

  constructor(options: TransfersOptions) {
    this.#options = options;
    const { sizes, stopwatch } = options;
    const slots = (kind: TransferKind, size: number) =>
      new Slots({ what: NAMES[kind], limit: kind, size, stopwatch });
    this.#slots = {
      exports: slots('exports', sizes.exports),
      lists: slots('lists', sizes.lists),
      images: slots('images', IMAGES_AT_ONCE),
    };
    this.#sweep = setInterval(() => {
      for (const slots of Object.values(this.#slots)) slots.refuseOld();
      for (const transfer of this.#sent) transfer.cutWhereTooSlow();
    }, SWEEP_MS).unref();
  }

  /**
   * Waits for a slot of an organisation. Throws a 503 if that takes too long, and a 429 if the caller is a key that runs as many
   * exports as it may.
   */
  async begin(
    { kind, tenantId }: { kind: TransferKind; tenantId: string },
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<Transfer> {
    const { caller } = request;
    const endExport = kind === 'exports' && caller ? this.#options.limits.beginExport(caller) : undefined;
    const { stopwatch, monitor } = this.#options;
    const sinceMs = stopwatch();
    const slot = this.#slots[kind].take(tenantId);
    const transfer = new Transfer(request, reply, this.#options, () => {
      slot.end();
      endExport?.();
    });
    this.#sent.add(transfer);
    whenOver(request.raw, reply.raw, () => {
      this.#sent.delete(transfer);
      transfer.close();
    });
    await slot.held;
    monitor?.noteSlotWait(kind, stopwatch() - sinceMs);
    // The slot is free again already.
    if (transfer.isOver) throw unavailable();
    return transfer;
  }

  /** What organisations hold. */
  *shareUse(): Iterable<ShareUse> {
    for (const [resource, slots] of Object.entries(this.#slots)) {
      for (const [organisation, part] of slots.parts()) yield { resource, organisation, part };
    }
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
  /** The pieces that are not sent yet. */
  #rest: AsyncGenerator<Piece, void> | undefined;
  #sentBytes = 0;
  #waitedMs = 0;
  /** The time since which the reader has not asked for more. */
  #waitsSinceMs: number | undefined;

  constructor(request: FastifyRequest, reply: FastifyReply, options: TransfersOptions, end: () => void) {
    this.#request = request;
    this.#reply = reply;
    this.#options = options;
    this.#end = end;
  }

  /** Whether the answer is sent, or its connection is closed. */
  get isOver(): boolean {
    return this.#isClosed;
  }

  /** Returns `batches` unchanged. It holds the slot until they have ended, even if the client has gone. */
  async *reading<T>(batches: AsyncIterable<T>): AsyncGenerator<T, void> {
    this.#isReading = true;
    try {
      yield* batches;
    } finally {
      this.#isReading = false;
      if (this.#isClosed) this.#end();
    }
  }

  /** The answer is sent, or its connection is closed. No other code then asks for the rest or ends it. */
  close(): void {
    this.#isClosed = true;
    void this.#rest?.return().catch(() => undefined);
    if (!this.#isReading) this.#end();
  }

  /**
   * All pieces of an answer, in parts of bounded size. The caller has already taken `first`. This is not a generator: a
   * generator that never started ends without its `finally`. A client that has hung up by now would then keep its
   * database connection for good.
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

  /** From here on, time counts as the reader's until it asks for more. Time of the database and the server does not. */
  #noteSent(bytes: number): void {
    this.#sentBytes += bytes;
    this.#waitsSinceMs = this.#options.stopwatch();
  }

  #waitedSoFarMs(): number {
    const nowMs = this.#options.stopwatch();
    return this.#waitedMs + nowMs - (this.#waitsSinceMs ?? nowMs);
  }

  /** Ends the transfer if its reader took longer than the grace and the time for the bytes sent so far. */
  cutWhereTooSlow(): void {
    const { graceS, leastBytesPerS } = this.#options;
    const waitedS = this.#waitedSoFarMs() / 1_000;
    if (waitedS <= graceS + this.#sentBytes / leastBytesPerS) return;
    this.#cut({ waitedS: Math.round(waitedS) }, 'cut off: the reader of this answer is too slow');
  }

  #breakOff(error: unknown): never {
    if (error instanceof StoreUnavailableError) this.#cut({}, 'cut off: the database no longer answers');
    else this.#cut({ err: error }, 'cut off: reading the rows of this answer failed');
    throw error;
  }

  /**
   * Ends the connection by a reset. With HTTP/1.0 a body ends with its connection, so an ordinary end would look like
   * the end of the body. A reset also frees the bytes that the system holds for the reader. Under TLS, the missing
   * close_notify shows the reader that the end is not ordinary.
   */
  #cut(why: Record<string, unknown>, message: string): void {
    const { raw } = this.#reply;
    if (raw.destroyed) return;
    const { route, caller, log } = this.#request;
    const by = caller ? callerFields(caller) : {};
    log.warn({ route: route.url, ...by, sentBytes: this.#sentBytes, ...why }, message);
    // The socket of the request: an answer that waits behind another one has no socket yet.
    const { socket } = this.#request.raw;
    if (socket instanceof TLSSocket) socket.destroy();
    else if (socket instanceof Socket) socket.resetAndDestroy();
    raw.destroy();
  }
}
