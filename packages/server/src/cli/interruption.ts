import { setTimeout as delay } from 'node:timers/promises';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The user has interrupted the command. */
export class Interrupted extends Error {
  /** The exit code of shells for SIGINT, for a command that did not finish its work. */
  exitCode = 130;
}

const interruption = new AbortController();
let isCaught = false;

/**
 * From the first call on, a signal or a closed output no longer ends the process; it aborts the returned signal. A
 * process that simply ended would leave the embedded server running. npm sends Ctrl-C twice, so a repeated signal must
 * not shorten the shutdown.
 */
export function catchInterruption(): AbortSignal {
  if (isCaught) return interruption.signal;
  isCaught = true;
  for (const signal of SIGNALS) process.on(signal, () => interruption.abort());
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      interruption.abort();
    });
  }
  return interruption.signal;
}

/**
 * Returns the result of `work`, or throws `Interrupted` if that comes first. Then the work continues alone, and fails
 * when its connections close.
 */
export async function unlessInterrupted<T>(work: Promise<T>): Promise<T> {
  const signal = catchInterruption();
  let give: () => void = () => undefined;
  const interrupted = new Promise<never>((_, reject) => {
    give = () => reject(new Interrupted());
    if (signal.aborted) give();
    else signal.addEventListener('abort', give, { once: true });
  });
  try {
    return await Promise.race([work, interrupted]);
  } finally {
    // A process that works for months would have ever more listeners.
    signal.removeEventListener('abort', give);
  }
}

/**
 * Calls `work` as soon as the user interrupts. The process may end right after, so `work` must not wait for anything.
 * Returns a function that cancels this.
 */
export function onInterruption(work: () => void): () => void {
  const signal = catchInterruption();
  signal.addEventListener('abort', work, { once: true });
  return () => signal.removeEventListener('abort', work);
}

/** Interrupted work has this long to finish and to remove incomplete files. */
const LONGEST_END_MS = 5_000;

/**
 * Returns the result of `work`, or throws `Interrupted` if that comes first. It waits until the work has ended; the
 * signal tells the work to end.
 */
export async function untilSettled<T>(work: Promise<T>): Promise<T> {
  try {
    return await unlessInterrupted(work);
  } catch (error) {
    await withinLastSeconds(work);
    throw error;
  }
}

/** Waits until `work` has ended, in whatever way, but for some seconds at most. */
export async function withinLastSeconds(work: Promise<unknown>, mostMs = LONGEST_END_MS): Promise<void> {
  const ended = work.then(
    () => undefined,
    () => undefined,
  );
  await Promise.race([ended, delay(mostMs, undefined, { ref: false })]);
}

/** For `catch`, in a command that an interruption ends normally. */
export function ignoreInterruptedError(error: unknown): never {
  if (error instanceof Interrupted) error.exitCode = 0;
  throw error;
}
