import type { FastifyInstance } from 'fastify';
import pg from 'pg';
import pino, { type Logger } from 'pino';

const EMAIL = /[^\s@"'<>(),;:=]+@[^\s@"'<>(),;:=]+/g;

/**
 * An error as it is logged. A database error's detail, where and query can hold rows, so only its class and
 * code are kept; other messages and stacks lose what looks like an e-mail address.
 */
export function serializeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { type: typeof error };
  const code = (error as NodeJS.ErrnoException).code;
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return {
    type: error.name,
    ...(code === undefined ? {} : { code }),
    ...(error instanceof pg.DatabaseError
      ? { table: error.table, constraint: error.constraint, routine: error.routine }
      : { message: error.message.replace(EMAIL, '[email]') }),
    stack: frames.join('\n').replace(EMAIL, '[email]'),
    ...(error.cause === undefined ? {} : { cause: serializeError(error.cause) }),
  };
}

/**
 * Lines are written together: a call of the system for each would take a tenth of what a login takes. Not more of them than
 * pipes take as one piece (PIPE_BUF): several workers may write to the same.
 */
const BUFFERED_BYTES = 3_500;
const PIPE_BUF_BYTES = 4_096;
const BUFFERED_MS = 100;

/**
 * The server's logger: JSON lines, on standard output unless said otherwise. There they come up to a tenth of a second late;
 * what still waits when the process ends is written then, unless it is killed.
 */
export function createLogger(
  level: string,
  destination: pino.DestinationStream = pino.destination({
    sync: false,
    minLength: BUFFERED_BYTES,
    maxWrite: PIPE_BUF_BYTES,
    periodicFlush: BUFFERED_MS,
  }),
): Logger {
  const options: pino.LoggerOptions = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { err: serializeError, error: serializeError, req: () => undefined, res: () => undefined },
  };
  return pino(options, destination);
}

/** One line per answer: the route's pattern, never the URL, whose query string may name people. */
export function logAnswers(app: FastifyInstance): void {
  app.addHook('onResponse', (request, reply, done) => {
    request.log.info(
      {
        method: request.method,
        route: request.routeOptions.url ?? 'unknown',
        status: reply.statusCode,
        durationMs: Math.round(reply.elapsedTime * 10) / 10,
        ...(request.caller ? { apiKey: request.caller.apiKey } : {}),
      },
      'answered',
    );
    done();
  });
}
