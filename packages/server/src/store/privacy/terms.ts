import type { Tx } from '../connections/db.ts';
import { caseless, fold } from '../values/fold.ts';
import { hasWords } from '../values/words.ts';
import type { Person } from './person.ts';

/** Characters of scripts without spaces. */
const UNSPACED = String.raw`[\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{scx=Thai}]`;
const IS_UNSPACED = new RegExp(`^${UNSPACED}+$`, 'u');
/**
 * Texts that are in others hardly by chance: addresses, full names, also those of three characters and more in scripts without
 * spaces, and long ids.
 */
const DISTINCTIVE = new RegExp(`[@\\s]|^(?=.*\\d).{8,}$|^${UNSPACED}{3,}$`, 'u');
/** A shorter user name or number may be a word, or the number of a room. */
const SHORTEST_ID = 6;

/** A folded text with one blank where it has several, and a blank after each comma alone. */
export const spaced = (text: string): string =>
  text
    .replace(/\s*,\s*/g, ', ')
    .replace(/\s+/g, ' ')
    .trim();

/** SQL of a text as `fold` and `spaced` have it, by the database's own rules. */
export const spacedText = (sql: string): string =>
  String.raw`btrim(regexp_replace(regexp_replace(${caseless(sql)}, '\s*,\s*', ', ', 'g'), '\s+', ' ', 'g'))`;

/** A full name, folded, as people write it: *Ada Lovelace*, *Lovelace Ada* and *Lovelace, Ada*, and as one word in scripts without spaces. */
function spellings(first: string, last: string): string[] {
  if (first === '' || last === '') return [first || last];
  const isUnspaced = IS_UNSPACED.test(first) && IS_UNSPACED.test(last);
  return [
    ...[`${first} ${last}`, `${last} ${first}`, `${last}, ${first}`],
    ...(isUnspaced ? [`${last}${first}`, `${first}${last}`] : []),
  ];
}

/** The spellings of a folded name that does not say which part is the last name: the one before a comma, else the last word. */
function spellingsOf(name: string): string[] {
  const text = spaced(name);
  const [, last, first] = /^([^,@]+), ([^,@]+)$/.exec(text) ?? [];
  if (last && first) return spellings(first, last);
  const [, before, word] = /^([^,@]+) ([^,@ ]+)$/.exec(text) ?? [];
  return before && word ? spellings(before, word) : [];
}

/**
 * What names the person as the author of something, folded: the user name and all addresses, the full and the displayed name, and
 * what the audit trail called the user and the accounts before; names also in their other spellings. Names that another user has now
 * are left out.
 */
export async function listNames(
  tx: Tx,
  tenantId: string,
  { userId, addresses }: Person,
  accountIds: readonly string[],
): Promise<string[]> {
  const { rows } = await tx.query<{ first: string; last: string; name: string }>(
    `SELECT coalesce(u.first_name, '') AS first, coalesce(u.last_name, '') AS last, coalesce(u.display_name, '') AS name
     FROM users u WHERE u.tenant_id = $1 AND u.user_id = $2::uuid
     UNION ALL SELECT '', '', s.name FROM audit_subjects s
     WHERE s.tenant_id = $1 AND s.name IS NOT NULL AND (s.kind = 'user' AND s.reference = $2::uuid::text
                                 OR s.kind = 'account' AND s.reference = ANY ($3::text[]))`,
    [tenantId, userId, accountIds],
  );
  const spelt = rows.flatMap(({ first, last, name }) => [
    ...[fold(name), spaced(fold(name)), fold(`${first} ${last}`).trim()],
    ...spellings(spaced(fold(first)), spaced(fold(last))),
    ...spellingsOf(fold(name)),
  ]);
  const { rows: own } = await tx.query<{ name: string }>(
    `SELECT DISTINCT n.name FROM unnest($3::text[]) AS n (name)
     WHERE n.name <> '' AND NOT EXISTS (
       SELECT FROM users o LEFT JOIN user_emails e ON e.tenant_id = o.tenant_id AND e.user_id = o.user_id
       WHERE o.tenant_id = $1 AND o.user_id <> $2::uuid AND n.name IN (o.user_name_folded, o.email_folded, e.value_folded))`,
    [tenantId, userId, spelt],
  );
  return [...new Set([...addresses, ...addresses.map(spaced), ...own.map(({ name }) => name)])];
}

/**
 * What names the person within longer texts, folded: the id, and of the names and other ids those that no text has by chance. The
 * user name counts unless it is another user's now.
 */
export function termsOf(
  { userId, userName, externalId, employeeNumber }: Person,
  names: readonly string[],
): string[] {
  const ids = [externalId, employeeNumber].flatMap((id) => (id === null ? [] : [fold(id)]));
  const ofUser = [...ids, ...names.filter((name) => name === fold(userName))];
  const terms = new Set([...names, ...ids]);
  const isLong = (term: string) => ofUser.includes(term) && Array.from(term).length >= SHORTEST_ID;
  return [userId, ...[...terms].filter((term) => DISTINCTIVE.test(term) || isLong(term))];
}

/** Whether a folded text has a term as whole words: "Ann Lee" is not in "Joann Lee". */
export function hasTerm(text: string, terms: readonly string[]): boolean {
  const words = spaced(text);
  return terms.some((term) => hasWords(words, spaced(term)));
}

/** SQL of the texts of a row as one text, folded. No term goes from one into the next. */
export const textOf = (...columns: string[]): string => caseless(`concat_ws(' | ', ${columns.join(', ')})`);

/** SQL patterns of texts that may contain a term, whole words or not: the database knows letters and blanks by its locale alone. */
export const patternsOf = (terms: readonly string[]): string[] =>
  terms.map((term) => `%${term.replace(/[\\%_]/g, '\\$&').replace(/\s*,\s*|\s+/g, '%')}%`);
