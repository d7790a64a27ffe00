import { stringify } from 'csv-stringify/sync';
import { guard } from './formula-guard.ts';

/** Rows as CSV (RFC 4180, CRLF after each), each cell guarded against being taken for a formula. `readCsv` and `unguard` give them back. */
export function toCsv(rows: string[][]): string {
  return stringify(
    rows.map((cells) => cells.map(guard)),
    // A line end of another kind would end the row as well.
    { record_delimiter: 'windows', quoted_match: /[\r\n]/ },
  );
}
