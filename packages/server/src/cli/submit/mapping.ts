import { InvalidArgumentError } from 'commander';
import { FileError } from '../../files/errors.ts';
import { type Alias, SUBMIT_KINDS, type SubmitKind } from './kinds.ts';

/** The member of each column whose name is not a member. */
export type ColumnMap = ReadonlyMap<string, string>;

export type FileFormat = 'csv' | 'ndjson';

/** The columns of a file: the cells of its header row, or the names of the members of its first rows. */
export interface FileColumns {
  columns: readonly string[];
  format: FileFormat;
}

/** A column of the file, and the member that it sets. */
export interface Source {
  column: string;
  member: string;
  /** Set if the column has an alias of the member. */
  alias?: Alias;
}

/** For a repeatable option: adds `column=member`. */
export function addMapping(text: string, earlier: ColumnMap = new Map()): ColumnMap {
  const end = text.lastIndexOf('=');
  const [column, member] = [text.slice(0, end).trim(), text.slice(end + 1).trim()];
  if (end < 1 || column === '' || member === '')
    throw new InvalidArgumentError('It must have a form such as "Badge time=timestamp".');
  return new Map([...earlier, [column, member]]);
}

/**
 * The columns for events: first those of the map, then those with the name of a member. Throws `FileError` if a
 * required column is missing, or a member has two columns.
 */
export function chooseColumns(
  kind: SubmitKind,
  { columns, format }: FileColumns,
  map: ColumnMap,
  hasDirectory: boolean,
): Source[] {
  const sources: Source[] = [];
  const mapped = new Set<string>();
  for (const [wanted, member] of map) {
    const target = targetOf(kind, member);
    if (!target)
      throw new FileError(`--map: there is no member ${member}; there are ${namesOf(kind).join(', ')}.`);
    const column = only(columns, wanted);
    mapped.add(column);
    sources.push({ column, ...target });
  }
  const taken = new Set(sources.map(nameOf));
  for (const column of columns) {
    const target = mapped.has(column) ? undefined : targetOf(kind, column);
    if (target && !taken.has(nameOf({ column, ...target }))) sources.push({ column, ...target });
  }
  const names = sources.map(nameOf);
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice !== undefined) throw new FileError(`The header row has the column ${twice} twice.`);
  needAll(kind, sources, { columns, format }, hasDirectory);
  // Members by their own name come before members of an alias.
  return sources.sort((a, b) => Number(a.alias !== undefined) - Number(b.alias !== undefined));
}

function needAll(kind: SubmitKind, sources: Source[], file: FileColumns, hasDirectory: boolean): void {
  const given = membersOf(sources, hasDirectory);
  const standsFor = (member: string) =>
    kind.aliases.filter(({ gives }) => gives.includes(member)).map(({ name }) => name);
  const missing = kind.columns.find(({ name, required }) => required && !given.has(name))?.name;
  const isOneThere = kind.needsOneOf.some((name) => given.has(name));
  if (missing === undefined && isOneThere) return;
  const wanted = missing === undefined ? kind.needsOneOf : [missing];
  // An alias is used only if it gives all its members.
  const names = wanted.flatMap((name) => [name, ...(given.has('locationId') ? [] : standsFor(name))]);
  const isCsv = file.format === 'csv';
  const noun = isCsv ? 'column' : 'member';
  const list = names.length > 1 ? `one of the ${noun}s ${names.join(', ')}` : `the ${noun} ${names[0]}`;
  const hint = isCsv || names.length > 1 ? ' --map says which column it is.' : '';
  throw new FileError(
    `${isCsv ? 'The header row needs' : 'No row at the beginning of the file has'} ${list}.${hint}${otherKind(kind, file)}`,
  );
}

function membersOf(sources: readonly Source[], hasDirectory: boolean): Set<string> {
  const given = new Set(sources.flatMap(({ member, alias }) => alias?.gives ?? [member]));
  // The directory gives the kind of a node.
  if (hasDirectory && given.has('locationId')) given.add('locationType');
  return given;
}

/** Asks about another kind that the columns fit; empty if there is none. */
function otherKind(kind: SubmitKind, { columns }: FileColumns): string {
  const fits = ({ columns: members, needsOneOf }: SubmitKind) => {
    const has = (name: string) => columns.some((column) => sameName(column, name));
    return members.every(({ name, required }) => !required || has(name)) && needsOneOf.some(has);
  };
  const other = Object.entries<SubmitKind>(SUBMIT_KINDS).find(([, each]) => each !== kind && fits(each));
  return other ? ` Is it a file of ${other[0]}?` : '';
}

function targetOf(
  { columns, aliases }: SubmitKind,
  name: string,
): { member: string; alias?: Alias } | undefined {
  const column = columns.find((each) => sameName(each.name, name));
  if (column) return { member: column.name };
  const alias = aliases.find((each) => sameName(each.name, name));
  return alias && { member: alias.gives[0] ?? '', alias };
}

/** The one column with this name: an exact match, otherwise a match without regard to case. */
function only(columns: readonly string[], wanted: string): string {
  const exact = columns.filter((column) => column === wanted);
  const [column, ...others] = exact.length > 0 ? exact : columns.filter((each) => sameName(each, wanted));
  if (column === undefined)
    throw new FileError(`--map: the file has no column ${wanted}; it has ${columns.join(', ')}.`);
  if (others.length > 0) throw new FileError(`--map: the file has the column ${wanted} twice.`);
  return column;
}

function nameOf({ member, alias }: Source): string {
  return alias?.name ?? member;
}

function namesOf({ columns, aliases }: SubmitKind): string[] {
  return [...columns, ...aliases].map(({ name }) => name);
}

function sameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
