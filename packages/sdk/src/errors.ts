/** What is known about a failure. */
export interface ErrorDetails {
  /** HTTP status of the answer; absent where there was none. */
  status?: number | undefined;
  /** Finds the call in the server's logs. */
  correlationId?: string | undefined;
  /** Of a `ValidationError`: what is wrong, and where. */
  errors?: FieldError[] | undefined;
  /** How long the server asked to be left alone, in milliseconds. */
  retryAfterMs?: number | undefined;
  /** What was thrown below, where anything was. */
  cause?: unknown;
}

/** One wrong member of a request. */
export interface FieldError {
  /** JSON pointer into the body, or the name of a parameter. */
  path: string;
  /** What is wrong with it, as a sentence. */
  message: string;
}

/**
 * Every failure of a call is one of the classes below, save that an aborted call throws its signal's reason (an
 * `AbortError` unless another was given). Calls that might succeed when they are repeated have been repeated by then.
 */
export class RollcallError extends Error {
  /** HTTP status of the answer; absent where there was none. */
  readonly status?: number | undefined;
  /** Of the call; finds it in the server's logs. */
  readonly correlationId?: string | undefined;
  /** What the server, or the connection, says is wrong, without more. */
  readonly detail: string;
  /** How long the server asked to be left alone, in milliseconds; absent where it did not. */
  readonly retryAfterMs?: number | undefined;

  constructor(detail: string, { status, correlationId, retryAfterMs, cause }: ErrorDetails = {}) {
    const about = [status, correlationId && `correlation id ${correlationId}`].filter(Boolean).join(', ');
    super(about ? `${detail} (${about})` : detail, cause === undefined ? undefined : { cause });
    this.detail = detail;
    this.status = status;
    this.correlationId = correlationId;
    this.retryAfterMs = retryAfterMs;
  }
  // A getter, so that names survive minifiers.
  override get name(): string {
    return 'RollcallError';
  }
}

/** 401, or no way to authenticate: the key, the secret or the type of authentication has to be changed. */
export class AuthenticationError extends RollcallError {
  override get name(): string {
    return 'AuthenticationError';
  }
}

/** 403: the key is right, and may not do this. */
export class PermissionError extends RollcallError {
  override get name(): string {
    return 'PermissionError';
  }
}

/** 400, 413, 415, 422: the request is wrong, and nothing of it was stored. */
export class ValidationError extends RollcallError {
  /** What is wrong, and where; empty where the server does not say. */
  readonly errors: readonly FieldError[];

  constructor(detail: string, details: ErrorDetails = {}) {
    super(detail, details);
    this.errors = details.errors ?? [];
  }
  override get name(): string {
    return 'ValidationError';
  }
}

/** 404: no such thing, or a server without this endpoint. */
export class NotFoundError extends RollcallError {
  override get name(): string {
    return 'NotFoundError';
  }
}

/** 409, 412: not as things are now: a desk is taken, a day is past, a name is in use. */
export class ConflictError extends RollcallError {
  override get name(): string {
    return 'ConflictError';
  }
}

/** 410: the server cannot tell what has changed since a cursor: its database was restored or moved, or the cursor is too old. Start anew: load all rows, and go on from their cursor. */
export class GoneError extends RollcallError {
  override get name(): string {
    return 'GoneError';
  }
}

/** The server gave something else than was asked for, since it does not have it: `changedSince`, on the vendor's own. */
export class UnsupportedError extends RollcallError {
  override get name(): string {
    return 'UnsupportedError';
  }
}

/** 429, still, after all retries: there are too many calls. */
export class RateLimitError extends RollcallError {
  override get name(): string {
    return 'RateLimitError';
  }
}

/** 5xx, and for 502, 503 and 504 still, after all retries: the server cannot answer now. */
export class UnavailableError extends RollcallError {
  override get name(): string {
    return 'UnavailableError';
  }
}

/** No answer within `timeoutMs`, after all retries. */
export class TimeoutError extends RollcallError {
  override get name(): string {
    return 'TimeoutError';
  }
}

/** The server was not reached, or the connection broke, after all retries. `cause` is what `fetch` threw. */
export class NetworkError extends RollcallError {
  override get name(): string {
    return 'NetworkError';
  }
}

/** An answer that is not whole, or not what was asked for. Rows read before it are right, and not all there are. */
export class TransferError extends RollcallError {
  override get name(): string {
    return 'TransferError';
  }
}

type ErrorClass = new (detail: string, details: ErrorDetails) => RollcallError;

const CLASSES: Record<number, ErrorClass> = {
  401: AuthenticationError,
  403: PermissionError,
  404: NotFoundError,
  409: ConflictError,
  410: GoneError,
  412: ConflictError,
  429: RateLimitError,
};

/** The error that an answer with a failing status is. Reads problem documents, and the bodies of both logins. */
export function errorOf(status: number, body: string, details: ErrorDetails): RollcallError {
  let said: Record<string, unknown> = {};
  try {
    said = Object(JSON.parse(body));
  } catch {
    // Proxies answer pages.
  }
  const text = [said.detail, said.message, said.error_description, said.error].find(
    (each) => typeof each === 'string',
  );
  const own =
    CLASSES[status] ?? (status >= 500 ? UnavailableError : status >= 400 ? ValidationError : RollcallError);
  return new own((text as string | undefined) ?? `The server answered ${status}.`, {
    ...details,
    status,
    errors: Array.isArray(said.errors) ? said.errors : undefined,
  });
}
