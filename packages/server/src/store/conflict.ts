import pg from 'pg';
import { StoreUnavailableError } from './unavailable.ts';

const CONFLICT = new Set(['23505', '40001', '40P01']);

/**
 * Whether `error` means that another transaction wrote the same thing first (a unique violation, a
 * serialization failure or a deadlock), so that the same work can succeed after fresh look-ups.
 */
export function isWriteConflict(error: unknown): boolean {
  const cause = error instanceof StoreUnavailableError ? error.cause : error;
  return cause instanceof pg.DatabaseError && CONFLICT.has(cause.code ?? '');
}
