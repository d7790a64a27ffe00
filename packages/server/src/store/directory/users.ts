import { uuidArray } from '../connections/binary-arrays.ts';
import type { Tx } from '../connections/db.ts';
import { queryByKeys } from '../connections/kept-plans.ts';
import { nextCreationTime } from './creation-time.ts';
import type { Status } from './nodes.ts';

/** A user with all members. Ids are in lower case. Members named `…Folded` are results of `fold`. */
export interface UserRow {
  userId: string;
  userName: string;
  userNameFolded: string;
  email: string | null;
  emailFolded: string | null;
  firstName: string | null;
  lastName: string | null;
  onboarded: boolean;
  status: Status;
  primaryLocationId: string | null;
  /**
   * The identity provider deleted the user, and nobody has made the user active since. Inserts and updates
   * ignore it.
   */
  deprovisioned: boolean;
}

/** A user as the writer of users reads and writes it. */
export interface WritableUser extends UserRow {
  /** Only identity providers set these two. */
  externalId: string | null;
  displayName: string | null;
}

/** A user to insert. Without attributes, the user has none. */
export interface NewUser extends WritableUser {
  attributes?: AttributePatch | undefined;
}

const SELECT = `SELECT user_id AS "userId", user_name AS "userName", user_name_folded AS "userNameFolded", email,
  email_folded AS "emailFolded", first_name AS "firstName", last_name AS "lastName", onboarded, status,
  primary_location_id AS "primaryLocationId", deprovisioned, external_id AS "externalId",
  display_name AS "displayName" FROM users`;

/** Those of `userIds` that are pseudonyms. No other function of this file returns them. */
export async function listPseudonymsAmong(
  tx: Tx,
  tenantId: string,
  userIds: string[],
): Promise<ReadonlySet<string>> {
  if (userIds.length === 0) return new Set();
  const { rows } = await tx.query<{ userId: string }>(
    `SELECT user_id AS "userId" FROM users
     WHERE tenant_id = $1 AND user_id = ANY ($2::uuid[]) AND pseudonym_year IS NOT NULL`,
    [tenantId, userIds],
  );
  return new Set(rows.map(({ userId }) => userId));
}

/** The users with one of `userIds`, of any status, in no order. */
export async function listUsersById(tx: Tx, tenantId: string, userIds: string[]): Promise<UserRow[]> {
  if (userIds.length === 0) return [];
  const { rows } = await tx.query<WritableUser>(
    `${SELECT} WHERE tenant_id = $1 AND user_id = ANY($2::uuid[]) AND pseudonym_year IS NULL`,
    [tenantId, userIds],
  );
  return rows;
}

/** Values by which users are found. Names are folded. */
export interface UserKeys {
  userIds?: string[];
  namesFolded?: string[];
  emails?: string[];
  externalIds?: string[];
}

/**
 * The users, of any status, with one of the ids or userNames, the active users with exactly one of the e-mail addresses,
 * and the deleted users with one of the externalIds. The last deleted comes first.
 */
export async function listUsersLike(
  tx: Tx,
  tenantId: string,
  { userIds = [], namesFolded = [], emails = [], externalIds = [] }: UserKeys,
): Promise<WritableUser[]> {
  const keys = userIds.length + namesFolded.length + emails.length + externalIds.length;
  if (keys === 0) return [];
  const { rows } = await queryByKeys<WritableUser>(
    tx,
    {
      name: 'users like',
      // The array of ids lets PostgreSQL find each user by index, and names each user once.
      text: `${SELECT} WHERE tenant_id = $1 AND user_id = ANY (ARRAY(
               SELECT unnest($2::uuid[])
               UNION ALL SELECT user_id FROM users WHERE tenant_id = $1 AND user_name_folded = ANY ($3::text[])
               UNION ALL SELECT user_id FROM users
               WHERE tenant_id = $1 AND email = ANY ($4::text[]) AND status = 'active'
               UNION ALL SELECT user_id FROM users
               WHERE tenant_id = $1 AND external_id = ANY ($5::text[]) AND deprovisioned)) AND pseudonym_year IS NULL
             ORDER BY deprovisioned_at DESC NULLS LAST, user_id`,
      values: [tenantId, userIds, namesFolded, emails, externalIds],
    },
    keys,
  );
  return rows;
}

/**
 * Locks users in the order of their ids and returns the status of those that exist. Until the transaction
 * ends, no other transaction changes these users or their days.
 */
