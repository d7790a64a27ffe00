import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { yieldBetweenChunks } from './body-turns.ts';

/**
 * Clients that write all of a body before they read the answer lose the answer when the connection is closed
 * meanwhile. So the server reads on, and throws away, this much for this long.
 */
const MOST_DRAINED_BYTES = 64 * 1024 * 1024;
const MOST_DRAINED_MS = 5_000;

/** RFC 9112 section 6.3: a request has a body when it says how the body is framed. */
export function hasBody({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
}

/** Whether a request has a body of which a part has not arrived yet. */
export function isArriving(request: IncomingMessage): boolean {
  return request.complete === false && hasBody(request);
}

/**
 * An answer as a stream that ends when the rest of the request's body has arrived. The body takes turns with others of
 * `holder`, which is the caller's organisation or network.
 */
export function answerAndDrain(answer: string, request: IncomingMessage, holder: string): Readable {
  const stream = new Readable({ read: () => undefined });
  stream.push(answer);
  const cut = () => request.socket.destroy();
  const timer = setTimeout(cut, MOST_DRAINED_MS);
  const end = () => {
    clearTimeout(timer);
    if (!stream.destroyed && !stream.readableEnded) stream.push(null);
    request.off('end', end).off('close', end);
  };
  let leftBytes = MOST_DRAINED_BYTES;
  request
    .on('data', (piece: Buffer) => {
      leftBytes -= piece.length;
      if (leftBytes < 0) cut();
      else yieldBetweenChunks(request, holder);
    })
    .on('error', () => undefined)
    .once('end', end)
    .once('close', end)
    .resume();
  return stream;
}

/** Ends a connection that speaks no HTTP, with an answer that the client can still read. */
export function answerAndClose(answer: string, socket: Socket): void {
  const timer = setTimeout(() => socket.destroy(), MOST_DRAINED_MS);
  socket
    .once('close', () => clearTimeout(timer))
    .resume()
    .end(answer);
}

const waiting = new WeakMap<IncomingMessage, ServerResponse>();

/**
 * Has clients that send `Expect: 100-continue` wait until somebody wants the body. Node would tell all of them at once
 * to go on.
 */
export function answerExpectations(app: FastifyInstance): void {
  app.server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    waiting.set(request, response);
    // Nobody can tell whether a body that was not asked for comes, or another request.
    response.once('finish', () => {
      if (waiting.has(request)) request.socket.destroySoon();
    });
    app.routing(request, response);
  });
}

/** Tells a client that waits for it to send the body. */
export function askForBody(request: IncomingMessage): void {
  waiting.get(request)?.writeContinue();
  waiting.delete(request);
}

/** Whether the client may never send the body, because the server has not asked for it. */
export function waitsForContinue(request: IncomingMessage): boolean {
  return waiting.has(request);
}
