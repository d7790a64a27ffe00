import type { Tx } from '../connections/db.ts';
import { queryByKeys } from '../connections/kept-plans.ts';
import { planForAnyOrganisation } from '../connections/planner.ts';
import type { Status } from '../directory/nodes.ts';
import { nameOfUser } from '../directory/user-name.ts';
import type { AttributeValue } from '../directory/users.ts';
import { findCandidates } from './scim-candidates.ts';
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

/** A user of the identity provider. */
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
  /** The provisioned groups of the user, ordered by id. */
  groups: { groupId: string; name: string }[];
  /** The id of the last transaction that wrote the user. */
  writtenXid: string;
  /** In PostgreSQL's text format, as is `modifiedAt`. */
  createdAt: string;
  modifiedAt: string;
}

/** SQL of the displayed name of a row `u` of `users`. */
export const SHOWN_NAME = `coalesce(u.display_name, ${nameOfUser('u')})`;

const ADDRESS: FilterColumn = {
  ...ofOneAddress(textColumn('a.value_folded', 'folded')),
  trigrams: 'addresses',
};

/** The attributes by which a client can filter users. */
export const USER_COLUMNS: FilterColumns = {
  id: idColumn('u.user_id = $id'),
  username: named(textColumn('u.user_name_folded', 'folded')),
  externalid: textColumn('u.external_id', 'exact'),
  displayname: named(textColumn(SHOWN_NAME, 'caseless')),
  'name.givenname': named(textColumn('u.first_name', 'caseless')),
  'name.familyname': named(textColumn('u.last_name', 'caseless')),
  emails: ADDRESS,
  'emails.value': ADDRESS,
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

/**
 * All conditions on addresses in one alternative of a filter must hold for the same address. The array of ids
 * lets PostgreSQL find each user by index.
 */
function ofOneAddress(column: FilterColumn): FilterColumn {
  return {
    ...column,
    within:
      'u.user_id = ANY (ARRAY(SELECT a.user_id FROM user_addresses a WHERE a.tenant_id = $1 AND $terms))',
  };
}

/** A column that is one of the texts of `trigram_text`. */
function named(column: FilterColumn): FilterColumn {
  return { ...column, trigrams: 'names' };
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

/** The user with this id. Undefined if there is none, or if the identity provider deleted the user. */
export async function findProvisionedUser(
  tx: Tx,
  tenantId: string,
  userId: string,
): Promise<ProvisionedUser | undefined> {
  const [user] = await listProvisionedUsersById(tx, tenantId, [userId]);
  return user;
}

/** The users with these ids, in no order. Users that the identity provider deleted are left out. */
export async function listProvisionedUsersById(
  tx: Tx,
  tenantId: string,
  userIds: string[],
): Promise<ProvisionedUser[]> {
  const { rows } = await queryByKeys<ProvisionedUser>(
    tx,
    {
      name: 'provisioned users by id',
      text: `SELECT ${COLUMNS} FROM users u
             WHERE u.tenant_id = $1 AND u.user_id = ANY ($2::uuid[]) AND NOT u.deprovisioned`,
      values: [tenantId, userIds],
    },
    userIds.length,
  );
  return rows;
}

/** The number of users that a filter selects, and the users of one page, ordered by creation. */
export async function listProvisionedUsers(
  tx: Tx,
  tenantId: string,
  filter: FilterTerm[][],
  page: { offset: number; limit: number },
): Promise<{ total: number; users: ProvisionedUser[] }> {
  const parameters: unknown[] = [tenantId];
  const candidates = await findCandidates(tx, tenantId, filter, USER_COLUMNS);
  // For an organisation that statistics do not know, any index would do to find users by their ids.
  if (candidates !== undefined) await planForAnyOrganisation(tx);
  const among = candidates === undefined ? undefined : `ANY ($${parameters.push(candidates)}::uuid[])`;
  const condition = filterCondition(filter, USER_COLUMNS, parameters, among && `a.user_id = ${among}`);
  const where = `WHERE u.tenant_id = $1 AND NOT u.deprovisioned ${among ? `AND u.user_id = ${among}` : ''} AND ${condition}`;
  const { rows: counted } = await tx.query<{ total: number }>(
    `SELECT count(*) AS total FROM users u ${where}`,
    parameters,
  );
  const total = counted[0]?.total ?? 0;
  if (page.limit === 0 || page.offset >= total) return { total, users: [] };
  const placeholders = [page.offset, page.limit].map((value) => `$${parameters.push(value)}`);
  // The subquery selects the page first, without a filter from the index alone. Only its users' rows and groups are read.
  const { rows: users } = await tx.query<ProvisionedUser>(
    `SELECT ${COLUMNS}
     FROM users u
     WHERE u.tenant_id = $1 AND u.user_id = ANY (ARRAY(
       SELECT u.user_id FROM users u ${where}
       ORDER BY u.created_at, u.user_id OFFSET ${placeholders[0]} LIMIT ${placeholders[1]}))
     ORDER BY u.created_at, u.user_id`,
    parameters,
  );
  return { total, users };
}
