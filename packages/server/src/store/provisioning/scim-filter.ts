import { caseless, fold } from '../values/fold.ts';
import { addTo } from '../values/group-by.ts';

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
  /** Null with `pr`, and for an id that is not a GUID. */
  value: string | boolean | null;
}

/**
 * How an attribute is compared:
 *
 * - `exact`: text, exactly
 * - `folded`: text that is stored folded
 * - `caseless`: text, without regard to case
 * - `id`, `boolean`, `time`: an id, a boolean, an instant
 */
type Comparison = 'exact' | 'folded' | 'caseless' | 'id' | 'boolean' | 'time';

export interface FilterColumn {
  /** SQL of the column. For ids it is a condition, in which `$id` stands for the compared value. */
  sql: string;
  compare: Comparison;
  operators: readonly FilterOperator[];
  /** An indexed column that `eq` also compares, without regard to case, up to `length` characters. */
  index?: { sql: string; length: number };
  /**
   * A condition on the row of the list. `$terms` stands for all terms of one alternative that have the same
   * `within`.
   */
  within?: string;
  /**
   * The texts of the index of trigrams of which this text is one: those of a user, or, for an address, those of the user
   * whose `users.email` it is.
   */
  trigrams?: 'names' | 'addresses';
}

/** The attributes by which a client can filter a list, in lower case. */
export type FilterColumns = Record<string, FilterColumn>;

const TEXT = ['eq', 'ne', 'co', 'sw', 'ew', 'pr'] as const;

/** A text, which `compare` compares. It may be null. */
export function textColumn(sql: string, compare: 'exact' | 'folded' | 'caseless'): FilterColumn {
  return { sql, compare, operators: TEXT };
}

/** `sql` is true for the row that has the id `$id`. */
export function idColumn(sql: string): FilterColumn {
  return { sql, compare: 'id', operators: ['eq'] };
}

/** A boolean. It has no order. */
export function booleanColumn(sql: string): FilterColumn {
  return { sql, compare: 'boolean', operators: ['eq', 'ne', 'pr'] };
}

/** An instant that is never null. */
export function timeColumn(sql: string): FilterColumn {
  return { sql, compare: 'time', operators: ['eq', 'ne', 'gt', 'ge', 'lt', 'le', 'pr'] };
}

/**
 * The SQL condition of a filter. The compared values are added to `parameters`. One of the filter's
 * alternatives must hold; all terms of an alternative must hold. `also` is a condition that holds wherever a
 * column's `within` may.
 */
export function filterCondition(
  filter: FilterTerm[][],
  columns: FilterColumns,
  parameters: unknown[],
  also?: string,
): string {
  const alternatives = filter.map((terms) => {
    const conditions = new Map<string | undefined, string[]>();
    for (const term of terms) {
      const column = columns[term.attribute];
      if (!column) throw new Error(`There is no column for ${term.attribute}.`);
      const condition = termCondition(term, column, parameters);
      addTo(conditions, column.within, condition);
    }
    return [...conditions]
      .map(([within, each]) => {
        if (within === undefined) return each.join(' AND ');
        return within.replace('$terms', () => [...each, ...(also === undefined ? [] : [also])].join(' AND '));
      })
      .join(' AND ');
  });
  return alternatives.length === 0 ? 'true' : `(${alternatives.map((each) => `(${each})`).join(' OR ')})`;
}

function termCondition({ operator, value }: FilterTerm, column: FilterColumn, parameters: unknown[]): string {
  const { sql, compare, index } = column;
  const placeholder = (parameter: unknown) => `$${parameters.push(parameter)}`;
  if (operator === 'pr') return `(${sql}) IS NOT NULL`;
  switch (compare) {
    case 'id':
      return value === null ? 'false' : sql.replace('$id', `${placeholder(value)}::uuid`);
    case 'boolean':
      return `(${sql}) ${SIGNS[operator]} ${placeholder(value)}::boolean`;
    case 'time':
      return `(${sql}) ${SIGNS[operator]} ${placeholder(value)}::timestamptz`;
    case 'exact':
      return textCondition(sql, operator, `${placeholder(value)}::text`);
    case 'folded':
      return textCondition(sql, operator, `${placeholder(fold(String(value)))}::text`);
    case 'caseless': {
      const wanted = caseless(`${placeholder(value)}::text`);
      const condition = textCondition(caseless(sql), operator, wanted);
      if (!index || operator !== 'eq') return condition;
      return `${index.sql} = left(${wanted}, ${index.length}) AND ${condition}`;
    }
  }
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
      throw new Error(`The operator ${operator} does not apply to text.`);
  }
}
