import { stringify } from 'csv-stringify/sync';
import { guard } from './formula-guard.ts';

/** Rows as CSV (RFC 4180, CRLF after each), each cell guarded against being taken for a formula. `readCsv` and `unguard` give them back. */
export function toCsv(rows: string[][]): string {
  return formatCsv(rows.map((cells) => cells.map(guard)));
}

/** Rows as CSV, like `toCsv`, each cell as it is. */
export function formatCsv(rows: string[][]): string {
  // A line end of another kind would end the row as well.
  return stringify(rows, { record_delimiter: 'windows', quoted_match: /[\r\n]/ });
}
