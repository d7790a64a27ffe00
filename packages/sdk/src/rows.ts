import { ArrayParser } from './array-parser.ts';
import { RollcallError, TransferError, UnsupportedError } from './errors.ts';
import type { CallOptions } from './options.ts';
import { type Answer, failureOf, type Request, type Transport } from './request.ts';

const CURSOR = 'Rollcall-Cursor';

/**
 * The rows of an answer. `for await (const row of rows)` iterates over them as they arrive; memory holds only
 * the rows that have just arrived. `await rows` returns all of them as an array. The client sends the request
 * when you do one of the two, and sends it again each time you do so.
 */
export class Rows<T> implements AsyncIterable<T>, PromiseLike<T[]> {
  readonly #read: (whole: boolean) => AsyncIterable<T[]>;

  /**
   * `read` yields arrays of rows that arrived together, because to await each row is slow. `whole` tells it
   * that the caller wants all rows at once. It may then retry after a broken transfer, because the caller has
   * not seen any row.
   */
  constructor(read: (whole: boolean) => AsyncIterable<T[]>) {
    this.#read = read;
  }

  /** @throws TransferError if an answer breaks off. The rows before are correct, but not all rows. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    for await (const rows of this.#read(false)) yield* rows;
  }

  // biome-ignore lint/suspicious/noThenProperty: rows are made to be awaited.
  then<A = T[], B = never>(
    onFulfilled?: ((rows: T[]) => A | PromiseLike<A>) | null,
    // biome-ignore lint/suspicious/noExplicitAny: PromiseLike declares it so.
    onRejected?: ((reason: any) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return collect(this.#read(true)).then(onFulfilled, onRejected);
  }
}

/** The rows of an export, and their cursor. */
export class ExportRows<T> extends Rows<T> {
  readonly #seen: { cursor?: string | undefined };

  constructor(read: (whole: boolean) => AsyncIterable<T[]>, seen: { cursor?: string | undefined }) {
    super(read);
    this.#seen = seen;
  }

  /**
   * The value for `changedSince` of the next export. If the export took several answers, this is the cursor
   * of the first one, so that you miss no row that was written between them. It is set after you iterated to
   * the end or awaited the rows. Before that it is undefined, and also on servers without cursors, such as
   * the vendor's.
   */
  get cursor(): string | undefined {
    return this.#seen.cursor;
  }
}

/**
 * Yields the rows of the answer to a request, and the rows of the pages after it. If an answer breaks off,
 * the client sends the request again in two cases: `whole` is true, or the answer is a page. Calls `onAnswer`
 * with the cursor of each answer.
 */
export async function* readRows<T>(
  transport: Transport,
  request: Request,
  options: CallOptions,
  whole: boolean,
  onAnswer?: (cursor: string | undefined) => void,
): AsyncGenerator<T[], void, undefined> {
  const isPaged = request.query?.limit !== undefined;
  for (let next: Request | undefined = request; next; ) {
    const { query }: Request = next;
    let headers = new Headers();
    const answer: Answer | T[] = await transport.exchange<Answer | T[]>(next, options, async (answer) => {
      headers = answer.response.headers;
      const isOurs = headers.has(CURSOR);
      if (query?.changedSince !== undefined && !isOurs) {
        answer.response.body?.cancel().catch(() => undefined);
        throw new UnsupportedError('The server does not support changedSince: its answer has no cursor.', {
          correlationId: answer.correlationId,
        });
      }
      return whole || (isPaged && isOurs) ? collect(rowsOf<T>(answer)) : answer;
    });
    onAnswer?.(headers.get(CURSOR) ?? undefined);
    if (Array.isArray(answer)) yield answer;
    else yield* rowsOf<T>(answer);
    next = isPaged ? pageAfter(request, headers.get('Link')) : undefined;
  }
}

/**
 * The request for the next page, from the header `Link` (RFC 8288). Only the query of the link counts,
 * because a server behind a proxy may not know its own address.
 */
function pageAfter(request: Request, link: string | null): Request | undefined {
  const [, target] = /<([^>]*)>;\s*rel="?next\b/.exec(link ?? '') ?? [];
  if (target === undefined) return undefined;
  return { ...request, query: Object.fromEntries(new URLSearchParams(target.replace(/^[^?]*/, ''))) };
}

async function collect<T>(pieces: AsyncIterable<T[]>): Promise<T[]> {
  const all: T[] = [];
  for await (const rows of pieces) for (const row of rows) all.push(row);
  return all;
}

/**
 * Yields the elements of the JSON array in a body. The deadline runs only while the client waits for the
 * server.
 */
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
    // Without this, the server goes on sending rows that nobody reads.
    reader?.cancel().catch(() => undefined);
    reader?.releaseLock();
  }
}
