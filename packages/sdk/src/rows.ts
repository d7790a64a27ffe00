import { ArrayParser } from './array-parser.ts';
import { RollcallError, TransferError, UnsupportedError } from './errors.ts';
import type { CallOptions } from './options.ts';
import { type Answer, failureOf, type Request, type Transport } from './request.ts';

const CURSOR = 'Rollcall-Cursor';

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

/** The rows of an export, and what they have seen. */
export class ExportRows<T> extends Rows<T> {
  readonly #seen: { cursor?: string | undefined };

  constructor(read: (whole: boolean) => AsyncIterable<T[]>, seen: { cursor?: string | undefined }) {
    super(read);
    this.#seen = seen;
  }

  /**
   * What to give as `changedSince` the next time: of the first answer, where there were several, so that nothing is missed that was
   * written between them. It is there once the rows were walked through to their end, or awaited; undefined before, and
   * on servers without cursors, such as the vendor's.
   */
  get cursor(): string | undefined {
    return this.#seen.cursor;
  }
}

/**
 * The rows that a request is answered with; of pages, those of all. Where `whole` rows are wanted, and of a page always, an
 * answer that breaks off is read anew from its beginning. `onAnswer` is told each answer's cursor.
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
        throw new UnsupportedError('The server does not know changedSince: it gave no cursor back.', {
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

/** The page that a `Link` leads to (RFC 8288). Only its query counts: a server behind others may not know its own address. */
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
