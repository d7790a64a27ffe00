import { Interrupted } from '../interruption.ts';
import { isOperatorError } from '../operator-errors.ts';

/**
 * - `fine`: nothing to do.
 * - `advice`: it works, and something would be better.
 * - `mend`: it does not work, or soon will not.
 * - `unknown`: it cannot be checked here.
 */
export type State = 'fine' | 'advice' | 'mend' | 'unknown';

/** The result of one check. */
export interface Finding {
  check: string;
  state: State;
  /** What was found, in a sentence. */
  found: string;
  /** What to do, in a sentence; null if there is nothing to do. */
  remedy: string | null;
}

export const fine = (check: string, found: string): Finding => ({
  check,
  state: 'fine',
  found,
  remedy: null,
});
export const advice = (check: string, found: string, remedy: string): Finding => ({
  check,
  state: 'advice',
  found,
  remedy,
});
export const mend = (check: string, found: string, remedy: string): Finding => ({
  check,
  state: 'mend',
  found,
  remedy,
});
export const unknown = (check: string, found: string, remedy: string | null = null): Finding => ({
  check,
  state: 'unknown',
  found,
  remedy,
});

/** Runs a check. One that fails is a finding, so that the others still run. */
export async function finding(check: string, look: () => Promise<Finding>): Promise<Finding> {
  try {
    return await look();
  } catch (error) {
    if (error instanceof Interrupted) throw error;
    const { message, code } = error as NodeJS.ErrnoException;
    return mend(
      check,
      isOperatorError(error) ? message : `The check failed: ${message || code}.`,
      'Do what the message says.',
    );
  }
}

/** A number of bytes for people. */
export function formatBytes(bytes: number): string {
  const gibibytes = bytes / 2 ** 30;
  return gibibytes >= 1 ? `${gibibytes.toFixed(1)} GiB` : `${Math.round(bytes / 2 ** 20)} MiB`;
}
