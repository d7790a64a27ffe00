/** Details of a failure. */
export interface ErrorDetails {
  /** HTTP status of the answer. Absent if there was no answer. */
  status?: number | undefined;
  /** The id of the call, by which you find it in the server's logs. */
  correlationId?: string | undefined;
  /** For a `ValidationError`: the invalid members of the request. */
  errors?: FieldError[] | undefined;
  /** How long the server asked the client to wait, in milliseconds. */
  retryAfterMs?: number | undefined;
  /** The error that caused this one, if there was one. */
  cause?: unknown;
}

/** One invalid member of a request. */
export interface FieldError {
  /** A JSON pointer into the body, or the name of a parameter. */
  path: string;
  /** The reason, as a sentence. */
  message: string;
}

/**
 * The base class of all errors of a call. A failed call throws one of the classes below; an answer with an
 * unexpected status below 400 is a plain `RollcallError`. An aborted call throws the reason of its signal, by
 * default an `AbortError`. The client throws only after all retries that may help.
 */
export class RollcallError extends Error {
  /** HTTP status of the answer. Absent if there was no answer. */
  readonly status?: number | undefined;
  /** The id of the call, by which you find it in the server's logs. */
  readonly correlationId?: string | undefined;
  /** The message of the server or of the connection, without status and correlation id. */
  readonly detail: string;
  /** How long the server asked the client to wait, in milliseconds. Absent if the server did not ask. */
  readonly retryAfterMs?: number | undefined;

  constructor(detail: string, { status, correlationId, retryAfterMs, cause }: ErrorDetails = {}) {
    const about = [status, correlationId && `correlation id ${correlationId}`].filter(Boolean).join(', ');
    super(about ? `${detail} (${about})` : detail, cause === undefined ? undefined : { cause });
    this.detail = detail;
    this.status = status;
    this.correlationId = correlationId;
    this.retryAfterMs = retryAfterMs;
  }
  // A getter returns the same name after minification; the name of a class may change.
  override get name(): string {
    return 'RollcallError';
  }
}

/**
 * 401, or the client has no way to authenticate. Change the key, the secret or the type of authentication.
 */
export class AuthenticationError extends RollcallError {
  override get name(): string {
    return 'AuthenticationError';
  }
}

/** 403: the key is valid, but its role does not allow the call. */
export class PermissionError extends RollcallError {
  override get name(): string {
    return 'PermissionError';
  }
}

/** 400, 413, 415, 422 and other 4xx: the request is invalid. The server stored nothing of it. */
export class ValidationError extends RollcallError {
  /** The invalid members of the request. Empty if the server does not name any. */
  readonly errors: readonly FieldError[];

  constructor(detail: string, details: ErrorDetails = {}) {
    super(detail, details);
    this.errors = details.errors ?? [];
  }
  override get name(): string {
    return 'ValidationError';
  }
}

/** 404: the id does not exist, or the server does not have this endpoint. */
export class NotFoundError extends RollcallError {
  override get name(): string {
    return 'NotFoundError';
  }
}

/**
 * 409, 412: the request conflicts with the current state. For example, a desk is taken, a day is past, or a
 * name is in use.
 */
export class ConflictError extends RollcallError {
  override get name(): string {
    return 'ConflictError';
  }
}

/**
 * 410: the server cannot tell what has changed since a cursor. Its database was restored or moved, or the
 * cursor is too old. Load all rows, and continue from their cursor.
 */
export class GoneError extends RollcallError {
  override get name(): string {
    return 'GoneError';
  }
}

/** The server ignored a parameter that it does not support, such as `changedSince` on the vendor's server. */
export class UnsupportedError extends RollcallError {
  override get name(): string {
    return 'UnsupportedError';
  }
}

/** 429 after all retries: there are too many calls. */
export class RateLimitError extends RollcallError {
  override get name(): string {
    return 'RateLimitError';
  }
}

/** 5xx: the server cannot answer now. The client retries after 502, 503 and 504 only. */
export class UnavailableError extends RollcallError {
  override get name(): string {
    return 'UnavailableError';
  }
}

/** The server did not answer within `timeoutMs`, after all retries. */
export class TimeoutError extends RollcallError {
  override get name(): string {
    return 'TimeoutError';
  }
}

/**
 * The client did not reach the server, or the connection broke, after all retries. `cause` is the error of
 * `fetch`.
 */
export class NetworkError extends RollcallError {
  override get name(): string {
    return 'NetworkError';
  }
}

/**
 * An answer is incomplete, or has the wrong form. Rows that the client read before are correct, but not all
 * rows.
 */
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

/**
 * Makes the error for an answer with an error status. Reads problem documents and the error bodies of both
 * logins.
 */
export function errorOf(status: number, body: string, details: ErrorDetails): RollcallError {
  let said: Record<string, unknown> = {};
  try {
    said = Object(JSON.parse(body));
  } catch {
    // Proxies answer with HTML pages.
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
