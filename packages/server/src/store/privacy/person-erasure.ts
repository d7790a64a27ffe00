import type { Tx } from '../connections/db.ts';
import { lockAccessCredentials } from '../directory/access-credentials.ts';
import { fold } from '../values/fold.ts';
import type { ErasedRows } from './erasures.ts';
import type { Person } from './person.ts';
import { hasTerm, patternsOf, spacedText, termsOf, textOf } from './terms.ts';

/** What stands where a text named the person. */
const REMOVED = 'removed';
/** Entries of the action log that one transaction reads at most. */
const SLICE_ENTRIES = 20_000;

/**
 * Makes a user inactive and deleted for identity providers, with no desk, week plan and leave, and no plan but office plans after
 * today by the user's clock. Needs the directory lock.
 */
export async function closeUser(tx: Tx, tenantId: string, userId: string, at: Date): Promise<ErasedRows> {
  const remove = async (table: string) =>
    (await tx.query(`DELETE FROM ${table} WHERE tenant_id = $1 AND user_id = $2`, [tenantId, userId]))
      .rowCount ?? 0;
  await tx.query(
    `UPDATE users SET status = 'inactive', deprovisioned = true, deprovisioned_at = $3
     WHERE tenant_id = $1 AND user_id = $2 AND NOT (status = 'inactive' AND deprovisioned)`,
    [tenantId, userId, at],
  );
  const { rowCount } = await tx.query(
    `DELETE FROM day_plans p USING users u
     CROSS JOIN current_organisation() AS organisation
     LEFT JOIN nodes o ON o.tenant_id = u.tenant_id AND o.node_id = u.primary_location_id
     WHERE u.tenant_id = $1 AND u.user_id = $2 AND p.tenant_id = $1 AND p.user_id = $2 AND p.plan <> 'o'
       AND p.day > ($3::timestamptz AT TIME ZONE coalesce(o.time_zone, organisation.time_zone))::date`,
    [tenantId, userId, at],
  );
  return {
    plans: rowCount ?? 0,
    'week-plan': await remove('week_plans'),
    leave: await remove('leaves'),
    'assigned-desks': await remove('desk_assignments'),
  };
}

/** Where an action log was read to. */
export interface LogPosition {
  loggedAt: string;
  entryId: string;
}

/** An entry that has the person as its author, or a text that names the person. */
interface NamingEntry extends LogPosition {
  /** It is about somebody else. */
  isOfOther: boolean;
  isAuthor: boolean;
  isNamed: boolean;
}

interface LogSlicing {
  person: Person;
  names: readonly string[];
  after: LogPosition | undefined;
}

/**
 * Finds in a slice of the action log the entries that have the name as the author, and those of others that have texts that name the
 * person. Returns where the next slice begins, too; undefined after the last one.
 */
export async function readLogSlice(
  tx: Tx,
  tenantId: string,
  { person, names, after }: LogSlicing,
): Promise<{ next: LogPosition | undefined; found: NamingEntry[] }> {
  const terms = termsOf(person, names);
  const { rows } = await tx.query<LogSlice>(
    `WITH slice AS MATERIALIZED (
       SELECT t.logged_at, t.entry_id, coalesce(${spacedText('t.changed_by_name')} = ANY ($3), false) AS is_author, t.user_id <> $2 AS is_of_other,
              CASE WHEN t.user_id <> $2 AND folded.text LIKE ANY ($4) THEN folded.text END AS text
       FROM action_log t CROSS JOIN LATERAL (
         SELECT ${textOf('t.description', 't.reason', 't.before', 't.after')} AS text) AS folded
       WHERE t.tenant_id = $1 AND (t.logged_at, t.entry_id) > ($5::timestamptz, $6::uuid)
       ORDER BY t.logged_at, t.entry_id LIMIT ${SLICE_ENTRIES})
     SELECT count(*)::integer AS read, max(logged_at)::text AS "loggedAt",
            (SELECT entry_id FROM slice ORDER BY logged_at DESC, entry_id DESC LIMIT 1) AS "entryId",
            coalesce(json_agg(json_build_object('loggedAt', logged_at::text, 'entryId', entry_id,
                'isAuthor', is_author, 'isOfOther', is_of_other, 'text', text))
              FILTER (WHERE is_author OR text IS NOT NULL), '[]') AS found
     FROM slice`,
    [
      tenantId,
      person.userId,
      names,
      patternsOf(terms),
      after?.loggedAt ?? '-infinity',
      after?.entryId ?? '00000000-0000-0000-0000-000000000000',
    ],
  );
  const [slice] = rows;
  if (!slice) throw new Error('An aggregate has one row.');
  const found = slice.found
    .map(({ text, ...entry }) => ({ ...entry, isNamed: text !== null && hasTerm(text, terms) }))
    .filter(({ isAuthor, isNamed }) => isAuthor || isNamed);
  const { read, loggedAt, entryId } = slice;
  return { next: read < SLICE_ENTRIES ? undefined : { loggedAt, entryId }, found };
}

