import type { AccountRole } from '../auth/account-roles.ts';
import type { ApiKeyRole } from '../auth/api-keys.ts';
import type { Tx } from '../connections/db.ts';

/** A program that may read rows about users. */
export interface Recipient {
  kind: 'key' | 'scimToken';
  /** The id that logs and `requests` have. */
  id: string;
  name: string;
  /** Null for a SCIM token. */
  role: ApiKeyRole | null;
  createdAt: Date;
  /** When it ended or will end; null if no end is set. */
  endsAt: Date | null;
  lastUsedAt: Date | null;
}

/** Answered requests of one program, or of all people together. */
export interface RecordedRequests {
  /** The id of a key or SCIM token; null for people. */
  caller: string | null;
  method: string;
  /** The pattern of the route, such as `/v1/manage/users/:userId`. */
  route: string;
  requests: number;
  lastAnsweredAt: Date;
}

/** The programs that may or might read rows about users: keys of these roles, and SCIM tokens. Also those that have ended. */
export async function listRecipients(
  tx: Tx,
  tenantId: string,
  roles: readonly ApiKeyRole[],
): Promise<Recipient[]> {
  const { rows } = await tx.query<Recipient>(
    `SELECT 'key' AS kind, api_key AS id, name, role, created_at AS "createdAt",
            least(revoked_at, expires_at) AS "endsAt", last_used_at AS "lastUsedAt"
     FROM api_keys WHERE tenant_id = $1 AND role = ANY ($2::text[])
     UNION ALL
     SELECT 'scimToken', token_id::text, name, NULL, created_at, least(revoked_at, expires_at), last_used_at
     FROM scim_tokens WHERE tenant_id = $1
     ORDER BY "createdAt", id`,
    [tenantId, roles],
  );
  return rows;
}

/** How many people have each role in the organisation that the transaction has entered. */
export async function countAccounts(tx: Tx): Promise<Partial<Record<AccountRole, number>>> {
  const { rows } = await tx.query<{ role: AccountRole; people: number }>(
    `SELECT role, count(*) AS people FROM organisation_accounts(NULL, NULL, '{}', NULL, NULL)
     WHERE accepted_at IS NOT NULL GROUP BY role ORDER BY role`,
  );
  return Object.fromEntries(rows.map(({ role, people }) => [role, people]));
}

/** The requests that succeeded, as far as the record has them, by caller and route. */
export async function countRequests(tx: Tx, tenantId: string): Promise<RecordedRequests[]> {
  const { rows } = await tx.query<RecordedRequests>(
    `SELECT caller, method, route, sum(1 + further)::bigint AS requests, max(answered_at) AS "lastAnsweredAt"
     FROM answered_requests WHERE tenant_id = $1 AND status < 400
     GROUP BY caller, method, route ORDER BY caller NULLS LAST, route, method`,
    [tenantId],
  );
  return rows;
}

/** Answers of one dataset to one program, to all people together, or to the command line. */
export interface RecordedReads {
  dataset: string;
  /** `key`, `account` for people who sign in, or `operator` for the command line. Null if the audit trail does not know it any more. */
  callerKind: string | null;
  /** The id of a key; null for people and the command line. */
  caller: string | null;
  reads: number;
  firstReadAt: Date;
  lastReadAt: Date;
}

/**
 * The answers of datasets that the audit trail has, by dataset and caller.
 *
 * @param datasets null for all
 */
export async function countReads(
  tx: Tx,
  tenantId: string,
  datasets: readonly string[] | null,
): Promise<RecordedReads[]> {
  const { rows } = await tx.query<RecordedReads>(
    `SELECT e.metadata ->> 'dataset' AS dataset, a.kind AS "callerKind", CASE WHEN a.kind = 'key' THEN a.name END AS caller,
            count(*)::bigint AS reads, min(e.occurred_at) AS "firstReadAt", max(e.occurred_at) AS "lastReadAt"
     FROM audit_entries e LEFT JOIN audit_subjects a ON a.tenant_id = e.tenant_id AND a.subject_id = e.actor_id
     WHERE e.tenant_id = $1 AND e.action = 'export.read' AND ($2::text[] IS NULL OR e.metadata ->> 'dataset' = ANY ($2))
     GROUP BY 1, 2, 3 ORDER BY 1, 2 NULLS LAST, 3 NULLS LAST`,
    [tenantId, datasets],
  );
  return rows;
}
