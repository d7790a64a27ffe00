import pg from 'pg';

/** The database cannot be reached, or stopped answering during a transaction. The caller may try again. */
export class StoreUnavailableError extends Error {
  constructor(cause: unknown, message = 'The database does not answer.') {
    super(message, { cause });
    this.name = 'StoreUnavailableError';
  }
}

/** No host of a database URL is what its `target_session_attrs` asks for. The caller may try again. */
export class NoUsableHostError extends StoreUnavailableError {
  /** `faults` says of each host what is wrong with it. */
  constructor(wanted: string, faults: readonly string[]) {
    super(undefined, `No host of the database URL is ${wanted}: ${faults.join('; ')}.`);
    this.name = 'NoUsableHostError';
  }
}

/** The database answers, but an organisation already runs as many transactions as it may. The caller may try again. */
export class TenantBusyError extends StoreUnavailableError {
  constructor(message: string) {
    super(undefined, message);
    this.name = 'TenantBusyError';
  }
}

/**
 * SQLSTATE classes and codes of a server that is stopping, stopped, starting, full or too busy. A statement that was
 * cancelled at its timeout, or that lost to a concurrent one, may succeed the next time.
 */
const UNAVAILABLE_SQLSTATE = /^(08...|53...|57P0[1-5]|57014|40001|40P01|55P03|25006)$/;
const NODE_NETWORK_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ENOENT',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);

/**
 * Whether `error` means that the database was unavailable, rather than that the statement was wrong. node-postgres
 * reports a connection that is lost during a query as a plain Error without a code.
 */
export function isUnavailable(error: unknown): boolean {
  if (error instanceof StoreUnavailableError) return true;
  if (error instanceof pg.DatabaseError) return UNAVAILABLE_SQLSTATE.test(error.code ?? '');
  if (!(error instanceof Error)) return false;
  const code = (error as NodeJS.ErrnoException).code;
  if (code !== undefined && NODE_NETWORK_CODES.has(code)) return true;
  return /^(Connection terminated|Client has encountered a connection error|timeout exceeded when trying to connect|Query read timeout|Client was closed)/.test(
    error.message,
  );
}

/** A server that only reads: a standby, as a primary is after a failover. */
const READ_ONLY = '25006';

/**
 * Whether the connection of `error` is of no use any more: it broke, or it leads to a server that only reads. After any
 * other error that the server reports, the connection is still usable.
 */
export function endsConnection(error: unknown): boolean {
  if (error instanceof pg.DatabaseError) return error.code === READ_ONLY;
  return isUnavailable(error);
}
