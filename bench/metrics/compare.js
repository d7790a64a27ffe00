import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

/**
 * Compares two files of NDJSON line by line, in their order. DuckDB writes a whole number in a column of other numbers with
 * `.0`, which is removed first.
 *
 * @returns {Promise<number>} the number of lines. Throws an error with the first lines that differ, and if there are none.
 */
export async function compareLines(ours, theirs) {
  const [left, right] = [ours, theirs].map((file) =>
    createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })[
      Symbol.asyncIterator
    ](),
  );
  for (let count = 0; ; count++) {
    const [mine, other] = await Promise.all([left.next(), right.next()]);
    if (mine.done && other.done) {
      if (count === 0) throw new Error('There are no rows to compare.');
      return count;
    }
    const [line, expected] = [mine.value, other.value && normalized(other.value)];
    if (line !== expected)
      throw new Error(`Line ${count + 1} differs.\n  server: ${line}\n  DuckDB: ${expected}`);
  }
}

function normalized(line) {
  return line.replaceAll(/(":-?\d+)\.0(?=[,}])/g, '$1');
}
