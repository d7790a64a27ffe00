import type { Tx } from '../connections/db.ts';
import { fold } from '../values/fold.ts';

/** An e-mail address of a user (RFC 7643 section 4.1.2), with the members that the identity provider sent. */
export interface UserEmail {
  value: string;
  type?: string;
  primary?: boolean;
  display?: string;
}

/** The addresses of a user. `main` is the index of the one in `users.email`. */
export interface UserEmails {
  emails: UserEmail[];
  main: number;
}

/** SQL of the addresses of a row `u` of `users`, as JSON. */
export const EMAILS_AS_JSON = `coalesce(
  (SELECT json_agg(json_strip_nulls(json_build_object('value', a.value, 'type', a.type, 'primary', a.is_primary,
                                                      'display', a.display)) ORDER BY a.position)
   FROM user_addresses a WHERE a.tenant_id = u.tenant_id AND a.user_id = u.user_id), '[]')`;

/**
 * Replaces the rows of `user_emails`, by user id. A user whose only address is primary and of type work needs
 * no row. Needs the directory lock.
 */
export async function replaceUserEmails(
  tx: Tx,
  tenantId: string,
  users: ReadonlyMap<string, UserEmails>,
  at: Date,
): Promise<void> {
  if (users.size === 0) return;
  const userIds = [...users.keys()];
  await tx.query('DELETE FROM user_emails WHERE tenant_id = $1 AND user_id = ANY ($2::uuid[])', [
    tenantId,
    userIds,
  ]);
  const rows = [...users].flatMap(([userId, { emails, main }]) =>
    isUsual(emails)
      ? []
      : emails.map((email, position) => ({ ...email, userId, position, isMain: position === main })),
  );
  if (rows.length > 0) {
    await tx.query(
      `INSERT INTO user_emails (tenant_id, user_id, position, value, value_folded, type, type_folded, is_primary, display)
       SELECT $1, r.* FROM unnest($2::uuid[], $3::integer[], $4::text[], $5::text[], $6::text[], $7::text[], $8::boolean[],
                                  $9::text[]) AS r`,
      [
        tenantId,
        rows.map(({ userId }) => userId),
        rows.map(({ position }) => position),
        rows.map(({ isMain, value }) => (isMain ? null : value)),
        rows.map(({ isMain, value }) => (isMain ? null : fold(value))),
        rows.map(({ type }) => type ?? null),
        rows.map(({ type }) => (type === undefined ? null : fold(type))),
        rows.map(({ primary }) => primary ?? null),
        rows.map(({ display }) => display ?? null),
      ],
    );
  }
  await tx.query('UPDATE users SET modified_at = $3 WHERE tenant_id = $1 AND user_id = ANY ($2::uuid[])', [
    tenantId,
    userIds,
    at,
  ]);
}

/** Whether `users.email` alone says the same as `emails`. */
export function isUsual(emails: UserEmail[]): boolean {
  const [email, ...others] = emails;
  if (email === undefined) return true;
  return (
    others.length === 0 && email.type === 'work' && email.primary === true && email.display === undefined
  );
}
