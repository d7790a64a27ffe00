import { fold } from '../values/fold.ts';

/** RFC 7644 section 3.4.2.2, table 3. */
export type FilterOperator = 'eq' | 'ne' | 'co' | 'sw' | 'ew' | 'pr' | 'gt' | 'ge' | 'lt' | 'le';
export const FILTER_OPERATORS: ReadonlySet<FilterOperator> = new Set([
  'eq',
  'ne',
  'co',
  'sw',
  'ew',
  'pr',
  'gt',
  'ge',
  'lt',
  'le',
]);

/** One comparison; `attribute` is in lower case. */
export interface FilterTerm {
  attribute: string;
  operator: FilterOperator;
  /** null with `pr`, and with what no id can be. */
  value: string | boolean | null;
}

/**
 * How an attribute is compared: text exactly, text that is stored folded, text without regard to case, an id,
 * yes or no, or an instant.
 */
type Comparison = 'exact' | 'folded' | 'caseless' | 'id' | 'boolean' | 'time';

export interface FilterColumn {
  /** With `$id` for the place of the compared value where the comparison is of ids. */
  sql: string;
  compare: Comparison;
  operators: readonly FilterOperator[];
  /** A column with an index, which `eq` also compares, without regard to case and up to so many characters. */
  index?: { sql: string; length: number };
  /** The condition on the list's row, with the terms of one alternative that have the same one in the place of `$terms`. */
  within?: string;
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

export function booleanColumn(sql: string): FilterColumn {
  return { sql, compare: 'boolean', operators: ['eq', 'ne', 'pr'] };
}

/** An instant that every row has. */
export function timeColumn(sql: string): FilterColumn {
  return { sql, compare: 'time', operators: ['eq', 'ne', 'gt', 'ge', 'lt', 'le', 'pr'] };
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
  const alternatives = filter.map((terms) => {
    const conditions = new Map<string | undefined, string[]>();
    for (const term of terms) {
      const column = columns[term.attribute];
      if (!column) throw new Error(`There is no column for ${term.attribute}.`);
      const condition = termCondition(term, column, parameters);
      conditions.set(column.within, [...(conditions.get(column.within) ?? []), condition]);
    }
    return [...conditions]
      .map(([within, each]) =>
        within === undefined ? each.join(' AND ') : within.replace('$terms', () => each.join(' AND ')),
      )
      .join(' AND ');
  });
  return alternatives.length === 0 ? 'true' : `(${alternatives.map((each) => `(${each})`).join(' OR ')})`;
}

function termCondition({ operator, value }: FilterTerm, column: FilterColumn, parameters: unknown[]): string {
  const { sql, compare, index } = column;
  const place = (parameter: unknown) => `$${parameters.push(parameter)}`;
  if (operator === 'pr') return `(${sql}) IS NOT NULL`;
  switch (compare) {
    case 'id':
      return value === null ? 'false' : sql.replace('$id', `${place(value)}::uuid`);
    case 'boolean':
      return `(${sql}) ${SIGNS[operator]} ${place(value)}::boolean`;
    case 'time':
      return `(${sql}) ${SIGNS[operator]} ${place(value)}::timestamptz`;
    case 'exact':
      return textCondition(sql, operator, `${place(value)}::text`);
    case 'folded':
      return textCondition(sql, operator, `${place(fold(String(value)))}::text`);
    case 'caseless': {
      const wanted = caseless(`${place(value)}::text`);
      const condition = textCondition(caseless(sql), operator, wanted);
      if (!index || operator !== 'eq') return condition;
      return `${index.sql} = left(${wanted}, ${index.length}) AND ${condition}`;
    }
  }
}

/** Both sides alike, by the database's own rules. An index would be of no use under a policy. */
function caseless(sql: string): string {
  return `lower(normalize(${sql}))`;
}

const SIGNS: Partial<Record<FilterOperator, string>> = {
  eq: '=',
  ne: '<>',
  gt: '>',
  ge: '>=',
  lt: '<',
  le: '<=',
};

function textCondition(sql: string, operator: FilterOperator, wanted: string): string {
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
    default:
      throw new Error(`Texts are not compared by ${operator}.`);
  }
}
