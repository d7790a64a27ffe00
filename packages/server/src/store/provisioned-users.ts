import type { Tx } from './db.ts';
import type { Status } from './nodes.ts';
import {
  booleanColumn,
  type FilterColumn,
  type FilterColumns,
  type FilterTerm,
  filterCondition,
  idColumn,
  textColumn,
  timeColumn,
} from './scim-filter.ts';
import { EMAILS_AS_JSON, type UserEmail } from './user-emails.ts';
import type { AttributeValue } from './users.ts';

/** A person as an identity provider keeps them. */
export interface ProvisionedUser {
  userId: string;
  externalId: string | null;
  userName: string;
  displayName: string | null;
  firstName: string | null;
  lastName: string | null;
  /** The address that events match: one of `emails`. */
  email: string | null;
  emails: UserEmail[];
  status: Status;
  attributes: Record<string, AttributeValue>;
  /** The provisioned groups that the person is in, in the order of their ids. */
  groups: { groupId: string; name: string }[];
  /** The transaction that wrote the person last. */
  writtenXid: string;
  /** As PostgreSQL writes instants. */
  createdAt: string;
  modifiedAt: string;
}

/** A person's name as it is shown, of the row `u`. */
export const SHOWN_NAME = `coalesce(u.display_name, nullif(concat_ws(' ', u.first_name, u.last_name), ''), u.user_name)`;

/** What people can be filtered by. */
export const USER_COLUMNS: FilterColumns = {
  id: idColumn('u.user_id = $id'),
  username: textColumn('u.user_name_folded', 'folded'),
  externalid: textColumn('u.external_id', 'exact'),
  displayname: textColumn(SHOWN_NAME, 'caseless'),
  'name.givenname': textColumn('u.first_name', 'caseless'),
  'name.familyname': textColumn('u.last_name', 'caseless'),
  emails: ofOneAddress(textColumn('a.value_folded', 'folded')),
  'emails.value': ofOneAddress(textColumn('a.value_folded', 'folded')),
  'emails.type': ofOneAddress(textColumn('a.type_folded', 'folded')),
  'emails.primary': ofOneAddress(booleanColumn('coalesce(a.is_primary, false)')),
  'emails.display': ofOneAddress(textColumn('a.display', 'caseless')),
  active: booleanColumn(`u.status = 'active'`),
  employeenumber: {
    ...attributeColumn('employeeNumber'),
    index: { sql: 'u.employee_number_folded', length: 400 },
  },
  costcenter: attributeColumn('costCenter'),
  organization: attributeColumn('organization'),
  division: attributeColumn('division'),
  department: attributeColumn('department'),
  manager: attributeColumn('manager'),
  'manager.value': attributeColumn('manager'),
  'meta.created': timeColumn('u.created_at'),
  'meta.lastmodified': timeColumn('greatest(u.created_at, u.modified_at)'),
};

/** All that an alternative of a filter says of addresses must be true of one of them. The ids come first, so that an index finds each. */
function ofOneAddress(column: FilterColumn): FilterColumn {
  return {
    ...column,
    within:
      'u.user_id = ANY (ARRAY(SELECT a.user_id FROM user_addresses a WHERE a.tenant_id = $1 AND $terms))',
  };
}

function attributeColumn(name: string): FilterColumn {
  return textColumn(`u.attributes->>'${name}'`, 'caseless');
}

const COLUMNS = `u.user_id AS "userId", u.external_id AS "externalId", u.user_name AS "userName",
  u.display_name AS "displayName", u.first_name AS "firstName", u.last_name AS "lastName", u.email,
  ${EMAILS_AS_JSON} AS emails, u.status, u.attributes, u.written_xid::text AS "writtenXid",
  u.created_at::text AS "createdAt", greatest(u.created_at, u.modified_at)::text AS "modifiedAt",
  coalesce((SELECT json_agg(json_build_object('groupId', g.group_id, 'name', g.name) ORDER BY g.group_id)
            FROM group_members m JOIN groups g ON g.tenant_id = m.tenant_id AND g.group_id = m.group_id
            WHERE m.tenant_id = u.tenant_id AND m.user_id = u.user_id AND g.provisioned AND g.status = 'active'),
           '[]') AS groups`;

