import type { Tx } from '../connections/db.ts';
import { planForAnyOrganisation } from '../connections/planner.ts';
import { caseless, fold } from '../values/fold.ts';
import type { PageWindow } from '../values/page.ts';

/** SQL conditions on a user `u`. A further value for the statement is added by `push`, which returns its placeholder. */
export type UserConditions = (push: (value: unknown) => string) => string[];

/**
 * A search reads so many users in the order of ids first. That fills a page with users of a frequent part, and is all
 * that a small organisation needs.
 */
const READ_FIRST = 2_000;
/** If the page is full after so many times READ_FIRST users, reading on costs no more than the index of trigrams. */
const FULL_AFTER = 12;
/** With more users than these, reading all texts in order costs about as much as the index of trigrams. */
const MOST_BY_TRIGRAMS = 4_000;
/** No id is greater. */
const LAST_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

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
  const wanted: UserSearch = { tenantId, words, conditions };
  const first = await readInOrder(tx, wanted, { limit: limit + 1, after, most: READ_FIRST });
  if (first.readTo === null || first.ids.length > limit) return first.ids;
  const rest = { limit: limit + 1 - first.ids.length, after: first.readTo };
  const isFrequent = first.ids.length > limit / FULL_AFTER;
  const found = isFrequent ? undefined : await findByTrigrams(tx, wanted, rest);
  const further = found ?? (await readInOrder(tx, wanted, rest)).ids;
  return [...first.ids, ...further];
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
 * Reads the two indexes of migration 0028, each of which has the texts of its `octet_length`. With `most`, it stops after
 * so many users of the first index. `readTo` is the id of the last of them, or null if there are no further users, or if
 * `limit` users are found.
 */
async function readInOrder(
  tx: Tx,
  wanted: UserSearch,
  { limit, after, most }: Part & { most?: number },
): Promise<{ ids: string[]; readTo: string | null }> {
  const values: unknown[] = [];
  const push = (value: unknown) => `$${values.push(value)}`;
  const tenant = push(wanted.tenantId);
  const start = after === null ? '' : `AND u.user_id > ${push(after)}::uuid`;
  const all = conditionsOn(wanted, push);
  const count = `${push(limit)}::integer`;
  const usersOf = (sign: '<=' | '>') =>
    `FROM users u WHERE u.tenant_id = ${tenant} AND octet_length(u.search_text) ${sign} 1000 ${start}`;
  const read = most === undefined ? '' : `LIMIT ${push(most)}`;
  const end =
    most === undefined
      ? 'NULL'
      : `(SELECT u.user_id ${usersOf('<=')} ORDER BY u.user_id OFFSET ${push(most - 1)} LIMIT 1)`;
  const { rows } = await tx.query<{ ids: string[]; readTo: string | null }>(
    `WITH short AS MATERIALIZED (
       SELECT ARRAY(SELECT u.user_id FROM (SELECT u.* ${usersOf('<=')} ORDER BY u.user_id ${read}) AS u
                    WHERE ${all} LIMIT ${count}) AS ids),
     part AS MATERIALIZED (
       SELECT CASE WHEN cardinality(ids) < ${count} THEN ${end}::uuid END AS read_to FROM short),
     long AS MATERIALIZED (
       SELECT ARRAY(SELECT u.user_id ${usersOf('>')} AND u.user_id <= coalesce((SELECT read_to FROM part), '${LAST_ID}')
                      AND ${all} ORDER BY u.user_id LIMIT ${count}) AS ids)
     SELECT ARRAY(SELECT f.id::text FROM unnest(short.ids || long.ids) AS f (id) ORDER BY f.id LIMIT ${count}) AS ids,
            part.read_to AS "readTo"
     FROM short, part, long`,
    values,
  );
  return rows[0] ?? { ids: [], readTo: null };
}

/** Undefined if the index of trigrams is missing, or does not help. */
async function findByTrigrams(
  tx: Tx,
  wanted: UserSearch,
  { limit, after }: Part,
): Promise<string[] | undefined> {
  // A word that the database folds differently is not looked for by trigrams: a user may have either form of it.
  const { rows: named } = await tx.query<{ ids: string | null }>(
    `SELECT users_by_trigrams(ARRAY(SELECT w.part FROM unnest($1::text[], $2::text[]) AS w (part, word)
                                    WHERE ${caseless('w.word')} = w.part), $3)::text AS ids`,
    [wanted.words.map(fold), wanted.words, MOST_BY_TRIGRAMS],
  );
  const candidates = named[0]?.ids ?? undefined;
  if (candidates === undefined) return undefined;
  if (candidates === '{}') return [];
  // For an organisation that statistics do not know, any index would do to find users by their ids.
  await planForAnyOrganisation(tx);
  const values: unknown[] = [];
  const push = (value: unknown) => `$${values.push(value)}`;
  const { rows } = await tx.query<{ userId: string }>(
    `SELECT u.user_id AS "userId" FROM users u
     WHERE u.tenant_id = ${push(wanted.tenantId)} AND u.user_id = ANY (${push(candidates)}::uuid[])
       AND u.user_id > ${push(after)} AND ${conditionsOn(wanted, push)}
     ORDER BY u.user_id LIMIT ${push(limit)}`,
    values,
  );
  return rows.map(({ userId }) => userId);
}

/** SQL that a user `u` is wanted. */
function conditionsOn({ words, conditions }: UserSearch, push: (value: unknown) => string): string {
  return [...conditions(push), ...words.map((word) => hasPart(word, push))].join(' AND ');
}

/**
 * SQL that a user `u` has a part. The application and the database fold a few letters differently. Only such a part is
 * looked for twice.
 */
function hasPart(part: string, push: (value: unknown) => string): string {
  const folded = `${push(fold(part))}::text`;
  const caselessPart = caseless(`${push(part)}::text`);
  return `(strpos(u.search_text, ${folded}) > 0
    OR (${caselessPart} <> ${folded} AND strpos(u.search_text, ${caselessPart}) > 0))`;
}
