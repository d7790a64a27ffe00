import type { Readable } from 'node:stream';
import { createGunzip, type Gunzip } from 'node:zlib';
import { BodyBytes } from './body-bytes.ts';
import { type BodyEncoding, Transcoder } from './body-encoding.ts';
import { yieldBetweenChunks } from './body-turns.ts';
import { HttpProblem, malformedBody, shareUsedUp, tooLarge } from './errors.ts';
import type { BacklogEntry } from './overload.ts';

/** Judges a body while it arrives. */
export interface Gauge {
  /** Returns the problem in this piece, if there is one. */
  read(piece: Buffer): HttpProblem | undefined;
}

/** Receives the whole body in UTF-8, or the reason why there is none. */
export type Received = (problem: HttpProblem | null, body?: Buffer) => void;

/** The server ends a body that is slower than this over a window. */
const LEAST_BYTES_PER_S = 1_024;
const WINDOW_MS = 5_000;
/** The first part of a body, up to this size, waits for no turn. */
const ALONE_BYTES = 64 * 1024;
/** The memory that node:zlib allocates for one body of any size. */
const GUNZIP_BYTES = 64 * 1024;

export interface ArrivingBodyTerms {
  encoding: BodyEncoding;
  /** Limits both the body as sent and the unpacked body. */
  bodyLimit: number;
  backlogEntry: BacklogEntry;
  /** The organisation or network whose turns the body takes. */
  holder: string;
  gauge: Gauge | undefined;
  nowMs: number;
}

/** One body while it arrives. Each piece is unpacked, converted to UTF-8, counted and checked. */
export class ArrivingBody {
  readonly #payload: Readable;
  readonly #terms: ArrivingBodyTerms;
  readonly #bytes = new BodyBytes();
  readonly #transcoder: Transcoder | undefined;
  #gunzip: Gunzip | undefined;
  #done: Received | undefined;
  #length = 0;
  #sentLength = 0;
  #isSent = false;
  #windowMs: number;
  #windowLength = 0;

  constructor(payload: Readable, terms: ArrivingBodyTerms) {
    this.#payload = payload;
    this.#terms = terms;
    this.#windowMs = terms.nowMs;
    const { charset } = terms.encoding;
    this.#transcoder = charset === undefined ? undefined : new Transcoder(charset);
  }

  /** Calls `done` once, when the body has arrived or was refused. */
  receive(done: Received): void {
    this.#done = done;
    // A stream that was destroyed earlier emits no event any more.
    if (this.#payload.destroyed) {
      this.#onBroken();
      return;
    }
    if (this.#terms.encoding.isGzip && !this.#unpack()) return;
    this.#payload
      .on('data', this.#onSent)
      .on('end', () => {
        this.#isSent = true;
        if (!this.#gunzip) this.#end();
      })
      .on('error', this.#onBroken)
      .on('close', this.#onBroken);
  }

  /** Ends the body if it brought too few bytes in the window; otherwise starts a new window. */
  endIfSlow(nowMs: number): void {
    const tookMs = nowMs - this.#windowMs;
    if (tookMs < WINDOW_MS || this.#isSent) return;
    if (this.#sentLength - this.#windowLength < (LEAST_BYTES_PER_S * tookMs) / 1_000) {
      this.#fail(
        new HttpProblem(
          408,
          `The request body arrived more slowly than ${LEAST_BYTES_PER_S} bytes a second.`,
        ),
      );
    }
    this.#windowMs = nowMs;
    this.#windowLength = this.#sentLength;
  }

  #unpack(): boolean {
    if (!this.#terms.backlogEntry.add(GUNZIP_BYTES)) {
      this.#fail(shareUsedUp('bytes in progress'));
      return false;
    }
    this.#gunzip = createGunzip()
      .on('data', this.#onUnpacked)
      .on('end', () => this.#end())
      .on('error', () => this.#fail(malformedBody('The request body is not gzip.')));
    this.#payload.pipe(this.#gunzip);
    return true;
  }

  readonly #onSent = (piece: Buffer): void => {
    this.#sentLength += piece.length;
    if (this.#sentLength > this.#terms.bodyLimit) this.#fail(tooLarge());
    else if (!this.#gunzip) {
      this.#onUnpacked(piece);
      // Most bodies are complete by now, and their end must not wait for a turn.
      if (this.#sentLength > ALONE_BYTES) yieldBetweenChunks(this.#payload, this.#terms.holder);
    }
  };

  readonly #onUnpacked = (piece: Buffer): void => {
    if (this.#transcoder) this.#transcode((transcoder) => transcoder.read(piece));
    else this.#take(piece);
  };

  readonly #onBroken = (): void => {
    if (!this.#isSent) this.#fail(malformedBody('The request body is incomplete.'));
  };

  #transcode(read: (transcoder: Transcoder) => Buffer): void {
    if (!this.#transcoder) return;
    let piece: Buffer;
    try {
      piece = read(this.#transcoder);
    } catch {
      this.#fail(malformedBody('The request body is not in the charset that its content type names.'));
      return;
    }
    this.#take(piece);
  }

  #take(piece: Buffer): void {
    if (!this.#done) return;
    const { bodyLimit, backlogEntry, gauge } = this.#terms;
    this.#length += piece.length;
    const problem =
      (this.#length > bodyLimit && tooLarge()) ||
      (!backlogEntry.add(piece.length) && shareUsedUp('bytes in progress')) ||
      gauge?.read(piece);
    if (problem) this.#fail(problem);
    else this.#bytes.add(piece);
  }

  #end(): void {
    this.#transcode((transcoder) => transcoder.end());
    const done = this.#done;
    this.#done = undefined;
    done?.(null, this.#bytes.whole);
  }

  #fail(problem: HttpProblem): void {
    const done = this.#done;
    if (!done) return;
    this.#done = undefined;
    this.#payload.off('data', this.#onSent);
    if (this.#gunzip) {
      this.#payload.unpipe(this.#gunzip);
      this.#gunzip.destroy();
    }
    this.#terms.backlogEntry.release();
    done(problem);
  }
}
