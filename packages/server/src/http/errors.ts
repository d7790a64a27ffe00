import { STATUS_CODES } from 'node:http';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { StoreUnavailableError, TenantBusyError } from '../store/connections/unavailable.ts';
import type { FailedLogin } from './failed-logins.ts';
import { holderOf } from './holder.ts';
import type { MetLimit } from './rates/met-limit.ts';
import { answerAndDrain, isArriving, waitsForContinue } from './unread-body.ts';

/** One thing wrong with the input: `path` is a JSON Pointer into the body, or the name of a parameter. */
export interface FieldError {
  path: string;
  message: string;
}

/** The rules by which the server refuses a caller whose credentials are right. The log of requests shows them. */
export const REFUSALS = ['role', 'network', 'offices'] as const;
export type AccessRefusal = (typeof REFUSALS)[number];

declare module 'fastify' {
  interface FastifyRequest {
    /** The rule that refused the request, if one did. */
    refusal: AccessRefusal | null;
    /** The limit because of which the server refused the request, if one was met. */
    metLimit: MetLimit | null;
  }
}

export interface ProblemOptions {
  errors?: FieldError[];
  headers?: Record<string, string>;
  /** For the log, so that an operator sees guessed credentials and clients with a wrong secret. */
  failedLogin?: FailedLogin;
  /** With a 403: the rule that refused. */
  refusal?: AccessRefusal;
  /** With a 429 or a 503: the limit that was met, for the metrics. */
  metLimit?: MetLimit;
  /** For the log only; the caller never sees it. */
  cause?: unknown;
}

/**
 * An answer other than success. `message` is for the caller: it says what to do, and nothing that helps an attacker.
 */
export class HttpProblem extends Error {
  readonly status: number;
  readonly errors: FieldError[] | undefined;
  readonly headers: Record<string, string>;
  readonly failedLogin: FailedLogin | undefined;
  readonly refusal: AccessRefusal | undefined;
  readonly metLimit: MetLimit | undefined;

  constructor(status: number, detail: string, options: ProblemOptions = {}) {
    super(detail, { cause: options.cause });
    this.name = 'HttpProblem';
    this.status = status;
    this.errors = options.errors;
    this.headers = options.headers ?? {};
    this.failedLogin = options.failedLogin;
    this.refusal = options.refusal;
    this.metLimit = options.metLimit;
  }
}

/** 400 for one member of a body. `fault` is the rest of a sentence, such as `must be in the future`. */
export function malformedMember(member: string, fault: string): HttpProblem {
  return new HttpProblem(400, `The request is malformed: /${member} ${fault}.`, {
    errors: [{ path: `/${member}`, message: fault }],
  });
}

/** An error's body on the wire. */
export interface ErrorBody {
  contentType: string;
  body: Record<string, unknown>;
}

/** How a route writes its errors: as problem documents, unless the contract defines another shape. */
export type ErrorFormat = (problem: HttpProblem, correlationId: string) => ErrorBody;

/** RFC 9457 problem document. `type` is `about:blank`, because the status says the kind of problem. */
export const problemDocument: ErrorFormat = (problem, correlationId) => ({
  contentType: 'application/problem+json',
  body: {
    type: 'about:blank',
    title: STATUS_CODES[problem.status] ?? 'Error',
    status: problem.status,
    detail: problem.message,
    correlationId,
    ...(problem.errors ? { errors: problem.errors } : {}),
  },
});

const RETRY_AFTER_S = 2;

/** 503: the caller may try again; the server recovers by itself. */
export function unavailable(cause?: unknown): HttpProblem {
  return new HttpProblem(503, 'The service is temporarily unavailable; nothing was lost, please try again.', {
    headers: { 'retry-after': String(RETRY_AFTER_S) },
    cause,
  });
}

/** 503 without an outage: other requests of the organisation use its share. */
function tenantBusy(): HttpProblem {
  return new HttpProblem(503, 'Too many requests of your organisation are in progress; please try again.', {
    metLimit: { limit: 'connections', of: 'share' },
    headers: { 'retry-after': String(RETRY_AFTER_S) },
  });
}