/**
 * Removes the person from a slice of the action log (`readLogSlice`). Returns where the next slice begins, and how many entries of others
 * it cleared.
 */
export async function clearLogSlice(
  tx: Tx,
  tenantId: string,
  slicing: LogSlicing,
): Promise<{ next: LogPosition | undefined; cleared: number }> {
  const { next, found } = await readLogSlice(tx, tenantId, slicing);
  return { next, cleared: await clearEntries(tx, tenantId, slicing.person.userId, found) };
}

interface LogSlice extends LogPosition {
  read: number;
  /** The entries of the author, and those with a text that may name the person, folded. */
  found: (Omit<NamingEntry, 'isNamed'> & { text: string | null })[];
}

/** Returns how many entries of others there were. */
async function clearEntries(
  tx: Tx,
  tenantId: string,
  userId: string,
  entries: readonly NamingEntry[],
): Promise<number> {
  if (entries.length === 0) return 0;
  const { rows } = await tx.query<{ cleared: number }>(
    `WITH cleared AS (
       UPDATE action_log t SET written_xid = pg_current_xact_id(),
         changed_by_name = CASE WHEN NOT s.is_author THEN t.changed_by_name END,
         description = CASE WHEN s.is_named THEN '${REMOVED}' ELSE t.description END,
         reason = CASE WHEN NOT s.is_named THEN t.reason END,
         before = CASE WHEN NOT s.is_named THEN t.before END, after = CASE WHEN NOT s.is_named THEN t.after END
       FROM unnest($3::timestamptz[], $4::uuid[], $5::boolean[], $6::boolean[]) AS s (logged_at, entry_id, is_author, is_named)
       WHERE t.tenant_id = $1 AND t.logged_at = s.logged_at AND t.entry_id = s.entry_id
       RETURNING t.user_id)
     SELECT count(*)::integer AS cleared FROM cleared WHERE user_id <> $2`,
    [
      tenantId,
      userId,
      entries.map(({ loggedAt }) => loggedAt),
      entries.map(({ entryId }) => entryId),
      entries.map(({ isAuthor }) => isAuthor),
      entries.map(({ isNamed }) => isNamed),
    ],
  );
  return rows[0]?.cleared ?? 0;
}

/**
 * Takes the name from floor plans, and deletes the user with all that belongs to the user alone. Fails by a foreign key if rows
 * of days are left. Needs the directory lock.
 */
export async function deletePerson(
  tx: Tx,
  tenantId: string,
  { userId, names }: { userId: string; names: readonly string[] },
): Promise<ErasedRows> {
  const remove = async (from: string) =>
    (await tx.query(`DELETE FROM ${from} WHERE t.tenant_id = $1 AND t.user_id = $2`, [tenantId, userId]))
      .rowCount ?? 0;
  const { rowCount: plans } = await tx.query(
    `UPDATE floor_plans t SET changed_by = '${REMOVED}' WHERE t.tenant_id = $1 AND lower(normalize(t.changed_by)) = ANY ($2)`,
    [tenantId, names],
  );
  // A writer of cards that knows the user waits for this lock, or has it.
  await lockAccessCredentials(tx, tenantId);
  const { rowCount: scans } = await tx.query(
    `DELETE FROM access_credential_scans s USING access_credentials c
     WHERE s.tenant_id = $1 AND c.tenant_id = $1 AND c.user_id = $2 AND s.card_digest = c.card_digest`,
    [tenantId, userId],
  );
  const erased = {
    'floor-plans': plans ?? 0,
    'card-readings': scans ?? 0,
    'access-cards': await remove('access_credentials t'),
    'email-addresses': await remove('user_emails t'),
    'assigned-desks': await remove('desk_assignments t'),
    'week-plan': await remove('week_plans t'),
    leave: await remove('leaves t'),
  };
  const { rowCount: groups } = await tx.query(
    `WITH removed AS (DELETE FROM group_members WHERE tenant_id = $1 AND user_id = $2 RETURNING group_id)
     UPDATE groups g SET written_xid = pg_current_xact_id() FROM removed r WHERE g.tenant_id = $1 AND g.group_id = r.group_id`,
    [tenantId, userId],
  );
  await remove('user_numbers t');
  const user = await remove('users t');
  await tx.query('INSERT INTO gone_users (tenant_id, user_id) VALUES ($1, $2) ON CONFLICT DO NOTHING', [
    tenantId,
    userId,
  ]);
  return { ...erased, groups: groups ?? 0, user };
}

