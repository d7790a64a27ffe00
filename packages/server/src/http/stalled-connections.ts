import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

/**
 * The timeout of the server ends connections whose client does not go on: it sends no more of a request, or reads no
 * more of an answer. Node would also end those whose client waits for an answer on which the server still works.
 */
export function endStalledConnections(app: FastifyInstance): void {
  const onTimeout = function (this: ServerResponse, socket: Socket): void {
    // Node does not begin the time again by itself.
    if (isServersTurn(this, socket)) socket.setTimeout(app.server.timeout);
    else socket.destroy();
  };
  app.addHook('onRequest', (_request, reply, done) => {
    reply.raw.on('timeout', onTimeout);
    done();
  });
}

/** Whether the whole request has arrived, and the client has taken all of the answer so far. */
function isServersTurn(answer: ServerResponse, socket: Socket): boolean {
  return answer.req.complete && answer.writableLength === 0 && socket.writableLength === 0;
}
