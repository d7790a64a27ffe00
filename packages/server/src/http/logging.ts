import cluster from 'node:cluster';
import { fstatSync } from 'node:fs';
import type { FastifyBaseLogger, FastifyInstance, FastifyRequest } from 'fastify';
import pg from 'pg';
import pino, { type Bindings, type ChildLoggerOptions, type LevelWithSilent, type Logger } from 'pino';
import { StoreUnavailableError } from '../store/connections/unavailable.ts';
import type { FailedLogin } from './failed-logins.ts';
import type { Monitor } from './monitoring/monitor.ts';
import type { RequestRecord } from './request-record.ts';

const EMAIL = /[^\s@"'<>(),;:=]+@[^\s@"'<>(),;:=]+/g;

/**
 * An error for the log. The detail, where and query of a database error can contain rows, so the log keeps its class
 * and code only. Other messages and stacks lose everything that looks like an e-mail address.
 */
export function serializeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { type: typeof error };
  // If the database is unreachable, the stack shows only the caller.
  if (error instanceof StoreUnavailableError) return { type: error.name, ...reasonOf(error.cause) };
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

/** Why the database is unreachable, in a few words. */
function reasonOf(cause: unknown): Record<string, unknown> {
  const { stack: _, ...reason } = serializeError(cause);
  return { cause: reason };
}

/** The logger writes lines together. A system call for each line would cost a tenth of a login. */
const BUFFERED_BYTES = 16_000;
const WRITE_BYTES = 16_384;
/** If several processes write to one pipe, a write has at most the size that a pipe writes in one piece (PIPE_BUF). */
const SHARED_BUFFERED_BYTES = 3_500;
const PIPE_BUF_BYTES = 4_096;
const BUFFERED_MS = 100;
/** How lines for a file are collected. A file takes a write of any size in one piece. */
export const BUFFERING = { minLength: BUFFERED_BYTES, periodicFlush: BUFFERED_MS };

/** The standard output of the process. */
export function standardOutput(): pino.DestinationStream {
  const isShared = cluster.isWorker || Object.keys(cluster.workers ?? {}).length > 0;
  const sharesPipe = isShared && !fstatSync(process.stdout.fd).isFile();
  return pino.destination({
    sync: false,
    minLength: sharesPipe ? SHARED_BUFFERED_BYTES : BUFFERED_BYTES,
    maxWrite: sharesPipe ? PIPE_BUF_BYTES : WRITE_BYTES,
    periodicFlush: BUFFERED_MS,
  });
}

let timeMemberMs = 0;
let timeMemberText = '';

/** The `time` of a line, formatted once for all lines of a millisecond. */
function timeMember(): string {
  const nowMs = Date.now();
  if (nowMs !== timeMemberMs) {
    timeMemberMs = nowMs;
    timeMemberText = `,"time":"${new Date(nowMs).toISOString()}"`;
  }
  return timeMemberText;
}

/**
 * The server's logger. It writes JSON lines, by default to standard output, up to a tenth of a second late. Lines that
 * still wait when the process ends are written then, unless the process is killed.
 */
export function createLogger(level: string, destination: pino.DestinationStream = standardOutput()): Logger {
  const options: pino.LoggerOptions = {
    level,
    base: null,
    timestamp: timeMember,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { err: serializeError, error: serializeError, req: () => undefined, res: () => undefined },
  };
  return pino(options, destination);
}

/**
 * The logger of a request. Its lines contain the correlation id. Most requests write no line here, because
 * `logAnswers` uses the server's logger. So the first line creates the child logger.
 */
export class RequestLog implements FastifyBaseLogger {
  readonly #logger: FastifyBaseLogger;
  readonly #bindings: Bindings;
  #child: FastifyBaseLogger | undefined;

  constructor(logger: FastifyBaseLogger, bindings: Bindings) {
    this.#logger = logger;
    this.#bindings = bindings;
  }

  get level(): string {
    return this.#logger.level;
  }

  child(bindings: Bindings, options?: ChildLoggerOptions): FastifyBaseLogger {
    return this.#lines.child(bindings, options);
  }

  fatal(...line: unknown[]): void {
    this.#write('fatal', line);
  }

  error(...line: unknown[]): void {
    this.#write('error', line);
  }

  warn(...line: unknown[]): void {
    this.#write('warn', line);
  }

  info(...line: unknown[]): void {
    this.#write('info', line);
  }

  debug(...line: unknown[]): void {
    this.#write('debug', line);
  }

  trace(...line: unknown[]): void {
    this.#write('trace', line);
  }

  silent(...line: unknown[]): void {
    this.#write('silent', line);
  }

  #write(level: LevelWithSilent, line: unknown[]): void {
    this.#lines[level as 'info'](...(line as [string]));
  }

  get #lines(): FastifyBaseLogger {
    this.#child ??= this.#logger.child(this.#bindings);
    return this.#child;
  }
}

