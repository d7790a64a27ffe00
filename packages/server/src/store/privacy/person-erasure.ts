import type { Tx } from '../connections/db.ts';
import type { DayWindow } from '../values/day-window.ts';
import type { ErasedRows } from './erasures.ts';
import type { Person } from './person.ts';

/** What stands where a text named the person. */
const REMOVED = 'removed';
/** The name of a visitor who was erased. */
export const ERASED_VISITOR = 'Erased visitor';
/** Texts that are in others hardly by chance: addresses, full names, and long ids. A user name may be a word. */
const DISTINCTIVE = /[@\s]|^(?=.*\d).{8,}$/;
/** Entries of the action log that one transaction reads at most. */
const SLICE_ENTRIES = 20_000;

/** What names the person in free text, in lower case: the id, addresses, the full name, and a long external id or user name. */
export async function listTerms(tx: Tx, tenantId: string, person: Person): Promise<string[]> {
  const { rows } = await tx.query<{ terms: (string | null)[] }>(
    `SELECT ARRAY[lower(normalize(display_name)), lower(normalize(external_id)),
                  lower(normalize(nullif(concat_ws(' ', first_name, last_name), '')))] AS terms
     FROM users WHERE tenant_id = $1 AND user_id = $2`,
    [tenantId, person.userId],
  );
  const terms = [person.userId, ...person.addresses, ...(rows[0]?.terms ?? [])];
  return [...new Set(terms)].filter((term): term is string => DISTINCTIVE.test(term ?? ''));
}

/** SQL patterns of texts that contain a term. */
export const patternsOf = (terms: readonly string[]): string[] =>
  terms.map((term) => `%${term.replace(/[\\%_]/g, '\\$&')}%`);

/** SQL: one of these columns of `t` contains a term. */
const names = (columns: readonly string[], patterns: string) =>
  `lower(normalize(concat_ws(E'\\n', ${columns.map((column) => `t.${column}::text`).join(', ')}))) LIKE ANY (${patterns}::text[])`;

