import type { Context } from './context.ts';
import { withinLastSeconds } from './interruption.ts';

/** Interrupted work has this long to end before the entry says how far it came. */
const LONGEST_WORK_MS = 2_000;

/**
 * Runs `work`, and `addEnd` after it: also if the work fails, and if the user interrupts the command. An entry of a failed work that
 * cannot be added does not hide why the work failed. A killed process adds none.
 */
export async function withEndEntry<T>(
  { onInterrupted }: Pick<Context, 'onInterrupted'>,
  work: () => Promise<T>,
  addEnd: (complete: boolean) => Promise<void>,
): Promise<T> {
  let added: Promise<void> | undefined;
  const end = (complete: boolean) => {
    added ??= addEnd(complete);
    return added;
  };
  const working = work();
  onInterrupted(async () => {
    await withinLastSeconds(working, LONGEST_WORK_MS);
    await end(false);
  });
  let result: T;
  try {
    result = await working;
  } catch (error) {
    await end(false).catch(() => undefined);
    throw error;
  }
  await end(true);
  return result;
}
