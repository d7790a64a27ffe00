import { ArrayParser } from './array-parser.ts';
import { RollcallError, TransferError } from './errors.ts';
import type { CallOptions } from './options.ts';
import { type Answer, failureOf, type Request, type Transport } from './request.ts';

/**
 * Rows that can be walked through as they arrive, `for await (const row of rows)`, with as much memory as arrives at a time, or
 * awaited, as an array. Nothing is asked for before one of both is done; each time it is done, it is asked for again.
 */
export class Rows<T> implements AsyncIterable<T>, PromiseLike<T[]> {
  readonly #read: (whole: boolean) => AsyncIterable<T[]>;

  /** `read` gives rows as many at a time as arrive together: to await each by itself is slow. It is told whether all rows are wanted: it may then repeat what broke off, since nobody has seen any yet. */
  constructor(read: (whole: boolean) => AsyncIterable<T[]>) {
    this.#read = read;
  }

  /** @throws TransferError where an answer breaks off: the rows before it are right, and not all. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    for await (const rows of this.#read(false)) yield* rows;
  }

  // biome-ignore lint/suspicious/noThenProperty: to be awaited is what it is for.
  then<A = T[], B = never>(
    onFulfilled?: ((rows: T[]) => A | PromiseLike<A>) | null,
    // biome-ignore lint/suspicious/noExplicitAny: as PromiseLike has it.
    onRejected?: ((reason: any) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return collect(this.#read(true)).then(onFulfilled, onRejected);
  }
}

/** The rows of one answer, read anew from its beginning where `whole` rows are wanted and it breaks off. */
export async function* readRows<T>(
  transport: Transport,
  request: Request,
  options: CallOptions,
  whole: boolean,
): AsyncGenerator<T[], void, undefined> {
  if (whole) yield await transport.exchange(request, options, (answer) => collect(rowsOf<T>(answer)));
  else yield* rowsOf<T>(await transport.exchange(request, options, async (answer) => answer));
}

async function collect<T>(pieces: AsyncIterable<T[]>): Promise<T[]> {
  const all: T[] = [];
  for await (const rows of pieces) for (const row of rows) all.push(row);
  return all;
}

/** The elements of the JSON array that a body is. Time runs only while the server is waited for. */
async function* rowsOf<T>({
  response,
  deadline,
  correlationId,
}: Answer): AsyncGenerator<T[], void, undefined> {
  const parser = new ArrayParser<T>();
  const decoder = new TextDecoder();
  const reader = response.body?.getReader();
  const next = async () => {
    deadline.start();
    return await reader?.read();
  };
  try {
    for (let piece = await next(); piece && !piece.done; piece = await next()) {
      deadline.pause();
      yield [...parser.push(decoder.decode(piece.value, { stream: true }))];
    }
    parser.end();
  } catch (error) {
    const failure = failureOf(error, deadline.signal, correlationId);
    if (!(failure instanceof RollcallError)) throw failure;
    const { status } = response;
    throw new TransferError(failure.detail, { status, correlationId, cause: error });
  } finally {
    deadline.end();
    // What is not wanted any more has to be said, or the server goes on sending.
    reader?.cancel().catch(() => undefined);
    reader?.releaseLock();
  }
}