/**
 * Takes from other users the attributes that name the person: the manager by any id or name, other attributes by texts that are in
 * others hardly by chance. Returns the ids of these users. Needs the directory lock.
 */
export async function clearAttributes(
  tx: Tx,
  tenantId: string,
  { person, names, at }: { person: Person; names: readonly string[]; at: Date },
): Promise<string[]> {
  const { userId, externalId, employeeNumber } = person;
  const ids = [userId, externalId, employeeNumber].flatMap((id) => (id ? fold(id) : []));
  const terms = termsOf(person, names);
  const { rows } = await tx.query<{ userId: string; name: string; value: string; isManager: boolean }>(
    `SELECT named.* FROM (
       SELECT o.user_id AS "userId", a.name, a.value, a.name = 'manager' AND a.value = ANY ($3::text[]) AS "isManager"
       FROM users o
       CROSS JOIN LATERAL (SELECT key AS name, lower(normalize(value)) AS value FROM jsonb_each_text(o.attributes)) AS a
       WHERE o.tenant_id = $1 AND o.user_id <> $2 AND o.attributes <> '{}') AS named
     WHERE named."isManager" OR named.value LIKE ANY ($4::text[])`,
    [tenantId, userId, [...ids, ...names], patternsOf(terms)],
  );
  const found = rows.filter(({ isManager, value }) => isManager || hasTerm(value, terms));
  const { rows: cleared } = await tx.query<{ userId: string }>(
    `UPDATE users u SET modified_at = $4, attributes = u.attributes - named.attributes
     FROM (SELECT user_id, array_agg(name) AS attributes FROM unnest($2::uuid[], $3::text[]) AS n (user_id, name)
           GROUP BY user_id) AS named
     WHERE u.tenant_id = $1 AND u.user_id = named.user_id
     RETURNING u.user_id AS "userId"`,
    [tenantId, found.map((each) => each.userId), found.map(({ name }) => name), at],
  );
  return cleared.map((row) => row.userId);
}

/** The ids of the accounts with one of these names that have a role here. */
export async function listAccountsNamed(tx: Tx, names: readonly string[]): Promise<string[]> {
  const { rows } = await tx.query<{ accountId: string }>(
    `SELECT a.account_id AS "accountId" FROM unnest($1::text[]) AS named (address)
     CROSS JOIN LATERAL organisation_accounts(NULL, named.address, '{}', NULL, NULL) AS a`,
    [names],
  );
  return rows.map(({ accountId }) => accountId);
}

/** Takes away the roles of the accounts with one of the person's names, and deletes accounts of this organisation alone. */
export async function removeAccounts(
  tx: Tx,
  names: readonly string[],
): Promise<{ accounts: string[]; hasLastAdministrator: boolean }> {
  const { rows } = await tx.query<{ accountId: string; outcome: string }>(
    `SELECT a.account_id AS "accountId", change_account_role(a.account_id, NULL) AS outcome
     FROM unnest($1::text[]) AS named (address)
     CROSS JOIN LATERAL organisation_accounts(NULL, named.address, '{}', NULL, NULL) AS a`,
    [names],
  );
  return {
    accounts: rows.map(({ accountId }) => accountId),
    hasLastAdministrator: rows.some(({ outcome }) => outcome === 'last administrator'),
  };
}
