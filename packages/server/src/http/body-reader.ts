import type { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ArrivingBody, type Gauge, type Received } from './arriving-body.ts';
import { bodyEncodingOf } from './body-encoding.ts';
import { type HttpProblem, tooLarge, tooMuchInHand } from './errors.ts';
import { Backlog, type BacklogLimits, holderOf } from './overload.ts';
import { askForBody } from './unread-body.ts';
import { WorkTurns } from './work-turns.ts';

declare module 'fastify' {
  interface FastifyInstance {
    bodyReader: BodyReader;
  }
  interface FastifyRequest {
    /** Where the answer goes: parsers of bodies are given the request only. */
    answer: FastifyReply['raw'];
  }
}

const LOOK_EVERY_MS = 500;

/** Gives the server its one reader of bodies, which all parsers of content types use. `nowMs` never goes back. */
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

/** Reads bodies: within what their callers may have in hand, within the route's limit, and not too slowly. */
export class BodyReader {
  readonly #backlog: Backlog;
  readonly #nowMs: () => number;
  readonly #arriving = new Set<ArrivingBody>();
  readonly #turns = new WorkTurns();
  readonly #timer: NodeJS.Timeout;

  constructor(backlog: Backlog, nowMs: () => number) {
    this.#backlog = backlog;
    this.#nowMs = nowMs;
    // What had arrived while the process was busy is read first.
    this.#timer = setInterval(() => setImmediate(() => this.#endSlowOnes()), LOOK_EVERY_MS);
    this.#timer.unref();
  }

  /**
   * Reads the body of a request that the guard let through, or that is public. Whole bodies take turns: what `done` does
   * before it waits for something is done in the request's turn.
   */
  read(request: FastifyRequest, payload: Readable, gauge: Gauge | undefined, done: Received): void {
    const { bodyLimit } = request.route;
    try {
      const encoding = bodyEncodingOf(request.headers);
      if (Number(request.headers['content-length'] ?? 0) > bodyLimit) throw tooLarge();
      const place = this.#backlog.open(request);
      if (!place) throw tooMuchInHand();
      place.leaveWith(request);
      const holder = holderOf(request);
      const nowMs = this.#nowMs();
      const body = new ArrivingBody(payload, { encoding, bodyLimit, place, holder, gauge, nowMs });
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
