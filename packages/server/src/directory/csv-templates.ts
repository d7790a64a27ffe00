import { stringify } from 'csv-stringify/sync';
import { ImportError } from './csv.ts';
import type { DeskItem, LocationItem, SpaceItem } from './places.ts';
import type { UserItem } from './users.ts';
import { quote, Refusal } from './values.ts';

/** What each kind of file holds a row of. */
export interface ImportItems {
  locations: LocationItem;
  desks: DeskItem;
  spaces: SpaceItem;
  users: UserItem;
}

export type ImportKind = keyof ImportItems;

/** A column of a file; its name is the member of the item that its cells become. */
export interface CsvColumn<Member extends string = string> {
  name: Member;
  /** The header has it, and no cell of it is empty. */
  required: boolean;
  description: string;
  example: string;
  /** What a cell becomes, where that is not its text. Throws `Refusal`. */
  read?: (cell: string) => number | boolean;
}

interface CsvTemplate<Member extends string = string> {
  columns: CsvColumn<Member>[];
  /** Groups of columns of which the header has at least one. */
  anyOf: Member[][];
}

type Templates = { [Kind in ImportKind]: CsvTemplate<Exclude<keyof ImportItems[Kind] & string, 'origin'>> };

const STATUS = 'active or inactive; active when left out of a new row';
const LOCATION = {
  id: 'The location, which must exist. It, or its name, or both when they agree',
  name: 'The location by its name, which only one may have',
};

/** The one truth about the files: headers are checked, cells read and docs/import.md written by it. */
export const CSV_TEMPLATES: Templates = {
  locations: {
    columns: [
      optional('locationId', 'GUID, kept', '3f0c5a52-6d0e-4f0e-9d53-0a4f6b0f5c01'),
      required('locationName', 'Unique; matches an existing location when no id is given', 'Harbour House'),
      optional('address', 'One text', '1 Quay Street, Sydney'),
      required('timeZone', 'IANA name', 'Australia/Sydney'),
      optional('status', STATUS, 'active'),
    ],
    anyOf: [],
  },
  desks: {
    columns: [
      optional('deskId', 'GUID, kept', '3f0c5a52-6d0e-4f0e-9d53-0a4f6b0f5c04'),
      required('deskName', 'Unique in its zone; matches an existing desk when no id is given', 'Desk 12'),
      optional('zoneId', 'GUID, kept when the zone is new', '3f0c5a52-6d0e-4f0e-9d53-0a4f6b0f5c03'),
      required('zoneName', 'Made when the level has no such zone', 'North'),
      optional('levelId', 'GUID, kept when the level is new', '3f0c5a52-6d0e-4f0e-9d53-0a4f6b0f5c02'),
      required('levelName', 'Made when the location has no such level', 'Level 3'),
      optional('locationId', LOCATION.id, '3f0c5a52-6d0e-4f0e-9d53-0a4f6b0f5c01'),
      optional('locationName', LOCATION.name, 'Harbour House'),
      optional('status', STATUS, 'active'),
    ],
    anyOf: [['locationId', 'locationName']],
  },
  spaces: {
    columns: [
      optional('spaceId', 'GUID, kept', '3f0c5a52-6d0e-4f0e-9d53-0a4f6b0f5c05'),
      required('spaceName', 'Unique on its level; matches an existing space when no id is given', 'Jetty'),
      optional('spaceType', 'Any text', 'meeting room'),
      optional('capacity', 'A whole number from 0', '8', readCount),
      optional('levelId', 'GUID, kept when the level is new', '3f0c5a52-6d0e-4f0e-9d53-0a4f6b0f5c02'),
      required('levelName', 'Made when the location has no such level', 'Level 3'),
      optional('locationId', LOCATION.id, '3f0c5a52-6d0e-4f0e-9d53-0a4f6b0f5c01'),
      optional('locationName', LOCATION.name, 'Harbour House'),
      optional('status', STATUS, 'active'),
    ],
    anyOf: [['locationId', 'locationName']],
  },
  users: {
    columns: [
      optional('userId', 'GUID, kept', '3f0c5a52-6d0e-4f0e-9d53-0a4f6b0f5c06'),
      required(
        'userName',
        'Unique without regard to case; matches an existing user when no id is given',
        'ada@example.com',
      ),
      optional('email', 'Kept exactly as written; unique among active users', 'ada@example.com'),
      optional('firstName', 'Any text', 'Ada'),
      optional('lastName', 'Any text', 'Lovelace'),
      optional('onboarded', 'true or false; false when left out of a new row', 'true', readBoolean),
      optional('status', STATUS, 'active'),
      optional(
        'primaryLocationId',
        'Their usual location, which must exist. It, or its name, or both when they agree',
        '3f0c5a52-6d0e-4f0e-9d53-0a4f6b0f5c01',
      ),
      optional(
        'primaryLocationName',
        'Their usual location by its name, which only one may have',
        'Harbour House',
      ),
    ],
    anyOf: [],
  },
};

