import { fold } from './fold.ts';

/** RFC 7644 section 3.4.2.2, table 3, as far as it can be answered here. */
export type FilterOperator = 'eq' | 'ne' | 'co' | 'sw' | 'ew' | 'pr';
export const FILTER_OPERATORS: ReadonlySet<FilterOperator> = new Set(['eq', 'ne', 'co', 'sw', 'ew', 'pr']);

/** One comparison; `attribute` is in lower case. */
export interface FilterTerm {
  attribute: string;
  operator: FilterOperator;
  /** null with `pr`, and with what no id can be. */
  value: string | boolean | null;
}

/**
 * How an attribute is compared: text exactly, text that is stored folded, text without regard to case, an id,
 * yes or no, or a constant that each value has which is there.
 */
type Comparison = 'exact' | 'folded' | 'caseless' | 'id' | 'boolean' | { constant: string | boolean };

export interface FilterColumn {
  /** With `$id` for the place of the compared value where the comparison is of ids. */
  sql: string;
  compare: Comparison;
  operators: readonly FilterOperator[];
}

/** What a list can be filtered by: attributes in lower case. */
export type FilterColumns = Record<string, FilterColumn>;

const TEXT = ['eq', 'ne', 'co', 'sw', 'ew', 'pr'] as const;

export function textColumn(sql: string, compare: 'exact' | 'folded' | 'caseless'): FilterColumn {
  return { sql, compare, operators: TEXT };
}

/** `sql` holds for the row that has the id in the place of `$id`. */
export function idColumn(sql: string): FilterColumn {
  return { sql, compare: 'id', operators: ['eq'] };
}

/**
 * The condition that a filter of `columns` comes to; what it compares with is put at the end of `parameters`.
 * Alternatives of which one must hold, each of terms that must all hold.
 */
export function filterCondition(
  filter: FilterTerm[][],
  columns: FilterColumns,
  parameters: unknown[],
): string {
  const alternatives = filter.map((terms) =>
    terms.map((term) => termCondition(term, columns, parameters)).join(' AND '),
  );
  return alternatives.length === 0 ? 'true' : `(${alternatives.map((each) => `(${each})`).join(' OR ')})`;
}

function termCondition(
  { attribute, operator, value }: FilterTerm,
  columns: FilterColumns,
  parameters: unknown[],
): string {
  const column = columns[attribute];
  if (!column) throw new Error(`There is no column for ${attribute}.`);
  const { sql, compare } = column;
  const place = (parameter: unknown) => `$${parameters.push(parameter)}`;
  if (operator === 'pr') return `(${sql}) IS NOT NULL`;
  if (compare === 'id') return value === null ? 'false' : sql.replace('$id', `${place(value)}::uuid`);
  if (compare === 'boolean')
    return `(${sql}) ${operator === 'eq' ? '=' : '<>'} ${place(isYes(value))}::boolean`;
  if (typeof compare === 'object') {
    const same = String(compare.constant) === String(value).toLowerCase();
    return same === (operator === 'eq') ? `${sql} IS NOT NULL` : 'false';
  }
  const text = String(value);
  const wanted = `${place(compare === 'folded' ? fold(text) : text)}::text`;
  return compare === 'caseless'
    ? textCondition(caseless(sql), operator, caseless(wanted))
    : textCondition(sql, operator, wanted);
}

/** Identity providers write true and "True" alike. */
function isYes(value: string | boolean | null): boolean {
  return String(value).toLowerCase() === 'true';
}

/** Both sides alike, by the database's own rules. An index would be of no use under a policy. */
function caseless(sql: string): string {
  return `lower(normalize(${sql}))`;
}

function textCondition(sql: string, operator: Exclude<FilterOperator, 'pr'>, wanted: string): string {
  switch (operator) {
    case 'eq':
      return `${sql} = ${wanted}`;
    case 'ne':
      return `${sql} IS DISTINCT FROM ${wanted}`;
    case 'co':
      return `strpos(${sql}, ${wanted}) > 0`;
    case 'sw':
      return `starts_with(${sql}, ${wanted})`;
    case 'ew':
      return `right(${sql}, length(${wanted})) = ${wanted}`;
  }
}