export async function lockUsers(tx: Tx, tenantId: string, userIds: string[]): Promise<Map<string, Status>> {
  if (userIds.length === 0) return new Map();
  const { rows } = await queryByKeys<{ userId: string; status: Status }>(
    tx,
    {
      name: 'lock users',
      text: `SELECT user_id AS "userId", status FROM users
             WHERE tenant_id = $1 AND user_id = ANY ($2::uuid[]) AND pseudonym_year IS NULL
             ORDER BY user_id FOR NO KEY UPDATE`,
      values: [tenantId, uuidArray(userIds)],
    },
    userIds.length,
  );
  return new Map(rows.map(({ userId, status }) => [userId, status]));
}

const ROWS = `unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
  $9::boolean[], $10::text[], $11::uuid[], $12::text[], $13::text[]`;
const NAMES = `user_id, user_name, user_name_folded, email, email_folded, first_name, last_name, onboarded, status,
  primary_location_id, external_id, display_name`;

/**
 * Inserts users. They are created at `at`, but later than all existing users (`nextCreationTime`). Throws a
 * unique violation if an id, a userName or an active e-mail address is taken. Needs the directory lock.
 */
export async function insertUsers(tx: Tx, tenantId: string, users: NewUser[], at: Date): Promise<void> {
  if (users.length === 0) return;
  await queryByKeys(
    tx,
    {
      name: 'insert users',
      text: `INSERT INTO users (tenant_id, ${NAMES}, attributes, created_at)
             SELECT $1::uuid, ${NAMES}, coalesce(attributes, '{}'), ${nextCreationTime('users', '$15')}
             FROM ${ROWS}, $14::jsonb[]) AS r (${NAMES}, attributes)`,
      values: [
        ...parameters(tenantId, users),
        users.map(({ attributes }) => (attributes ? asJson(attributes) : null)),
        at,
      ],
    },
    users.length,
  );
}

/**
 * Updates all columns of existing users, as modified at `at`. Throws a unique violation if a userName or an
 * active e-mail address is taken. This includes a value that another of `users` would give up.
 */
export async function updateUsers(tx: Tx, tenantId: string, users: WritableUser[], at: Date): Promise<void> {
  if (users.length === 0) return;
  await queryByKeys(
    tx,
    {
      name: 'update users',
      text: `UPDATE users u SET user_name = r.user_name, user_name_folded = r.user_name_folded, email = r.email,
               email_folded = r.email_folded, first_name = r.first_name, last_name = r.last_name,
               onboarded = r.onboarded, status = r.status, primary_location_id = r.primary_location_id,
               external_id = r.external_id, display_name = r.display_name, modified_at = $14
             FROM ${ROWS}) AS r (${NAMES}) WHERE u.tenant_id = $1 AND u.user_id = ANY ($2) AND u.user_id = r.user_id`,
      values: [...parameters(tenantId, users), at],
    },
    users.length,
  );
}

function parameters(tenantId: string, users: WritableUser[]): unknown[] {
  return [
    tenantId,
    users.map((user) => user.userId),
    users.map((user) => user.userName),
    users.map((user) => user.userNameFolded),
    users.map((user) => user.email),
    users.map((user) => user.emailFolded),
    users.map((user) => user.firstName),
    users.map((user) => user.lastName),
    users.map((user) => user.onboarded),
    users.map((user) => user.status),
    users.map((user) => user.primaryLocationId),
    users.map((user) => user.externalId),
    users.map((user) => user.displayName),
  ];
}

/** The values by which events name a user. */
export interface UserIdentity {
  userId: string;
  userName: string;
  email: string | null;
}

/** The values by which a user is found without regard to case. */
export interface FoldedIdentity extends UserIdentity {
  userNameFolded: string;
  emailFolded: string | null;
}

/** The value of an attribute. */
export type AttributeValue = string | number | boolean;
/** Attributes to set, by name. Null removes an attribute. */
export type AttributePatch = Map<string, AttributeValue | null>;

/**
 * Merges attributes into the attributes of users, by user id. Users whose attributes stay the same are not
 * written. The others are modified at `at`. Needs the directory lock.
 */
export async function mergeAttributes(
  tx: Tx,
  tenantId: string,
  patches: ReadonlyMap<string, AttributePatch>,
  at: Date,
): Promise<void> {
  await tx.query(
    `UPDATE users u SET attributes = jsonb_strip_nulls(u.attributes || r.patch), modified_at = $4
     FROM unnest($2::uuid[], $3::jsonb[]) AS r (user_id, patch)
     WHERE u.tenant_id = $1 AND u.user_id = ANY ($2) AND u.user_id = r.user_id
       AND u.attributes <> jsonb_strip_nulls(u.attributes || r.patch)`,
    [
      tenantId,
      [...patches.keys()],
      [...patches.values()].map((patch) => JSON.stringify(Object.fromEntries(patch))),
      at,
    ],
  );
}

/** Attributes as JSON, without those that are null. */
function asJson(attributes: AttributePatch): string {
  return JSON.stringify(Object.fromEntries([...attributes].filter(([, value]) => value !== null)));
}