/** Which column each cell of a row belongs to, or undefined where the column is not known. */
export interface CsvHeader<Kind extends ImportKind = ImportKind> {
  kind: Kind;
  columns: (CsvColumn | undefined)[];
  /** Columns that are not known, as the file calls them. */
  ignored: string[];
}

/**
 * Reads the header row of a file of `kind`. Case and surrounding white space do not matter. Throws
 * `ImportError` where a column is missing, or is there twice.
 */
export function readHeader<Kind extends ImportKind>(kind: Kind, cells: string[]): CsvHeader<Kind> {
  const template: CsvTemplate = CSV_TEMPLATES[kind];
  const byName = new Map(template.columns.map((column) => [column.name.toLowerCase(), column]));
  const columns = cells.map((cell) => byName.get(cell.trim().toLowerCase()));
  const names = new Set<string>();
  for (const column of columns) {
    if (!column) continue;
    if (names.has(column.name)) throw new ImportError(`The header row has the column ${column.name} twice.`);
    names.add(column.name);
  }
  const missing = template.columns.filter((column) => column.required && !names.has(column.name));
  const wanted = [
    ...missing.map((column) => column.name),
    ...template.anyOf
      .filter((group) => !group.some((name) => names.has(name)))
      .map((group) => group.join(' or ')),
  ];
  if (wanted.length > 0) {
    throw new ImportError(
      `The header row of a ${kind} file needs the column ${wanted.join(', and the column ')}.`,
    );
  }
  const ignored = cells
    .filter((cell, index) => !columns[index] && cell.trim() !== '')
    .map((cell) => cell.trim());
  return { kind, columns, ignored };
}

/** The item that a row stands for; empty cells are left out. Throws `Refusal`. */
export function readItem<Kind extends ImportKind>(
  header: CsvHeader<Kind>,
  cells: string[],
  origin: string,
): ImportItems[Kind] {
  if (cells.length !== header.columns.length) {
    throw new Refusal(`the row has ${cells.length} columns where the header has ${header.columns.length}`);
  }
  const item: Record<string, string | number | boolean> = { origin };
  for (const [index, column] of header.columns.entries()) {
    const cell = cells[index]?.trim() ?? '';
    if (!column || (cell === '' && !column.required)) continue;
    if (cell === '') throw new Refusal(`${column.name} is empty`);
    item[column.name] = column.read ? column.read(cell) : cell;
  }
  // The type of the templates ties every column's name to a member of the item.
  return item as unknown as ImportItems[Kind];
}

/** A file of `kind` to start from: the header row and one example row, CRLF after each. */
export function csvExample(kind: ImportKind): string {
  const { columns }: CsvTemplate = CSV_TEMPLATES[kind];
  const rows = [columns.map((column) => column.name), columns.map((column) => column.example)];
  return stringify(rows, { record_delimiter: 'windows' });
}

/** The documentation of a file of `kind`, in Markdown: a table of its columns, and an example. */
export function describeColumns(kind: ImportKind): string {
  const { columns, anyOf }: CsvTemplate = CSV_TEMPLATES[kind];
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
      `\`${column.example}\``,
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

/** A Markdown table as the formatter leaves it. */
function alignTable(rows: string[][]): string[] {
  const widths = (rows[0] ?? []).map((_, index) => Math.max(...rows.map((row) => row[index]?.length ?? 0)));
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`;
  const [header = '', ...body] = rows.map((row) =>
    line(row.map((cell, index) => cell.padEnd(widths[index] ?? 0))),
  );
  return [header, line(widths.map((width) => '-'.repeat(width))), ...body];
}

function required<Member extends string>(
  name: Member,
  description: string,
  example: string,
): CsvColumn<Member> {
  return { name, required: true, description, example };
}

function optional<Member extends string>(
  name: Member,
  description: string,
  example: string,
  read?: (cell: string) => number | boolean,
): CsvColumn<Member> {
  return { name, required: false, description, example, ...(read && { read }) };
}

function readCount(cell: string): number {
  if (/^\d+$/.test(cell)) return Number(cell);
  throw new Refusal(`capacity ${quote(cell)} is not a whole number from 0`);
}

function readBoolean(cell: string): boolean {
  const text = cell.toLowerCase();
  if (text === 'true' || text === 'false') return text === 'true';
  throw new Refusal(`onboarded ${quote(cell)} is neither true nor false`);
}
