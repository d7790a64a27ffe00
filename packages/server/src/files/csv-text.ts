import { stringify } from 'csv-stringify/sync';
import { guard } from './formula-guard.ts';

/**
 * Rows as CSV (RFC 4180, CRLF after each), with the formula guard in each cell that needs it. `readCsv` and `unguard`
 * restore the rows.
 */
export function toCsv(rows: string[][]): string {
  return formatCsv(rows.map((cells) => cells.map(guard)));
}

/** Rows as CSV, like `toCsv`, without the formula guard. */
export function formatCsv(rows: string[][]): string {
  // Cells with any kind of line end are quoted, because each kind would end the row.
  return stringify(rows, { record_delimiter: 'windows', quoted_match: /[\r\n]/ });
}
