import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { yieldBetweenChunks } from './body-turns.ts';

/**
 * A client that writes all of its body before it reads the answer loses the answer if the connection closes earlier. So
 * the server reads and discards up to this size, for up to this time.
 */
const MOST_DRAINED_BYTES = 64 * 1024 * 1024;
const MOST_DRAINED_MS = 5_000;

/** RFC 9112 section 6.3: a request has a body if it declares the framing of the body. */
export function hasBody({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
}

/** Whether a part of a request's body has not arrived yet. */
export function isArriving(request: IncomingMessage): boolean {
  return request.complete === false && hasBody(request);
}

/**
 * An answer as a stream that ends when the rest of the request's body has arrived. The body takes the turns of
 * `holder`, the caller's organisation or network.
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

/** Ends a connection without valid HTTP, with an answer that the client can still read. */
export function answerAndClose(answer: string, socket: Socket): void {
  const timer = setTimeout(() => socket.destroy(), MOST_DRAINED_MS);
  socket
    .once('close', () => clearTimeout(timer))
    .resume()
    .end(answer);
}

const waiting = new WeakMap<IncomingMessage, ServerResponse>();

/**
 * Makes clients that send `Expect: 100-continue` wait until the server reads the body. Node would tell all of them to
 * continue at once.
 */
export function answerExpectations(app: FastifyInstance): void {
  app.server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    waiting.set(request, response);
    // After the answer, the next bytes may be the body or another request. The server cannot know.
    response.once('finish', () => {
      if (waiting.has(request)) request.socket.destroySoon();
    });
    app.routing(request, response);
  });
}

/** Tells a waiting client to send the body. */
export function askForBody(request: IncomingMessage): void {
  waiting.get(request)?.writeContinue();
  waiting.delete(request);
}

/** Whether the client still waits to send the body, because the server has not asked for it. */
export function waitsForContinue(request: IncomingMessage): boolean {
  return waiting.has(request);
}
