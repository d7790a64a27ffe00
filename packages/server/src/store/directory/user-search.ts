import type { Tx } from '../connections/db.ts';
import { caseless, fold } from '../values/fold.ts';
import type { PageWindow } from '../values/page.ts';

/** SQL conditions on a user `u`. A further value for the statement is added by `push`, which returns its placeholder. */
export type UserConditions = (push: (value: unknown) => string) => string[];

/**
 * A search reads so many users in the order of ids first. That fills a page with users of a frequent part, and is all
 * that a small organisation needs.
 */
const READ_FIRST = 5_000;
/**
 * With more users than these, the index of trigrams is not worth its while: in the order of ids, one user in a few dozen
 * of a large organisation has the part.
 */
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
  const wanted: Wanted = { tenantId, words, conditions };
  const first = await readInOrder(tx, wanted, { limit: limit + 1, after, most: READ_FIRST });
  if (first.readTo === null || first.ids.length > limit) return first.ids;
  const rest = { limit: limit + 1 - first.ids.length, after: first.readTo };
  const further = (await findByTrigrams(tx, wanted, rest)) ?? (await readInOrder(tx, wanted, rest)).ids;
  return [...first.ids, ...further];
}

interface Wanted {
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
 * about so many users. `readTo` is the id of the last of them, or null if there are no further users.
 */
async function readInOrder(
  tx: Tx,
  wanted: Wanted,
  { limit, after, most }: Part & { most?: number },
): Promise<{ ids: string[]; readTo: string | null }> {
  const values: unknown[] = [];
  const push = (value: unknown) => `$${values.push(value)}`;
  const tenant = push(wanted.tenantId);
  const start = after === null ? '' : `AND u.user_id > ${push(after)}::uuid`;
  const end =
    most === undefined
      ? 'NULL::uuid'
      : `(SELECT u.user_id FROM users u
          WHERE u.tenant_id = ${tenant} AND octet_length(u.search_text) <= 1000 ${start}
          ORDER BY u.user_id OFFSET ${push(most - 1)} LIMIT 1)`;
  const all = [...wanted.conditions(push), ...wanted.words.map((word) => hasPart(word, push))].join(' AND ');
  const count = push(limit);
  const halves = ['<=', '>'].map(
    (sign) => `(SELECT u.user_id FROM users u
      WHERE u.tenant_id = ${tenant} AND octet_length(u.search_text) ${sign} 1000 ${start}
        AND u.user_id <= coalesce((SELECT read_to FROM part), '${LAST_ID}') AND ${all}
      ORDER BY u.user_id LIMIT ${count})`,
  );
  const { rows } = await tx.query<{ ids: string[]; readTo: string | null }>(
    `WITH part AS MATERIALIZED (SELECT ${end} AS read_to)
     SELECT ARRAY(SELECT f.user_id::text FROM (${halves.join(' UNION ALL ')}) AS f ORDER BY f.user_id LIMIT ${count}) AS ids,
            (SELECT read_to FROM part) AS "readTo"`,
    values,
  );
  return rows[0] ?? { ids: [], readTo: null };
}

/** Undefined if the index of trigrams is missing, or does not help. */
async function findByTrigrams(tx: Tx, wanted: Wanted, { limit, after }: Part): Promise<string[] | undefined> {
  const values: unknown[] = [];
  const push = (value: unknown) => `$${values.push(value)}`;
  const tenant = push(wanted.tenantId);
  const parts = push(wanted.words.map(fold));
  const texts = push(wanted.words);
  const all = [...wanted.conditions(push), ...wanted.words.map((word) => hasPart(word, push))].join(' AND ');
  // A word that the database folds differently is not looked for by trigrams: a user may have either form of it.
  const { rows } = await tx.query<{ ids: string[] | null }>(
    `WITH candidates AS MATERIALIZED (
       SELECT users_by_trigrams(ARRAY(SELECT w.part FROM unnest(${parts}::text[], ${texts}::text[]) AS w (part, word)
                                      WHERE ${caseless('w.word')} = w.part), ${MOST_BY_TRIGRAMS}) AS ids)
     SELECT CASE WHEN (SELECT ids FROM candidates) IS NOT NULL THEN ARRAY(
       SELECT u.user_id::text FROM users u
       WHERE u.tenant_id = ${tenant} AND u.user_id = ANY ((SELECT ids FROM candidates)) AND u.user_id > ${push(after)}
         AND ${all}
       ORDER BY u.user_id LIMIT ${push(limit)}) END AS ids`,
    values,
  );
  return rows[0]?.ids ?? undefined;
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
