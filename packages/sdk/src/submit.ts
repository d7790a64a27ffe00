import { unlessAborted } from './deadline.ts';
import { TransferError } from './errors.ts';
import type { CallOptions } from './options.ts';
import { newCorrelationId, readJson, type Transport } from './request.ts';

/** Any number of items: an array, a generator or a stream. */
export type Many<T> = Iterable<T> | AsyncIterable<T>;

/** Options that every `submit` takes as its last argument. */
export interface SubmitOptions extends CallOptions {
  /**
   * The number of requests in flight at once. Default: 4. Items that apply in order go one request after the
   * other.
   */
  concurrency?: number | undefined;
  /** The client calls this function after the answer to each batch. */
  onProgress?: ((progress: Progress) => void) | undefined;
}

/** Options of `submit` of presence, occupancy and visitors. */
export interface EventSubmitOptions extends SubmitOptions {
  /**
   * Asks the server which events are new. Each result of a stored event then has `isNew`. Only Rollcall
   * supports this; on other servers `isNew` is undefined. If the connection lost the first answer to an
   * event, the event counts as not new.
   */
  tellNew?: boolean | undefined;
}

/** The progress of a submission. */
export interface Progress {
  /** The number of items that the server has answered. */
  done: number;
  /** The number of items that the server has refused. */
  refused: number;
}

/** An item that the server refused. `result` has the reason. */
export interface Refused<T, R> {
  /** The index of the item in the submission, from 0. */
  index: number;
  /** The item as you submitted it. */
  item: T;
  /** The result of the item in the server's answer. */
  result: R;
}

/** The outcome of a submission. */
export interface Submitted<T, R> {
  /** One result for each item, in the order of the items. */
  results: R[];
  /** The items that the server refused, in the same order. */
  refused: Refused<T, R>[];
}

/** How the client submits one kind of item. */
export interface Batching<T, R> {
  method: 'POST';
  path: string;
  /** The most items of one request. */
  size: number;
  /** Whether a request waits for the answer to the one before. */
  inOrder: boolean;
  /** Whether a second request with these items would get a different answer. Absent: never. */
  once?(items: T[]): boolean;
  bodyOf(items: T[]): unknown;
  resultsOf(reply: unknown): R[];
  isRefused(result: R): boolean;
}

/**
 * Sends all items in batches, several at a time. Results keep the order of `items`. If a request fails after
 * its retries, the submission ends with that error. The server has stored the batches that it answered, and
 * perhaps others. It is safe to submit all items again. The server then refuses items that name a version and
 * are stored already.
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
      const once = batching.once?.(batch) ?? false;
      const request = { method, path, headers, body: batching.bodyOf(batch), once };
      const results = await transport.exchange(
        request,
        { ...options, correlationId, signal: stop.signal },
        async (answer) => {
          const found = batching.resultsOf(await readJson(answer));
          if (found.length === batch.length) return found;
          throw new TransferError(
            `The client sent ${batch.length} items, but the answer has ${found.length} results.`,
            { correlationId: answer.correlationId },
          );
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
    // Closes the source of the items. A source that never answers must not block the error.
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
    results.forEach((result, index) => {
      if (isRefused(result))
        submitted.refused.push({ index: submitted.results.length, item: batch[index] as T, result });
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
