import { stringify } from 'csv-stringify/sync';
import type { CsvColumn, CsvColumns } from './columns.ts';

/** A template with these columns: the header row and one example row, with CRLF after each. */
export function csvExample({ columns }: CsvColumns): string {
  const rows = [columns.map((column) => column.name), columns.map((column) => column.example)];
  return stringify(rows, { record_delimiter: 'windows' });
}

/** The documentation of a file with these columns, in Markdown: a table and an example. */
export function describeColumns(kind: CsvColumns): string {
  const { columns, anyOf } = kind;
  const need = (column: CsvColumn) => {
    if (column.required) return 'required';
    const group = anyOf.find((names) => names.includes(column.name));
    return group ? `one of ${group.join(', ')}` : 'optional';
  };
  const table = [
    ['column', '', 'what it holds', 'example'],
    ...columns.map((column) => [
      `\`${column.name}\``,
      need(column),
      column.description,
      column.example && `\`${column.example}\``,
    ]),
  ];
  return [
    ...alignTable(table),
    '',
    '```csv',
    csvExample(kind).replaceAll('\r\n', '\n').trimEnd(),
    '```',
  ].join('\n');
}

/** A Markdown table in the form that the formatter keeps. */
function alignTable(rows: string[][]): string[] {
  const widths = (rows[0] ?? []).map((_, index) => Math.max(...rows.map((row) => row[index]?.length ?? 0)));
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`;
  const [header = '', ...body] = rows.map((row) =>
    line(row.map((cell, index) => cell.padEnd(widths[index] ?? 0))),
  );
  return [header, line(widths.map((width) => '-'.repeat(width))), ...body];
}
