import { uuidArray } from '../connections/binary-arrays.ts';
import type { Tx } from '../connections/db.ts';
import { queryByKeys } from '../connections/kept-plans.ts';
import { cardTextDigest } from '../values/digest.ts';
import { fold } from '../values/fold.ts';
import type { PageWindow } from '../values/page.ts';
import { searchUsers, type UserConditions } from './user-search.ts';
import type { AttributeValue, UserRow } from './users.ts';

/** A user with the related rows: primary location, groups, attributes and desks. */
export interface UserDetails extends Omit<UserRow, 'userNameFolded' | 'emailFolded' | 'deprovisioned'> {
  primaryLocationName: string | null;
  primaryGroupId: string | null;
  primaryGroupName: string | null;
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
  /** The number or scan data of one of the user's cards, as a reader sends it. The card may be inactive. */
  card?: string | undefined;
  /** Each of these is a part of a name, the userName or the e-mail address, without regard to case. */
  words?: readonly string[] | undefined;
}

/** The users who pass the filter, ordered by id: one page, and one more user if there is one. */
export async function listUsers(
  tx: Tx,
  tenantId: string,
  { words = [], ...filter }: UserFilter,
  { limit, after }: PageWindow,
): Promise<UserDetails[]> {
  if (filter.userId === null || filter.locationId === null) return [];
  const conditions = conditionsOf(filter);
  const values: unknown[] = [];
  const push = (value: unknown) => `$${values.push(value)}`;
  const tenant = push(tenantId);
  let where: string[];
  let found: string[] | undefined;
  if (words.length === 0)
    where = [
      'u.pseudonym_year IS NULL',
      ...conditions(push),
      ...(after === null ? [] : [`u.user_id > ${push(after)}`]),
    ];
  else {
    found = await searchUsers(tx, tenantId, { words, conditions }, { limit, after });
    if (found.length === 0) return [];
    where = [`u.user_id = ANY (${push(uuidArray(found))}::uuid[])`];
  }
  const text = `SELECT u.user_id AS "userId", u.user_name AS "userName", u.email, u.first_name AS "firstName",
            u.last_name AS "lastName", u.onboarded, u.status, u.primary_location_id AS "primaryLocationId",
            o.name AS "primaryLocationName", u.primary_group_id AS "primaryGroupId", g.name AS "primaryGroupName",
            u.attributes,
            ARRAY(SELECT a.place_id::text FROM desk_assignments a
                  WHERE a.tenant_id = u.tenant_id AND a.user_id = u.user_id ORDER BY a.place_id) AS "assignedDeskIds",
            u.external_id AS "externalId", u.deprovisioned AS deleted, u.deprovisioned_at AS "deletedAt"
     FROM users u
     LEFT JOIN nodes o ON o.tenant_id = u.tenant_id AND o.node_id = u.primary_location_id
     LEFT JOIN groups g ON g.tenant_id = u.tenant_id AND g.group_id = u.primary_group_id
     WHERE ${[`u.tenant_id = ${tenant}`, ...where].join(' AND ')}
     ORDER BY u.user_id LIMIT ${push(limit + 1)}`;
  const { rows } = found
    ? await queryByKeys<UserDetails>(tx, { name: 'users found', text, values }, found.length)
    : await tx.query<UserDetails>(text, values);
  return rows;
}

/** The conditions of a filter without words. */
function conditionsOf({
  userId,
  locationId,
  userName,
  email,
  status,
  deleted,
  card,
}: UserFilter): UserConditions {
  const wanted: [sql: string, type: string, value: unknown][] = [
    ['u.user_id', 'uuid', userId],
    ['u.primary_location_id', 'uuid', locationId],
    ['u.user_name_folded', 'text', userName === undefined ? undefined : fold(userName)],
    ['u.email_folded', 'text', email === undefined ? undefined : fold(email)],
    ['u.status', 'text', status],
    ['u.deprovisioned', 'boolean', deleted],
  ];
  const given = wanted.filter(([, , value]) => value !== undefined);
  return (push) => [
    ...given.map(([sql, type, value]) => `${sql} = ${push(value)}::${type}`),
    ...(card === undefined ? [] : [hasCard(push(cardTextDigest(card)))]),
  ];
}

/** SQL that a user `u` has a card of this digest. The database looks the card up once, before it reads users. */
function hasCard(digest: string): string {
  return `u.user_id = ANY (ARRAY(
    SELECT c.user_id FROM access_credentials c
    WHERE c.tenant_id = current_tenant_id() AND c.card_number_digest = ${digest}::uuid
    UNION
    SELECT c.user_id FROM access_credential_scans s
    JOIN access_credentials c ON c.tenant_id = s.tenant_id AND c.card_digest = s.card_digest
    WHERE s.tenant_id = current_tenant_id() AND s.scan_digest = ${digest}::uuid))`;
}