/** The person with this id; nobody whom the identity provider deleted, unless `deprovisioned` asks for them. */
export async function findProvisionedUser(
  tx: Tx,
  tenantId: string,
  userId: string,
  { deprovisioned = false } = {},
): Promise<ProvisionedUser | undefined> {
  const { rows } = await tx.query<ProvisionedUser>(
    `SELECT ${COLUMNS} FROM users u WHERE u.tenant_id = $1 AND u.user_id = $2 AND (NOT u.deprovisioned OR $3)`,
    [tenantId, userId, deprovisioned],
  );
  return rows[0];
}

/** How many people a filter selects, and those of one page, in the order of their ids. */
export async function listProvisionedUsers(
  tx: Tx,
  tenantId: string,
  filter: FilterTerm[][],
  page: { offset: number; limit: number },
): Promise<{ total: number; users: ProvisionedUser[] }> {
  const parameters: unknown[] = [tenantId];
  const where = `WHERE u.tenant_id = $1 AND NOT u.deprovisioned AND ${filterCondition(filter, USER_COLUMNS, parameters)}`;
  const { rows: counted } = await tx.query<{ total: number }>(
    `SELECT count(*) AS total FROM users u ${where}`,
    parameters,
  );
  const total = counted[0]?.total ?? 0;
  if (page.limit === 0 || page.offset >= total) return { total, users: [] };
  const places = [page.offset, page.limit].map((value) => `$${parameters.push(value)}`);
  // Within, so that the groups are looked up of those on the page only.
  const { rows: users } = await tx.query<ProvisionedUser>(
    `SELECT ${COLUMNS}
     FROM (SELECT * FROM users u ${where} ORDER BY u.user_id OFFSET ${places[0]} LIMIT ${places[1]}) AS u
     ORDER BY u.user_id`,
    parameters,
  );
  return { total, users };
}

/** Who has what is to be unique. */
export interface Holder {
  member: 'userName' | 'externalId' | 'email';
  userId: string;
  deprovisioned: boolean;
}

/** Who has this userName (in any case), this externalId, or, being active, this e-mail address. */
export async function findHolders(
  tx: Tx,
  tenantId: string,
  {
    userNameFolded,
    externalId,
    email,
  }: { userNameFolded: string; externalId: string | null; email: string | null },
): Promise<Holder[]> {
  const { rows } = await tx.query<Holder>(
    `SELECT 'userName' AS member, user_id AS "userId", deprovisioned FROM users
     WHERE tenant_id = $1 AND user_name_folded = $2
     UNION ALL SELECT 'externalId', user_id, deprovisioned FROM users WHERE tenant_id = $1 AND external_id = $3
     UNION ALL SELECT 'email', user_id, deprovisioned FROM users
     WHERE tenant_id = $1 AND email = $4 AND status = 'active'`,
    [tenantId, userNameFolded, externalId, email],
  );
  return rows;
}

/** Sets what only identity providers keep; whoever they deleted is there again. What is so already is not written. */
export async function updateProvisionedUser(
  tx: Tx,
  tenantId: string,
  { userId, externalId, displayName }: Pick<ProvisionedUser, 'userId' | 'externalId' | 'displayName'>,
  at: Date,
): Promise<void> {
  await tx.query(
    `UPDATE users SET external_id = $3, display_name = $4, deprovisioned = false, modified_at = $5
     WHERE tenant_id = $1 AND user_id = $2
       AND (external_id, display_name, deprovisioned) IS DISTINCT FROM ($3, $4, false)`,
    [tenantId, userId, externalId, displayName, at],
  );
}

/**
 * Makes an inactive user one whom the identity provider does not find: without its id, and in none of its
 * groups. Needs the directory lock.
 */
export async function deprovisionUser(tx: Tx, tenantId: string, userId: string): Promise<void> {
  await tx.query(
    'UPDATE users SET deprovisioned = true, external_id = NULL WHERE tenant_id = $1 AND user_id = $2',
    [tenantId, userId],
  );
  await tx.query(
    `WITH gone AS (
       DELETE FROM group_members m USING groups g
       WHERE m.tenant_id = $1 AND m.user_id = $2 AND g.tenant_id = $1 AND g.group_id = m.group_id AND g.provisioned
       RETURNING m.group_id
     )
     UPDATE groups g SET written_xid = g.written_xid FROM gone WHERE g.tenant_id = $1 AND g.group_id = gone.group_id`,
    [tenantId, userId],
  );
}
