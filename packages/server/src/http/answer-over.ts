import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** The work to do when a connection closes. One listener serves all requests that a client sends on the connection. */
const atClose = new WeakMap<Socket, Set<() => void>>();

/**
 * Calls `work` once: when the answer was sent or its connection closed, or at once if that has happened already. The
 * `close` event of the answer is not enough. The client may have gone before a listener was set, and Node emits no
 * event for an answer that waits behind another one on its connection.
 */
export function whenOver({ socket }: IncomingMessage, answer: ServerResponse, work: () => void): void {
  if (answer.closed || socket.destroyed) {
    work();
    return;
  }
  const works = worksOf(socket);
  const end = () => {
    if (works.delete(end)) work();
  };
  works.add(end);
  answer.once('close', end);
}

/** Calls `work` once when the answer is over: true if all of it was handed to the system, false if its connection ended before. */
export function whenAnswered(
  request: IncomingMessage,
  answer: ServerResponse,
  work: (isWhole: boolean) => void,
): void {
  let isNoted = false;
  const note = (isWhole: boolean) => {
    if (!isNoted) work(isWhole);
    isNoted = true;
  };
  answer.once('finish', () => note(true));
  // The end of an answer may come in the same turn as that of its connection.
  whenOver(request, answer, () => setImmediate(note, false));
}

function worksOf(socket: Socket): Set<() => void> {
  const known = atClose.get(socket);
  if (known) return known;
  const works = new Set<() => void>();
  atClose.set(socket, works);
  socket.once('close', () => {
    for (const end of works) end();
  });
  return works;
}