/** Converts any thrown value to the problem that the caller receives. */
export function toProblem(error: unknown): HttpProblem {
  if (error instanceof HttpProblem) return error;
  if (error instanceof TenantBusyError) return tenantBusy();
  if (error instanceof StoreUnavailableError) return unavailable(error);
  const { code, validation, validationContext, statusCode } = error as Partial<FastifyError>;
  if (validation) {
    const errors = onePerPath(validation.map((issue) => fieldError(issue, validationContext ?? 'body')));
    const [first] = errors;
    return new HttpProblem(400, `The request is malformed: ${first?.path || 'the body'} ${first?.message}.`, {
      errors,
    });
  }
  switch (code) {
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new HttpProblem(415, 'The content type must be application/json.');
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
      return malformedBody('The request body is empty; it must be a JSON object.');
    case 'FST_ERR_CTP_INVALID_JSON_BODY':
      return malformedBody('The request body is not JSON.');
  }
  if (statusCode === 400) return malformedBody('The request is malformed.', error);
  return new HttpProblem(
    500,
    'Something went wrong on our side; quote the correlationId when you report it.',
    {
      cause: error,
    },
  );
}

/** 413. */
export function tooLarge(): HttpProblem {
  return new HttpProblem(413, 'The request body is too large; send less per call.');
}

const BACKLOG_RETRY_AFTER_S = 1;

/** 503 for a caller whose share is used up. */
export function shareUsedUp(limit: 'requests in progress' | 'bytes in progress'): HttpProblem {
  return new HttpProblem(
    503,
    'Too many requests or bytes of yours are in progress; nothing of this request was stored, please try again.',
    { headers: { 'retry-after': String(BACKLOG_RETRY_AFTER_S) }, metLimit: { limit, of: 'share' } },
  );
}

/** 400 for a body that cannot be read. `detail` says to the caller what is wrong; `cause` is for the log only. */
export function malformedBody(detail: string, cause?: unknown): HttpProblem {
  return new HttpProblem(400, detail, { errors: [{ path: '', message: detail }], cause });
}

/**
 * An optional member may also be null, so a wrong type fails each alternative and their union. The first error is
 * enough.
 */
function onePerPath(errors: FieldError[]): FieldError[] {
  return errors.filter(({ path }, index) => errors.findIndex((error) => error.path === path) === index);
}

function fieldError(issue: NonNullable<FastifyError['validation']>[number], context: string): FieldError {
  const missing = issue.keyword === 'required' ? `/${String(issue.params.missingProperty)}` : '';
  const pointer = issue.instancePath + missing;
  const path = context === 'body' ? pointer : pointer.slice(1);
  return { path, message: missing ? 'is required' : (choicesOf(issue) ?? issue.message ?? 'is invalid') };
}

/** For an enum, lists the allowed values. */
function choicesOf({ keyword, params }: NonNullable<FastifyError['validation']>[number]): string | undefined {
  return keyword === 'enum' ? `must be one of ${(params.allowedValues as unknown[]).join(', ')}` : undefined;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Absent: problem documents. */
    errorFormat?: ErrorFormat;
  }
}

/**
 * The one error handler. It converts the error to a problem, logs the server's own faults, and answers in the route's
 * format.
 */
export function handleError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const problem = toProblem(error);
  // A problem without a cause was thrown on purpose. The line of the request in the log says everything.
  if (problem.status >= 500 && problem.cause !== undefined && !request.server.outages.note(problem.cause))
    request.log.error({ err: problem.cause }, problem.message);
  request.refusal = problem.refusal ?? null;
  request.metLimit = problem.metLimit ?? null;
  if (problem.failedLogin) {
    request.server.failedLogins.note(problem.failedLogin, request);
    request.server.audit.noteFailedLogin(problem.failedLogin, request);
  }
  if (problem.status === 403) request.server.audit.noteRefusal(request, problem.refusal ?? null);
  return sendProblem(problem, request, reply);
}

/**
 * Answers with a problem, in the error format of the route unless another is given. The client may still be sending its
 * body.
 */
export function sendProblem(
  problem: HttpProblem,
  request: FastifyRequest,
  reply: FastifyReply,
  format = request.routeOptions.config?.errorFormat ?? problemDocument,
): FastifyReply {
  const { contentType, body } = format(problem, request.id);
  const text = JSON.stringify(body);
  reply
    .code(problem.status)
    .headers(problem.headers)
    .header('cache-control', 'no-store')
    .header('content-length', String(Buffer.byteLength(text)))
    .type(contentType);
  // After a 408 the server does not wait for the client.
  if (!isArriving(request.raw) || problem.status === 408) return reply.serializer(String).send(text);
  if (waitsForContinue(request.raw)) reply.header('connection', 'close');
  return reply.send(answerAndDrain(text, request.raw, holderOf(request)));
}
