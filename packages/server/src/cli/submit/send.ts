import type { Rollcall } from '@rollcall/sdk';
import type { Event, Sent, SubmitKind } from './kinds.ts';
import type { SubmitRow } from './rows.ts';
import type { Tally } from './tally.ts';

/** Rows with an answer, and the refused ones among them. */
export interface Chunk {
  rows: number;
  tally: Tally;
  refused: { row: SubmitRow; reason: string }[];
}

interface Sending {
  client: Rollcall;
  sourceId: string;
  /** The number of first rows that the server answered in earlier runs. */
  skip: number;
  signal: AbortSignal;
  /** Called after each chunk, in the order of the file; the next call waits for it. */
  onAnswered: (chunk: Chunk) => Promise<void>;
}

/** Some tens of calls, after which the command records its progress on the disk. More would need more memory. */
const CHUNK_ROWS = 4_000;
/** While the last calls of a chunk wait for their answers, the next chunk is sent already. */
const CHUNKS_AT_ONCE = 3;
/** Calls of a chunk at once. */
const CALLS_AT_ONCE = 6;

/**
 * Sends rows in chunks. It reads rows while chunks wait for their answers. `onAnswered` gets the chunks in the order of
 * the file. Throws the error of a call that finally fails. An error of `rows` is thrown after the chunks before it.
 */
export async function sendRows(
  kind: SubmitKind,
  rows: AsyncIterable<SubmitRow>,
  { client, sourceId, skip, signal, onAnswered }: Sending,
): Promise<void> {
  const stop = new AbortController();
  const options = { signal: AbortSignal.any([signal, stop.signal]), concurrency: CALLS_AT_ONCE };
  const most = kind.isOrdered ? 1 : CHUNKS_AT_ONCE;
  const sending: Promise<Chunk>[] = [];
  const awaitUntil = async (left: number): Promise<void> => {
    try {
      while (sending.length > left) await onAnswered((await sending.shift()) as Chunk);
    } catch (error) {
      stop.abort(error);
      await Promise.allSettled(sending.splice(0));
      throw error;
    }
  };
  const send = async (chunk: SubmitRow[]): Promise<void> => {
    await awaitUntil(most - 1);
    const answer = sendChunk(chunk, (events) => kind.send(client, sourceId, events, options));
    // Its turn to be awaited may come after it has failed.
    answer.catch(() => undefined);
    sending.push(answer);
  };
  let skipped = 0;
  let chunk: SubmitRow[] = [];
  try {
    for await (const row of rows) {
      if (skipped++ < skip) continue;
      chunk.push(row);
      if (chunk.length < CHUNK_ROWS) continue;
      await send(chunk);
      chunk = [];
    }
    if (chunk.length > 0) await send(chunk);
  } finally {
    await awaitUntil(0);
  }
}

async function sendChunk(rows: SubmitRow[], send: (events: Event[]) => Promise<Sent>): Promise<Chunk> {
  const sent: SubmitRow[] = [];
  const events: Event[] = [];
  const reasons = new Map<SubmitRow, string>();
  for (const row of rows) {
    if (isFault(row.event)) reasons.set(row, row.event.fault);
    else {
      sent.push(row);
      events.push(row.event);
    }
  }
  const { tally, refused: refusedEvents } = await send(events);
  for (const { index, result } of refusedEvents) reasons.set(sent[index] as SubmitRow, result.message);
  // The order is that of the file, whether the command or the server refused a row.
  const refused = rows.flatMap((row) => {
    const reason = reasons.get(row);
    return reason === undefined ? [] : [{ row, reason }];
  });
  return { rows: rows.length, tally, refused };
}

/** Whether a row has a fault in place of an event. */
export function isFault(event: SubmitRow['event']): event is { fault: string } {
  return typeof event.fault === 'string';
}