/** The number of a header with a length; null if there is none, or if it is no length that a body can have. */
function bytesOf(length: unknown): number | null {
  const bytes = Number(length);
  return Number.isSafeInteger(bytes) ? bytes : null;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Orchestrators call the route all the time, so its answers are logged at the level debug. */
    isProbe?: boolean;
  }
  interface FastifyRequest {
    /** Set where a request proves a key or an account, and gets a token or a session for it. */
    provenLogin: ProvenLogin | null;
  }
}

/** A login or a sign-in that succeeded. */
export interface ProvenLogin {
  by: FailedLogin['by'];
  apiKey?: string;
  accountId?: string;
}

/** An account stands in the log by its id, because its name is an e-mail address. */
export function callerFields(caller: NonNullable<FastifyRequest['caller']>): Record<string, string> {
  return caller.kind === 'account' ? { accountId: caller.accountId } : { apiKey: caller.name };
}

/** Who asked. A login has no caller, because its route is public. */
function askerFields({ caller, session, provenLogin, ip }: FastifyRequest): object {
  if (provenLogin) return { ...provenLogin, address: ip };
  if (caller) return callerFields(caller);
  return session ? { accountId: session.accountId } : {};
}

/**
 * Writes one line per answer, with the pattern of the route, and notes the answer in `record` and `monitor`. The URL is not logged,
 * because its query string may name people. Register it first: the duration of an answer counts from there.
 */
export function logAnswers(
  app: FastifyInstance,
  logger: FastifyBaseLogger,
  { record, monitor }: { record: RequestRecord; monitor?: Pick<Monitor, 'noteAnswer'> | undefined },
): void {
  app.decorateRequest('refusal', null);
  app.decorateRequest('metLimit', null);
  app.decorateRequest('traceId', null);
  app.decorateRequest('provenLogin', null);
  app.addHook('onRequest', (request, reply, done) => {
    const sinceMs = performance.now();
    // One listener for all answers. A hook of Fastify would cost more than the line.
    reply.raw.once('finish', () => {
      const { caller, refusal, metLimit, traceId } = request;
      // Probes come every few seconds, and the caller knows the result.
      const level = request.route.config?.isProbe ? 'debug' : 'info';
      const answered = {
        correlationId: request.id,
        method: request.method,
        route: request.route.url ?? 'unknown',
        status: reply.raw.statusCode,
        durationMs: Math.round((performance.now() - sinceMs) * 10) / 10,
      };
      const more = { ...(traceId && { traceId }), ...(refusal && { refusal }), ...askerFields(request) };
      logger[level]({ ...answered, ...more }, 'answered');
      monitor?.noteAnswer(answered, { refusal, metLimit });
      if (!caller) return;
      const name = caller.kind === 'account' ? null : caller.nameFolded;
      record.note({ ...answered, tenantId: caller.tenantId, caller: name, refusal }, () => ({
        requestBytes: bytesOf(request.headers['content-length']),
        responseBytes: bytesOf(reply.getHeader('content-length')),
      }));
    });
    done();
  });
}
