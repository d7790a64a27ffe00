import type { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ArrivingBody, type Gauge, type Received } from './arriving-body.ts';
import { bodyEncodingOf } from './body-encoding.ts';
import { type HttpProblem, shareUsedUp, tooLarge } from './errors.ts';
import { holderOf } from './holder.ts';
import type { ShareUse } from './monitoring/monitor.ts';
import { Backlog, type BacklogLimits } from './overload.ts';
import { askForBody } from './unread-body.ts';
import { WorkTurns } from './work-turns.ts';

declare module 'fastify' {
  interface FastifyInstance {
    bodyReader: BodyReader;
  }
  interface FastifyRequest {
    /** The answer's stream. Parsers of bodies receive the request only. */
    answer: FastifyReply['raw'];
  }
}

const LOOK_EVERY_MS = 500;

/** Gives the server its one reader of bodies. All parsers of content types use it. `nowMs` must be monotonic. */
export function readBodies(app: FastifyInstance, limits: BacklogLimits, nowMs: () => number): void {
  const reader = new BodyReader(new Backlog(limits), nowMs);
  app.decorate('bodyReader', reader);
  app.decorateRequest('answer');
  app.addHook('onRequest', (request, reply, done) => {
    request.answer = reply.raw;
    done();
  });
  app.addHook('onClose', async () => reader.close());
}

/** Reads bodies. It enforces the caller's share, the route's size limit and the minimum speed. */
export class BodyReader {
  readonly #backlog: Backlog;
  readonly #nowMs: () => number;
  readonly #arriving = new Set<ArrivingBody>();
  readonly #turns = new WorkTurns();
  readonly #timer: NodeJS.Timeout;

  /** As `Backlog.shareUse`. */
  shareUse(): Iterable<ShareUse> {
    return this.#backlog.shareUse();
  }

  constructor(backlog: Backlog, nowMs: () => number) {
    this.#backlog = backlog;
    this.#nowMs = nowMs;
    // `setImmediate` lets the process first read bytes that arrived while it was busy.
    this.#timer = setInterval(() => setImmediate(() => this.#endSlowOnes()), LOOK_EVERY_MS);
    this.#timer.unref();
  }

  /**
   * Reads the body of a public request, or of one that passed the guard. Complete bodies take turns: `done` runs in the
   * turn of the request.
   */
  read(request: FastifyRequest, payload: Readable, gauge: Gauge | undefined, done: Received): void {
    const { bodyLimit } = request.route;
    try {
      const encoding = bodyEncodingOf(request.headers);
      if (Number(request.headers['content-length'] ?? 0) > bodyLimit) throw tooLarge();
      const backlogEntry = this.#backlog.open(request);
      if (!backlogEntry) throw shareUsedUp('requests in progress');
      backlogEntry.releaseWhenOver(request);
      const holder = holderOf(request);
      const nowMs = this.#nowMs();
      const body = new ArrivingBody(payload, { encoding, bodyLimit, backlogEntry, holder, gauge, nowMs });
      this.#arriving.add(body);
      askForBody(request.raw);
      body.receive((problem, bytes) => {
        this.#arriving.delete(body);
        if (problem || !bytes) done(problem);
        else this.#turns.take(holder, bytes.length, () => done(null, bytes));
      });
    } catch (error) {
      done(error as HttpProblem);
    }
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #endSlowOnes(): void {
    const nowMs = this.#nowMs();
    for (const body of this.#arriving) body.endIfSlow(nowMs);
  }
}
