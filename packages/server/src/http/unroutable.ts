import { randomUUID } from 'node:crypto';
import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { FastifyBaseLogger, FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type ErrorFormat, HttpProblem, problemDocument, sendProblem } from './errors.ts';
import { securityHeaders } from './security-headers.ts';
import { answerAndClose } from './unread-body.ts';

/**
 * Answers a request whose path cannot be decoded or matched. No hook runs for it, and it has no route: the format of the
 * error follows from its URL. Fastify's request knows no trusted proxy here, so only the server's own TLS counts.
 */
export function refusePath(formatOf: (url: string) => ErrorFormat) {
  return (error: FastifyError, request: FastifyRequest, reply: FastifyReply): void => {
    const status = error.statusCode ?? 400;
    request.log.info({ method: request.method, route: 'unknown', status }, 'answered');
    reply.headers(securityHeaders(request.protocol)).header('correlationId', request.id);
    const problem = new HttpProblem(status, 'The path of the request cannot be read.');
    sendProblem(problem, request, reply, formatOf(request.url));
  };
}

const BROKEN: Record<string, HttpProblem> = {
  ERR_HTTP_REQUEST_TIMEOUT: new HttpProblem(408, 'The request did not arrive in time.'),
  HPE_HEADER_OVERFLOW: new HttpProblem(431, 'The headers of the request are too long.'),
  HPE_CHUNK_EXTENSIONS_OVERFLOW: new HttpProblem(413, 'The extensions of a chunk are too long.'),
};
const NOT_HTTP = new HttpProblem(400, 'The request is not HTTP.');
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
const NO_PROXY = new HttpProblem(405, 'The server is no proxy: it takes no CONNECT.', {
  headers: { allow: METHODS.join(', ') },
});

/** The answer to the last request of a connection. */
const lastAnswers = new WeakMap<object, ServerResponse>();
/** Node may report the remaining bytes of a connection that is refused already. */
const refused = new WeakSet<Socket>();

/** Notes the last answer of each connection, and refuses CONNECT, which Node would leave without an answer. */
export function refuseConnections(app: FastifyInstance, log: FastifyBaseLogger): void {
  app.addHook('onRequest', (request, reply, done) => {
    lastAnswers.set(request.raw.socket, reply.raw);
    done();
  });
  app.server.on('connect', (_request, socket: Socket) => {
    socket.on('error', () => undefined);
    refuse(log, { problem: NO_PROXY, code: 'CONNECT' }, socket);
  });
}

/** Answers bytes that are not a valid request, and ends the connection. The bytes are not logged. */
export function refuseConnection(log: FastifyBaseLogger, error: { code: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return;
  // The client ended the connection before its request was complete. Thousands of answers to such clients would delay
  // others.
  if (error.code === 'HPE_INVALID_EOF_STATE') {
    socket.destroySoon();
    return;
  }
  refuse(log, { problem: BROKEN[error.code] ?? NOT_HTTP, code: error.code }, socket);
}

interface Refusal {
  problem: HttpProblem;
  /** For the log. */
  code: string;
}

function refuse(log: FastifyBaseLogger, refusal: Refusal, socket: Socket): void {
  if (refused.has(socket)) return;
  refused.add(socket);
  const before = lastAnswers.get(socket);
  if (!before || before.writableFinished) answer(log, refusal, socket);
  // RFC 9112 section 9.3.2: answers have the order of their requests. A client would take this one for that of a request
  // before it.
  else if (before.req.complete) before.once('close', () => socket.writable && answer(log, refusal, socket));
  // The message that is refused has an answer already.
  else if (before.headersSent) answerAndClose('', socket);
  else answer(log, refusal, socket);
}

function answer(log: FastifyBaseLogger, { problem, code }: Refusal, socket: Socket): void {
  const correlationId = randomUUID();
  log.info({ correlationId, code, status: problem.status }, 'answered bytes that are not a valid request');
  const { contentType, body } = problemDocument(problem, correlationId);
  const text = JSON.stringify(body);
  const fields = {
    ...securityHeaders(socket instanceof TLSSocket ? 'https' : 'http'),
    correlationId,
    'content-type': contentType,
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    ...problem.headers,
    connection: 'close',
  };
  const head = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
    ...Object.entries(fields).map(([name, value]) => `${name}: ${value}`),
  ];
  answerAndClose(`${head.join('\r\n')}\r\n\r\n${text}`, socket);
}

/** 404 for a path that the server does not have; 405 for one that it has for other methods. */
export function unknownPath(
  app: FastifyInstance,
  { method, url }: Pick<FastifyRequest, 'method' | 'url'>,
): HttpProblem {
  const path = url.split('?', 1)[0] ?? '/';
  const allowed = METHODS.filter((candidate) => app.findRoute({ method: candidate, url: path }) !== null);
  // The wildcard path of /docs takes GET, even if the file is missing.
  return allowed.length === 0 || allowed.some((candidate) => candidate === method)
    ? new HttpProblem(404, 'There is nothing at this path; /docs lists the paths.')
    : new HttpProblem(405, `This path takes ${allowed.join(', ')}, not ${method}.`, {
        headers: { allow: allowed.join(', ') },
      });
}
