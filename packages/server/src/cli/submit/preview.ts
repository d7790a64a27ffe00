import { print } from '../output.ts';
import type { SubmitRow } from './rows.ts';
import { isFault } from './send.ts';

/** Prints the first rows of a file: each as one line of JSON, as it would be sent, or why it would be refused. */
export async function printPreview(rows: AsyncIterable<SubmitRow>, count: number): Promise<void> {
  let printed = 0;
  for await (const { line, event } of rows) {
    print(
      isFault(event) ? `line ${line}: refused: ${event.fault}` : `line ${line}: ${JSON.stringify(event)}`,
    );
    if (++printed === count) break;
  }
  print(`Nothing was sent: this was a preview of the first ${printed} rows.`);
}
