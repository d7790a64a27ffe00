import type { AccountRole } from '../auth/account-roles.ts';
import type { ApiKeyRole } from '../auth/api-keys.ts';
import {
  type KindOfNames,
  type RetentionKindName,
  retentionKind,
  retentionWords,
} from './retention-kinds.ts';

/** Who sees rows of a category through the API: people and keys by role, and identity providers. */
export interface Seers {
  people: readonly AccountRole[];
  keys: readonly ApiKeyRole[];
  identityProvider?: true;
}

export const READERS_OF_DATASETS: Seers = {
  people: ['administrator', 'planner'],
  keys: ['data-warehouse', 'all'],
};
export const READERS_OF_MANAGEMENT: Seers = { people: ['administrator', 'planner'], keys: ['all'] };
export const NOBODY: Seers = { people: [], keys: [] };

/**
 * What one table holds about a person. `columns` and `leftOut` together name every column of the table, so that a new
 * column must be classified before it is released.
 */
export interface Category {
  /** The name of the files in an export, without the ending. */
  name: string;
  /** What it is, in a few words. */
  title: string;
  table: string;
  /** Why the server keeps it. */
  purpose: string;
  /** Where it comes from. */
  source: string;
  /** How long the server keeps it. */
  keptFor: string;
  /** What an erasure of the person does to it. */
  erasure: string;
  /** The kind of data whose retention an administrator sets. `keptFor` then has the default. */
  retention?: RetentionKindName;
  seenBy: Seers;
  /**
   * SQL after `FROM … AS person` that gives the rows of the person, with the table as `t`. `person` has the members of
   * `PersonKeys` as columns.
   */
  from: string;
  /** `from` also gives the rows of pseudonyms in `person.row_ids`. */
  hasPseudonyms?: true;
  /** Columns of the table, and their names in the export. */
  columns: Readonly<Record<string, string>>;
  /** Further members of the export, with their SQL. */
  joined?: Readonly<Record<string, string>>;
  /** Columns that no export has, with the reason. */
  leftOut?: Readonly<Record<string, string>>;
  /** SQL of the order of the rows. */
  order: string;
}

/** What selects the rows of a person, as columns of `person` in `Category.from`. */
export interface PersonKeys {
  tenantId: string;
  userId: string;
  /** The user name and the e-mail address, folded. An account or a log entry with one of them is the person's. */
  names: readonly string[];
  /** `names`, and all further e-mail addresses, folded. */
  addresses: readonly string[];
  /** The person's accounts that belong to no other organisation. */
  ownAccountIds: readonly string[];
}

/** Columns that have one value in all rows of an export, or exist for the database only. */
export const INTERNAL_COLUMNS: Readonly<Record<string, string>> = {
  tenant_id: 'the organisation, which the manifest names',
  written_xid: 'a number of the database: which transaction wrote the row',
  user_id: 'the person, whom the manifest names',
};

export const SECRET = 'secret';
/** A column that another one determines. */
export const DERIVED = 'another form of a column that is in the export, by which the server searches';
export const OF_OTHERS = 'about another person';
export const NO_RIGHT = 'requests have no right to read it';

export const UNLIMITED = 'without limit';

export const DELETED = 'deleted';
/** Rows that statistics need. */
export const PSEUDONYM = 'kept for statistics, under a pseudonym';
/** How long the server keeps rows whose retention an administrator sets. */
export function settable(retention: RetentionKindName, since = ''): Pick<Category, 'keptFor' | 'retention'> {
  const { byDefault } = retentionKind(retention);
  return { keptFor: `${retentionWords(byDefault)}${since} by default (\`${retention}\`)`, retention };
}
/** As `settable`, for rows whose names may end before. */
export function settableWithNames(
  retention: RetentionKindName,
  names: KindOfNames,
): Pick<Category, 'keptFor' | 'retention'> {
  const row = settable(retention);
  return { ...row, keptFor: `the name: ${settable(names).keptFor}; the row: ${row.keptFor}` };
}

/** SQL of the office, level, zone, desk and room of a column of `t`. */
export const nodeOf = (column: string) =>
  `LEFT JOIN node_paths AS node ON node.tenant_id = t.tenant_id AND node.node_id = t.${column}`;
export const NODE_NAMES: Readonly<Record<string, string>> = {
  locationName: 'node.location_name',
  levelName: 'node.level_name',
  zoneName: 'node.zone_name',
  placeName: 'node.place_name',
  spaceName: 'node.space_name',
};
/** SQL of the office of `t.location_id`. */
export const OFFICE =
  'LEFT JOIN nodes AS office ON office.tenant_id = t.tenant_id AND office.node_id = t.location_id';

/** SQL that joins the rows of `table` that name the person. */
export function ofPerson(table: string): string {
  return `JOIN ${table} AS t ON t.tenant_id = person.tenant_id AND t.user_id = person.user_id`;
}

/** The rows of `table` that name the person in `column`, or a pseudonym of the person. `joins` is SQL that follows. */
export function ofPersonOrPseudonyms(
  table: string,
  joins: string,
  column = 'user_id',
): Pick<Category, 'from' | 'hasPseudonyms'> {
  const from = `JOIN ${table} AS t ON t.tenant_id = person.tenant_id AND t.${column} = ANY (person.row_ids) ${joins}`;
  return { from, hasPseudonyms: true };
}

/** SQL: whether a text is one of the names in `list`, a column of `person`. */
export function isOneOf(text: string, list: 'names' | 'addresses'): string {
  return `lower(normalize(${text})) = ANY (person.${list})`;
}
