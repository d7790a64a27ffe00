import { unlessAborted } from './deadline.ts';
import { TransferError } from './errors.ts';
import type { CallOptions } from './options.ts';
import { newCorrelationId, readJson, type Transport } from './request.ts';

/** What may be submitted: any number, also from a stream. */
export type Many<T> = Iterable<T> | AsyncIterable<T>;

/** What every `submit` takes last. */
export interface SubmitOptions extends CallOptions {
  /** Calls in flight at once; by default 4. What has an order is always sent one call after the other. */
  concurrency?: number | undefined;
  /** Called after each batch that is answered. */
  onProgress?: ((progress: Progress) => void) | undefined;
}

/** What `submit` of presence, occupancy and visitors takes last. */
export interface EventSubmitOptions extends SubmitOptions {
  /**
   * Asks the server to tell new events from those that it had already: each stored result then has `isNew`. Only Rollcall
   * tells it; on other servers `isNew` stays undefined. An event whose first answer was lost on the way counts as not new.
   */
  tellNew?: boolean | undefined;
}

/** How far a submission has come. */
export interface Progress {
  /** How many were answered so far. */
  done: number;
  /** How many of them were refused. */
  refused: number;
}

/** One that was not accepted. `result` says why. */
export interface Refused<T, R> {
  /** Its place in what was submitted, from 0. */
  index: number;
  /** As it was submitted. */
  item: T;
  /** The server's answer to it. */
  result: R;
}

/** What became of everything that was submitted. */
export interface Submitted<T, R> {
  /** One for each that was submitted, in that order. */
  results: R[];
  /** Those that were not accepted, in the same order. */
  refused: Refused<T, R>[];
}

/** How a kind of thing is submitted. */
export interface Batching<T, R> {
  method: 'POST';
  path: string;
  /** How many go into a call. */
  size: number;
  /** Whether the next call has to wait for the last one. */
  inOrder: boolean;
  bodyOf(items: T[]): unknown;
  resultsOf(reply: unknown): R[];
  isRefused(result: R): boolean;
}

/**
 * Sends everything in batches, several at a time. Results keep the order of `items`. A call that fails for good ends the whole:
 * what was sent by then is stored, and to submit it all again is harmless.
 */
export async function submitAll<T, R>(
  transport: Transport,
  batching: Batching<T, R>,
  items: Many<T>,
  options: EventSubmitOptions = {},
): Promise<Submitted<T, R>> {
  const { concurrency = 4, onProgress } = options;
  const correlationId = options.correlationId ?? newCorrelationId();
  const stop = new AbortController();
  const onAbort = () => stop.abort(options.signal?.reason);
  options.signal?.addEventListener('abort', onAbort);
  const batches = inBatches(items, batching.size);
  const answered: { batch: T[]; results: R[] }[] = [];
  const progress = { done: 0, refused: 0 };
  let count = 0;

  const work = async (): Promise<void> => {
    for (;;) {
      const next = await unlessAborted(batches.next(), stop.signal);
      if (next.done) return;
      const index = count++;
      const batch = next.value;
      const { method, path } = batching;
      const headers = options.tellNew ? { Prefer: 'tell-new' } : {};
      const request = { method, path, headers, body: batching.bodyOf(batch) };
      const results = await transport.exchange(
        request,
        { ...options, correlationId, signal: stop.signal },
        async (answer) => {
          const found = batching.resultsOf(await readJson(answer));
          if (found.length === batch.length) return found;
          throw new TransferError(`${batch.length} were sent, and ${found.length} answered.`, {
            correlationId: answer.correlationId,
          });
        },
      );
      answered[index] = { batch, results };
      progress.done += batch.length;
      progress.refused += results.filter(batching.isRefused).length;
      onProgress?.({ ...progress });
    }
  };

  try {
    options.signal?.throwIfAborted();
    const workers = batching.inOrder ? 1 : Math.max(1, concurrency);
    await Promise.all(Array.from({ length: workers }, work));
  } catch (error) {
    stop.abort(error);
    // Gives the source back; one that never answers is not waited for.
    batches.return(undefined).catch(() => undefined);
    throw error;
  } finally {
    options.signal?.removeEventListener('abort', onAbort);
  }
  return gather(answered, batching);
}

function gather<T, R>(
  answered: { batch: T[]; results: R[] }[],
  { isRefused }: Batching<T, R>,
): Submitted<T, R> {
  const submitted: Submitted<T, R> = { results: [], refused: [] };
  for (const { batch, results } of answered)
    results.forEach((result, place) => {
      if (isRefused(result))
        submitted.refused.push({ index: submitted.results.length, item: batch[place] as T, result });
      submitted.results.push(result);
    });
  return submitted;
}

async function* inBatches<T>(items: Many<T>, size: number): AsyncGenerator<T[], undefined> {
  let batch: T[] = [];
  for await (const item of items) {
    batch.push(item);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
  return undefined;
}
