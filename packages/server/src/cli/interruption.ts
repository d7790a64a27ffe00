import { setTimeout as delay } from 'node:timers/promises';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The user wants the command to end. */
export class Interrupted extends Error {
  /** As shells have it for SIGINT, for a command that did not do what it was to do. */
  exitCode = 130;
}

const interruption = new AbortController();
let isCaught = false;

/**
 * From the first call on, a signal, or a reader of our output who goes away, no longer ends the process but aborts
 * what this gives: killed, the process would leave the embedded server behind. npm passes Ctrl-C on a second time:
 * a repeated signal must not cut the shutdown short.
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
 * What `work` gives, or `Interrupted` if that comes first. The work is then left to itself, to fail when its
 * connections are closed.
 */
export async function unlessInterrupted<T>(work: Promise<T>): Promise<T> {
  return Promise.race([work, interrupted()]);
}

/**
 * Calls `work` as soon as the user interrupts; the process may end right after, so `work` must not wait for anything. Gives a
 * function that takes this back.
 */
export function onInterruption(work: () => void): () => void {
  const signal = catchInterruption();
  signal.addEventListener('abort', work, { once: true });
  return () => signal.removeEventListener('abort', work);
}

/** Interrupted work gets so long to end what it has begun, and to take away what is not whole. */
const LONGEST_END_MS = 5_000;

/** What `work` gives, or `Interrupted` if that comes first: then after the work has ended, which the signal makes it do. */
export async function untilSettled<T>(work: Promise<T>): Promise<T> {
  try {
    return await unlessInterrupted(work);
  } catch (error) {
    const ended = work.catch(() => undefined);
    await Promise.race([ended, delay(LONGEST_END_MS, undefined, { ref: false })]);
    throw error;
  }
}

/** Rejects with `Interrupted` when that comes. */
function interrupted(): Promise<never> {
  const signal = catchInterruption();
  return new Promise((_, reject) => {
    const give = () => reject(new Interrupted());
    if (signal.aborted) give();
    else signal.addEventListener('abort', give, { once: true });
  });
}

/** For `catch`, where an interruption is how the command is meant to end. */
export function ignoreInterruptedError(error: unknown): never {
  if (error instanceof Interrupted) error.exitCode = 0;
  throw error;
}
