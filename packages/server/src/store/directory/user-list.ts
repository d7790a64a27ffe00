import type { Tx } from '../connections/db.ts';
import { caseless, fold } from '../values/fold.ts';
import type { PageWindow } from '../values/page.ts';
import type { AttributeValue, UserRow } from './users.ts';

/** A user with the related rows: primary location, groups, attributes and desks. */
export interface UserDetails extends Omit<UserRow, 'userNameFolded' | 'emailFolded' | 'deprovisioned'> {
  primaryLocationName: string | null;
  primaryGroupId: string | null;
  attributes: Record<string, AttributeValue>;
  /** The user's assigned desks, retired or not, ordered by id. */
  assignedDeskIds: string[];
  /** The id that the identity provider gave the user. */
  externalId: string | null;
  /** Whether the identity provider deleted the user. `deletedAt` is null if the time is unknown. */
  deleted: boolean;
  deletedAt: Date | null;
}

export interface UserFilter {
  /** In lower case. Null selects no user, undefined all users. */
  userId?: string | null | undefined;
  /** The primary location. Null and undefined mean the same as for `userId`. */
  locationId?: string | null | undefined;
  /** Without regard to case. PostgreSQL must be able to hold the text. The same holds for `email`. */
  userName?: string | undefined;
  email?: string | undefined;
  status?: string | undefined;
  deleted?: boolean | undefined;
  /** Each of these is a part of a name, the userName or the e-mail address, without regard to case. */
  words?: readonly string[] | undefined;
}

/** The users who pass the filter, ordered by id: one page, and one more user if there is one. */
export async function listUsers(
  tx: Tx,
  tenantId: string,
  { userId, locationId, userName, email, status, deleted, words = [] }: UserFilter,
  { limit, after }: PageWindow,
): Promise<UserDetails[]> {
  if (userId === null || locationId === null) return [];
  const values: unknown[] = [
    tenantId,
    userId ?? null,
    locationId ?? null,
    userName === undefined ? null : fold(userName),
    email === undefined ? null : fold(email),
    status ?? null,
    deleted ?? null,
    after,
    limit + 1,
  ];
  const { rows } = await tx.query<UserDetails>(
    `SELECT u.user_id AS "userId", u.user_name AS "userName", u.email, u.first_name AS "firstName",
            u.last_name AS "lastName", u.onboarded, u.status, u.primary_location_id AS "primaryLocationId",
            o.name AS "primaryLocationName", u.primary_group_id AS "primaryGroupId", u.attributes,
            ARRAY(SELECT a.place_id::text FROM desk_assignments a
                  WHERE a.tenant_id = u.tenant_id AND a.user_id = u.user_id ORDER BY a.place_id) AS "assignedDeskIds",
            u.external_id AS "externalId", u.deprovisioned AS deleted, u.deprovisioned_at AS "deletedAt"
     FROM users u
     LEFT JOIN nodes o ON o.tenant_id = u.tenant_id AND o.node_id = u.primary_location_id
     WHERE u.tenant_id = $1 AND ${words.length === 0 ? CONDITIONS : oneOfFound(words, values)}
     ORDER BY u.user_id LIMIT $9`,
    values,
  );
  return rows;
}

const CONDITIONS = `($2::uuid IS NULL OR u.user_id = $2)
  AND ($3::uuid IS NULL OR u.primary_location_id = $3)
  AND ($4::text IS NULL OR u.user_name_folded = $4) AND ($5::text IS NULL OR u.email_folded = $5)
  AND ($6::text IS NULL OR u.status = $6) AND ($7::boolean IS NULL OR u.deprovisioned = $7)
  AND ($8::uuid IS NULL OR u.user_id > $8)`;

/**
 * SQL that a user `u` is one of the page whose users have all words. Adds the compared texts to `values`. The ids of
 * the page come from the two indexes of migration 0028, each of which has the texts of its `octet_length`.
 */
function oneOfFound(words: readonly string[], values: unknown[]): string {
  const parts = words.map((word) => hasPart(word, values)).join(' AND ');
  const found = ['<=', '>'].map(
    (sign) => `(SELECT u.user_id FROM users u
      WHERE u.tenant_id = $1 AND octet_length(u.search_text) ${sign} 1000 AND ${CONDITIONS} AND ${parts}
      ORDER BY u.user_id LIMIT $9)`,
  );
  return `u.user_id = ANY (ARRAY(${found.join(' UNION ALL ')}))`;
}

/**
 * SQL that a user `u` has a part. Adds the compared texts to `values`. The application and the database fold a few
 * letters differently. Only such a part is looked for twice.
 */
function hasPart(part: string, values: unknown[]): string {
  const folded = `$${values.push(fold(part))}::text`;
  const caselessPart = caseless(`$${values.push(part)}::text`);
  return `(strpos(u.search_text, ${folded}) > 0
    OR (${caselessPart} <> ${folded} AND strpos(u.search_text, ${caselessPart}) > 0))`;
}