/** Makes a user inactive, also one whom an identity provider has made active again, with no desk, week plan and leave, and no plan after today by the user's clock. */
export async function closeUser(tx: Tx, tenantId: string, userId: string, at: Date): Promise<ErasedRows> {
  const remove = async (table: string) =>
    (await tx.query(`DELETE FROM ${table} WHERE tenant_id = $1 AND user_id = $2`, [tenantId, userId]))
      .rowCount ?? 0;
  await tx.query(
    "UPDATE users SET status = 'inactive' WHERE tenant_id = $1 AND user_id = $2 AND status = 'active'",
    [tenantId, userId],
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

/**
 * Removes the person from a slice of the action log of other users: the name as the author, and texts that name the person.
 * Returns where the next slice begins; undefined after the last one.
 */
export async function clearLogSlice(
  tx: Tx,
  tenantId: string,
  { userId, names: authors }: Person,
  terms: readonly string[],
  after: LogPosition | undefined,
): Promise<{ next: LogPosition | undefined; cleared: number }> {
  const texts = ['description', 'reason', 'before', 'after'];
  const { rows } = await tx.query<{ cleared: number; read: number; loggedAt: string; entryId: string }>(
    `WITH slice AS MATERIALIZED (
       SELECT t.logged_at, t.entry_id, t.user_id <> $2 AND lower(normalize(t.changed_by_name)) = ANY ($3) AS is_author,
              ${names(texts, '$4')} AS is_named
       FROM action_log t WHERE t.tenant_id = $1 AND (t.logged_at, t.entry_id) > ($5::timestamptz, $6::uuid)
       ORDER BY t.logged_at, t.entry_id LIMIT ${SLICE_ENTRIES}
     ), cleared AS (
       UPDATE action_log t SET written_xid = pg_current_xact_id(),
         changed_by_name = CASE WHEN NOT s.is_author THEN t.changed_by_name END,
         description = CASE WHEN s.is_named THEN '${REMOVED}' ELSE t.description END,
         reason = CASE WHEN NOT s.is_named THEN t.reason END,
         before = CASE WHEN NOT s.is_named THEN t.before END, after = CASE WHEN NOT s.is_named THEN t.after END
       FROM slice s WHERE t.tenant_id = $1 AND t.logged_at = s.logged_at AND t.entry_id = s.entry_id
         AND (s.is_author OR s.is_named)
       RETURNING 1
     )
     SELECT (SELECT count(*) FROM cleared)::integer AS cleared, count(*)::integer AS read,
            max(logged_at)::text AS "loggedAt",
            (SELECT entry_id FROM slice ORDER BY logged_at DESC, entry_id DESC LIMIT 1) AS "entryId"
     FROM slice`,
    [
      tenantId,
      userId,
      authors,
      patternsOf(terms),
      after?.loggedAt ?? '-infinity',
      after?.entryId ?? '00000000-0000-0000-0000-000000000000',
    ],
  );
  const [slice] = rows;
  if (!slice || slice.read < SLICE_ENTRIES) return { next: undefined, cleared: slice?.cleared ?? 0 };
  return { next: { loggedAt: slice.loggedAt, entryId: slice.entryId }, cleared: slice.cleared };
}

/** Takes the visitor's name, address and company from arrivals with one of the person's addresses, on some local days. */
export async function clearVisits(
  tx: Tx,
  tenantId: string,
  addresses: readonly string[],
  { from, before }: DayWindow,
): Promise<number> {
  const { rowCount } = await tx.query(
    `UPDATE visitor_arrivals t SET visitor_name = '${ERASED_VISITOR}', visitor_email = NULL, visitor_company = NULL,
       event_digest = gen_random_uuid(), written_xid = pg_current_xact_id()
     WHERE t.tenant_id = $1 AND t.day >= $3::date AND t.day < $4::date AND lower(normalize(t.visitor_email)) = ANY ($2::text[])`,
    [tenantId, addresses, from, before],
  );
  return rowCount ?? 0;
}

/** Deletes refused events that contain a term, or that the person sent; takes the person's name from retries. */
export async function clearRefusedEvents(
  tx: Tx,
  tenantId: string,
  { names: own }: Person,
  terms: readonly string[],
): Promise<ErasedRows> {
  const { rowCount: named } = await tx.query(
    `DELETE FROM refused_events t WHERE t.tenant_id = $1 AND ${names(['event', 'reason', 'event_id', 'source_id'], '$2')}`,
    [tenantId, patternsOf(terms)],
  );
  const { rowCount: sent } = await tx.query(
    `DELETE FROM refused_events t WHERE t.tenant_id = $1 AND t.sender = 'account' AND t.api_key_folded = ANY ($2::text[])`,
    [tenantId, own],
  );
  const { rowCount: tried } = await tx.query(
    `UPDATE refused_events t SET tried_by = NULL
     WHERE t.tenant_id = $1 AND lower(normalize(t.tried_by)) = ANY ($2::text[])`,
    [tenantId, own],
  );
  return { 'refused-events': named ?? 0, 'refused-events-sent': (sent ?? 0) + (tried ?? 0) };
}

/** Deletes refused events by their keys. */
export async function deleteRefusedEvents(
  tx: Tx,
  tenantId: string,
  events: readonly { refusedAt: Date; refusalId: string }[],
): Promise<number> {
  const { rowCount } = await tx.query(
    `DELETE FROM refused_events t USING unnest($2::timestamptz[], $3::uuid[]) AS w (refused_at, refusal_id)
     WHERE t.tenant_id = $1 AND date_trunc('milliseconds', t.refused_at) = w.refused_at AND t.refusal_id = w.refusal_id`,
    [tenantId, events.map(({ refusedAt }) => refusedAt), events.map(({ refusalId }) => refusalId)],
  );
  return rowCount ?? 0;
}

/**
 * Takes the name from floor plans, and deletes the user with all that belongs to the user alone. Fails by a foreign key if rows
 * of days are left. Needs the directory lock.
 */
export async function deletePerson(tx: Tx, tenantId: string, person: Person): Promise<ErasedRows> {
  const { userId, names: own } = person;
  const remove = async (from: string) =>
    (await tx.query(`DELETE FROM ${from} WHERE t.tenant_id = $1 AND t.user_id = $2`, [tenantId, userId]))
      .rowCount ?? 0;
  const { rowCount: plans } = await tx.query(
    `UPDATE floor_plans t SET changed_by = '${REMOVED}' WHERE t.tenant_id = $1 AND lower(normalize(t.changed_by)) = ANY ($2)`,
    [tenantId, own],
  );
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
