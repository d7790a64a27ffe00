import type { Tx } from '../connections/db.ts';
import { fold } from '../values/fold.ts';
import { hasWords } from '../values/words.ts';
import type { Person } from './person.ts';

/**
 * Texts that are in others hardly by chance: addresses, full names, also those of three characters and more in scripts without
 * spaces, and long ids.
 */
const DISTINCTIVE = /[@\s]|^(?=.*\d).{8,}$|^[\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{scx=Thai}]{3,}$/u;
/** A shorter user name or number may be a word, or the number of a room. */
const SHORTEST_ID = 6;

/**
 * What names the person as the author of something, folded: the user name and all addresses, the full and the displayed name, and
 * what the audit trail called the user and the accounts before. Names that another user has now are left out.
 */
export async function listNames(
  tx: Tx,
  tenantId: string,
  { userId, addresses }: Person,
  accountIds: readonly string[],
): Promise<string[]> {
  const { rows } = await tx.query<{ name: string }>(
    `SELECT DISTINCT n.name FROM (
       SELECT lower(normalize(unnest(ARRAY[u.display_name, concat_ws(' ', u.first_name, u.last_name)]))) AS name
       FROM users u WHERE u.tenant_id = $1 AND u.user_id = $2::uuid
       UNION ALL SELECT lower(normalize(s.name)) FROM audit_subjects s
       WHERE s.tenant_id = $1 AND (s.kind = 'user' AND s.reference = $2::uuid::text
                                   OR s.kind = 'account' AND s.reference = ANY ($3::text[]))) AS n
     WHERE n.name <> '' AND NOT EXISTS (
       SELECT FROM users o LEFT JOIN user_emails e ON e.tenant_id = o.tenant_id AND e.user_id = o.user_id
       WHERE o.tenant_id = $1 AND o.user_id <> $2::uuid AND n.name IN (o.user_name_folded, o.email_folded, e.value_folded))`,
    [tenantId, userId, accountIds],
  );
  return [...new Set([...addresses, ...rows.map(({ name }) => name)])];
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
export const hasTerm = (text: string, terms: readonly string[]): boolean =>
  terms.some((term) => hasWords(text, term));

/** SQL patterns of texts that contain a term, whole words or not: the database knows letters by its locale alone. */
export const patternsOf = (terms: readonly string[]): string[] =>
  terms.map((term) => `%${term.replace(/[\\%_]/g, '\\$&')}%`);
