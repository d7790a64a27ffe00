import { writeFile } from 'node:fs/promises';
import type { ImportedRow, ImportReport } from '../csv-import/import.ts';
import { toCsv } from '../files/csv-text.ts';
import { CliError } from './errors.ts';
import { forTerminal, print, remark } from './output.ts';

/** How many rows are shown with their ids; `--ids` writes all. */
const ROWS_SHOWN = 20;

interface ReportOptions {
  strict?: true;
  dryRun?: true;
  ids?: string;
}

/** Prints the result of a file: the refused rows, the rows with their ids, and the number of each. */
export function describeImport(
  word: string,
  report: ImportReport,
  { strict, dryRun, ids }: ReportOptions,
): void {
  const { created, updated, unchanged, refused, rows, ignoredColumns, effects } = report;
  // If standard output has the ids, the report goes to standard error.
  const say = ids === '-' ? remark : print;
  if (ignoredColumns.length > 0)
    remark(`Unknown columns, which were ignored: ${forTerminal(ignoredColumns.join(', '))}.`);
  for (const { line, reason } of refused) remark(`line ${line}: ${forTerminal(reason)}`);
  if (dryRun) {
    for (const row of rows) {
      if (row.result !== 'unchanged') say(`line ${row.line}: ${wouldBe(word, row)}`);
    }
  } else if (ids === undefined) {
    for (const { result, id, name } of rows.slice(0, ROWS_SHOWN))
      say(`${result} ${word} ${id} ${nameOf(name)}`.trimEnd());
    if (rows.length > ROWS_SHOWN)
      remark(`${rows.length - ROWS_SHOWN} more rows are not shown; "--ids FILE" writes the ids of all.`);
  }
  const counts = `${created} created, ${updated} updated, ${unchanged} unchanged, ${refused.length} refused.`;
  say(strict && refused.length > 0 ? `Nothing was stored: ${refused.length} refused.` : counts);
  if (effects && effects.rebooked + effects.removed > 0)
    say(
      `Bookings: ${effects.rebooked} would become bookings of the office, ${effects.removed} would be removed.`,
    );
  if (dryRun) say('Nothing was stored: it was a dry run.');
}

/** Writes line, result, id and name of each row as CSV; `-` is standard output. Throws `CliError`. */
export async function writeIds({ rows }: ImportReport, path: string | undefined): Promise<void> {
  if (path === undefined) return;
  const cells = rows.map(({ line, result, id, name }) => [String(line), result, id, name ?? '']);
  const csv = toCsv([['line', 'result', 'id', 'name'], ...cells]);
  if (path === '-') {
    process.stdout.write(csv);
    return;
  }
  await writeFile(path, csv).catch(({ code }: NodeJS.ErrnoException) => {
    throw new CliError(
      `The ids cannot be written to ${path} (${code}). Run the same import again to get them; it changes nothing.`,
    );
  });
}

function wouldBe(word: string, { result, id, name }: ImportedRow): string {
  if (result === 'created') return `${word} ${nameOf(name)} would be created`;
  return `${word} ${id} ${nameOf(name)} would be updated`.replace('  ', ' ');
}

function nameOf(name: string | null): string {
  return forTerminal(name ?? '');
}
