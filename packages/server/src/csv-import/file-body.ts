import { setImmediate as nextTurn } from 'node:timers/promises';
import { HttpProblem } from '../http/errors.ts';
import { CSV_KINDS, type ImportKind } from './kinds.ts';

/** The longest file that the server imports over HTTP. */
export const FILE_LIMIT_BYTES = 16 * 1024 * 1024;
/** Each row costs memory for its result, and a row may have two bytes only. */
const MOST_LINES = 200_000;
/** A kind whose whole file is one batch keeps the thread busy until the batch is written. */
const MOST_LINES_OF_ONE_BATCH = 10_000;
/** The thread counts the lines of this much, then does other work. */
const COUNTED_BYTES = 64 * 1024;
/** The thread parses this much, then does other work. A thousand bad rows fit into it, and each costs 50 µs. */
export const PARSED_BYTES = 4 * 1024;

const LF = 0x0a;
const CR = 0x0d;

/** 413 for a file that is too large for HTTP. */
export function fileTooLarge(what = 'has more than 16 MiB'): HttpProblem {
  return new HttpProblem(
    413,
    `The file ${what}, which is too large for this path. Divide it, or import it with "rollcall import" on the server.`,
  );
}

/**
 * Yields a file in pieces. The thread does other work after each. Throws a 413 if the file has too many lines for
 * its kind, and the reason of `signal` when that is aborted.
 */
export async function* piecesOf(
  kind: ImportKind,
  file: Buffer,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void> {
  const most = Number.isFinite(CSV_KINDS[kind].batchRows) ? MOST_LINES : MOST_LINES_OF_ONE_BATCH;
  let lines = 0;
  let before = 0;
  for await (const piece of cut(file, COUNTED_BYTES)) {
    for (const byte of piece) {
      if (byte === CR || (byte === LF && before !== CR)) lines++;
      before = byte;
    }
    // The header is a line, too.
    if (lines > most + 1) throw fileTooLarge(`has more than ${most.toLocaleString('en')} lines`);
  }
  for await (const piece of cut(file, PARSED_BYTES)) {
    signal.throwIfAborted();
    yield piece;
  }
}

async function* cut(file: Buffer, pieceBytes: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < file.length; at += pieceBytes) {
    yield file.subarray(at, at + pieceBytes);
    await nextTurn();
  }
}
