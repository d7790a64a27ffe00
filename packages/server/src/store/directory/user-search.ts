import type pg from 'pg';
import { uuidArray } from '../connections/binary-arrays.ts';
import type { Tx } from '../connections/db.ts';
import { queryByKeys } from '../connections/kept-plans.ts';
import { planForAnyOrganisation } from '../connections/planner.ts';
import { caseless, fold } from '../values/fold.ts';
import type { PageWindow } from '../values/page.ts';

/** SQL conditions on a user `u`. A further value for the statement is added by `push`, which returns its placeholder. */
export type UserConditions = (push: (value: unknown) => string) => string[];

/**
 * If at most so many of 200 users have the trigrams, a search asks the index. If more have them, reading users in order
 * fills a page as fast.
 */
const MOST_OF_SAMPLE = 2;
/** With more users than these, reading all texts in order costs about as much as the index of trigrams. */
const MOST_BY_TRIGRAMS = 4_000;

/**
 * The ids of users who have all words and meet the conditions, in order: one page, and one more if there is one. Each
 * word is a part of a name, the userName or the e-mail address, without regard to case.
 */
export async function searchUsers(
  tx: Tx,
  tenantId: string,
  { words, conditions }: { words: readonly string[]; conditions: UserConditions },
  { limit, after }: PageWindow,
): Promise<string[]> {
  // For an organisation that statistics do not know, any index would do to find users by their ids.
  await planForAnyOrganisation(tx);
  const wanted: UserSearch = { tenantId, words, conditions };
  const part = { limit: limit + 1, after };
  return (await findByTrigrams(tx, wanted, part)) ?? (await readInOrder(tx, wanted, part));
}

interface UserSearch {
  tenantId: string;
  words: readonly string[];
  conditions: UserConditions;
}

interface Part {
  limit: number;
  /** Users up to this id are left out. */
  after: string | null;
}

/**
 * Reads users in order until it has found so many. The two indexes of migration 0028 have the users: each those with texts
 * of its `octet_length`.
 */
async function readInOrder(tx: Tx, wanted: UserSearch, { limit, after }: Part): Promise<string[]> {
  const query = new SearchQuery(wanted, after);
  const count = `${query.push(limit)}::integer`;
  const idsOf = (sign: '<=' | '>') =>
    `(SELECT u.user_id ${query.usersOf(sign)} AND ${query.all} ORDER BY u.user_id LIMIT ${count})`;
  const rows = await query.run<{ userId: string }>(
    tx,
    'users in order',
    `SELECT user_id AS "userId" FROM (${idsOf('<=')} UNION ALL ${idsOf('>')}) AS found ORDER BY user_id LIMIT ${count}`,
  );
  return rows.map(({ userId }) => userId);
}

/** Asks the index of trigrams. Undefined if it is missing, or does not help. */
async function findByTrigrams(
  tx: Tx,
  wanted: UserSearch,
  { limit, after }: Part,
): Promise<string[] | undefined> {
  const query = new SearchQuery(wanted, after);
  // A word that the database folds differently is not looked for by trigrams: a user may have either form of it.
  const { rows: named } = await queryByKeys<{ ids: string[] | null; areAll: boolean }>(
    tx,
    {
      name: 'users with a piece',
      text: `SELECT users_with_piece(search_piece(w.parts, ${MOST_OF_SAMPLE}), w.parts, $3::uuid, CASE WHEN w.are_all THEN $4::integer ELSE $5 END,
                                     $5)::text[] AS ids, w.are_all AS "areAll"
             FROM (SELECT w.parts, NOT $6 AND cardinality(w.parts) = cardinality($1::text[]) AS are_all
                   FROM (SELECT ARRAY(SELECT w.part FROM unnest($1::text[], $2::text[]) AS w (part, word)
                                      WHERE ${caseless('w.word')} = w.part) AS parts) AS w) AS w`,
      values: [wanted.words.map(fold), wanted.words, after, limit, MOST_BY_TRIGRAMS, query.isFiltered],
    },
    wanted.words.length,
  );
  const { ids: having = null, areAll = false } = named[0] ?? {};
  if (having === null) return undefined;
  if (areAll || having.length === 0) return having;
  const rows = await query.run<{ userId: string }>(
    tx,
    'wanted users with a piece',
    `SELECT u.user_id AS "userId" FROM users u
     WHERE u.tenant_id = ${query.tenant} AND u.user_id = ANY (${query.push(uuidArray(having))}::uuid[])
       AND ${[...query.after, query.all].join(' AND ')}
     ORDER BY u.user_id LIMIT ${query.push(limit)}`,
  );
  return rows.map(({ userId }) => userId);
}

/** A statement about the users that are wanted, and its values. */
class SearchQuery {
  readonly values: unknown[] = [];
  readonly tenant: string;
  /** SQL that a user `u` comes after the id, if there is one. */
  readonly after: readonly string[];
  /** SQL that a user `u` is wanted. */
  readonly all: string;
  /** Whether users must meet conditions besides the words. */
  readonly isFiltered: boolean;
  /** What the text of the statement depends on. Undefined if there are many such texts. */
  readonly #kind: string | undefined;

  constructor({ tenantId, words, conditions }: UserSearch, after: string | null) {
    this.tenant = this.push(tenantId);
    this.after = after === null ? [] : [`u.user_id > ${this.push(after)}::uuid`];
    const met = conditions((value) => this.push(value));
    this.all = [...met, ...words.map((word) => hasPart(word, (value) => this.push(value)))].join(' AND ');
    this.isFiltered = met.length > 0;
    if (!this.isFiltered && words.length === 1)
      this.#kind = after === null ? 'from the start' : 'after an id';
  }

  /** Returns the placeholder of a value. */
  push(value: unknown): string {
    return `$${this.values.push(value)}`;
  }

  /** SQL of the users whose texts are short or long. One index of migration 0028 has them. */
  usersOf(sign: '<=' | '>'): string {
    const conditions = [
      `u.tenant_id = ${this.tenant}`,
      `octet_length(u.search_text) ${sign} 1000`,
      ...this.after,
    ];
    return `FROM users u WHERE ${conditions.join(' AND ')}`;
  }

  /** Runs a query. A connection keeps the plans of the usual ones: to plan them takes as long as to run them. */
  async run<Row extends pg.QueryResultRow>(tx: Tx, name: string, text: string): Promise<Row[]> {
    const { rows } =
      this.#kind === undefined
        ? await tx.query<Row>(text, this.values)
        : await queryByKeys<Row>(tx, { name: `${name}, ${this.#kind}`, text, values: this.values }, 1);
    return rows;
  }
}

/**
 * SQL that a user `u` has a part. The application and the database fold a few letters differently. Only such a part is
 * looked for twice. The database folds it once for all users.
 */
function hasPart(part: string, push: (value: unknown) => string): string {
  const folded = `${push(fold(part))}::text`;
  const other = `(SELECT nullif(${caseless(`${push(part)}::text`)}, ${folded}))`;
  return `(strpos(u.search_text, ${folded}) > 0 OR strpos(u.search_text, ${other}) > 0)`;
}
