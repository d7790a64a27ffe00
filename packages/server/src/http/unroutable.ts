import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyBaseLogger, FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { HttpProblem, problemDocument, sendProblem } from './errors.ts';
import { answerAndClose } from './unread-body.ts';

/** Answers a request whose path cannot be decoded or matched. No hook runs for it. */
export function refusePath(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const status = error.statusCode ?? 400;
  request.log.info({ method: request.method, route: 'unknown', status }, 'answered');
  reply.header('correlationId', request.id);
  sendProblem(new HttpProblem(status, 'The path of the request cannot be read.'), request, reply);
}

const BROKEN: Record<string, HttpProblem> = {
  ERR_HTTP_REQUEST_TIMEOUT: new HttpProblem(408, 'The request did not arrive in time.'),
  HPE_HEADER_OVERFLOW: new HttpProblem(431, 'The headers of the request are too long.'),
};
const NOT_HTTP = new HttpProblem(400, 'The request is not HTTP.');

/** Answers bytes that are not a valid request, and ends the connection. The bytes are not logged. */
export function refuseConnection(log: FastifyBaseLogger, error: { code: string }, socket: Socket): void {
  // Once only: Node may report the remaining bytes while the answer is sent.
  if (error.code === 'ECONNRESET' || !socket.writable) return;
  // The client ended the connection before its request was complete. Thousands of answers to such clients would delay
  // others.
  if (error.code === 'HPE_INVALID_EOF_STATE') {
    socket.destroySoon();
    return;
  }
  const problem = BROKEN[error.code] ?? NOT_HTTP;
  const correlationId = randomUUID();
  log.info(
    { correlationId, code: error.code, status: problem.status },
    'answered bytes that are not a valid request',
  );
  const { contentType, body } = problemDocument(problem, correlationId);
  const text = JSON.stringify(body);
  const head = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
    `correlationId: ${correlationId}`,
    `content-type: ${contentType}`,
    `content-length: ${Buffer.byteLength(text)}`,
    'cache-control: no-store',
    'connection: close',
  ];
  answerAndClose(`${head.join('\r\n')}\r\n\r\n${text}`, socket);
}
