import type { Rollcall } from '@rollcall/sdk';
import type { Event, SubmitKind } from './kinds.ts';
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
  /** Called after each chunk; the next chunk waits for it. */
  onAnswered: (chunk: Chunk) => Promise<void>;
}

/** Some tens of calls. More would need more memory; with fewer, waiting for the last call would cost more. */
const CHUNK_ROWS = 4_000;

/** Sends rows in their order, chunk after chunk. Throws the error of a call that finally fails. */
export async function sendRows(
  kind: SubmitKind,
  rows: AsyncIterable<SubmitRow>,
  sending: Sending,
): Promise<void> {
  let skipped = 0;
  let chunk: SubmitRow[] = [];
  for await (const row of rows) {
    if (skipped++ < sending.skip) continue;
    chunk.push(row);
    if (chunk.length < CHUNK_ROWS) continue;
    await sendChunk(kind, chunk, sending);
    chunk = [];
  }
  if (chunk.length > 0) await sendChunk(kind, chunk, sending);
}

async function sendChunk(
  kind: SubmitKind,
  rows: SubmitRow[],
  { client, sourceId, signal, onAnswered }: Sending,
): Promise<void> {
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
  const { tally, refused: refusedEvents } = await kind.send(client, sourceId, events, { signal });
  for (const { index, result } of refusedEvents) reasons.set(sent[index] as SubmitRow, result.message);
  // The order is that of the file, whether the command or the server refused a row.
  const refused = rows.flatMap((row) => {
    const reason = reasons.get(row);
    return reason === undefined ? [] : [{ row, reason }];
  });
  await onAnswered({ rows: rows.length, tally, refused });
}

/** Whether a row has a fault in place of an event. */
export function isFault(event: SubmitRow['event']): event is { fault: string } {
  return typeof event.fault === 'string';
}
