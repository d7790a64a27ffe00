import type { Tx } from '../connections/db.ts';

/** A user as an export of personal data is about them. */
export interface Person {
  userId: string;
  userName: string;
  email: string | null;
  externalId: string | null;
  /** The attribute of this name. */
  employeeNumber: string | null;
  /** The user name and the e-mail address, folded, without those of another user. */
  names: string[];
  /** The names that are left out, because they are those of another user now. */
  namesOfOthers: string[];
  /** `names`, and all further e-mail addresses, folded. */
  addresses: string[];
  /** Numbers of cards, and what readers read from them. */
  cardTexts: string[];
  /** The accounts with one of `names` that belong to this organisation alone. */
  ownAccountIds: string[];
}

/**
 * SQL of the names of the user, `is_first` for user name and address. An address is unique among active users only. So it may
 * be that of another user now, as a former employee's is that of the successor: an active user is the one whom it names.
 */
const ALL_NAMES = `
  SELECT n.name, bool_or(n.is_first) AS is_first, EXISTS (
           SELECT FROM users o LEFT JOIN user_emails e ON e.tenant_id = o.tenant_id AND e.user_id = o.user_id
           WHERE o.tenant_id = $1 AND o.user_id <> $2 AND n.name IN (o.user_name_folded, o.email_folded, e.value_folded)
             AND NOT (o.status <> 'active' AND n.status = 'active')) AS is_of_other
  FROM (SELECT u.user_name_folded AS name, true AS is_first, u.status FROM users u WHERE u.tenant_id = $1 AND u.user_id = $2
        UNION ALL SELECT u.email_folded, true, u.status FROM users u
        WHERE u.tenant_id = $1 AND u.user_id = $2 AND u.email_folded IS NOT NULL
        UNION ALL SELECT e.value_folded, false, u.status FROM user_emails e
        JOIN users u ON u.tenant_id = e.tenant_id AND u.user_id = e.user_id
        WHERE e.tenant_id = $1 AND e.user_id = $2 AND e.value_folded IS NOT NULL) AS n
  GROUP BY n.name, n.status`;

/** The user, of any status, with what names them elsewhere. Undefined if there is no such user. */
export async function findPerson(tx: Tx, tenantId: string, userId: string): Promise<Person | undefined> {
  const { rows } = await tx.query<Person>(
    `WITH all_names AS (${ALL_NAMES})
     SELECT u.user_id AS "userId", u.user_name AS "userName", u.email, u.external_id AS "externalId",
            u.attributes ->> 'employeeNumber' AS "employeeNumber", own.names,
            ARRAY(SELECT a.name FROM all_names AS a WHERE a.is_of_other ORDER BY a.name) AS "namesOfOthers",
            ARRAY(SELECT a.name FROM all_names AS a WHERE NOT a.is_of_other) AS addresses,
            ARRAY(SELECT c.card_number FROM access_credentials c WHERE c.tenant_id = $1 AND c.user_id = $2
                  UNION SELECT s.scan_data FROM access_credentials c
                  JOIN access_credential_scans s ON s.tenant_id = c.tenant_id AND s.card_digest = c.card_digest
                  WHERE c.tenant_id = $1 AND c.user_id = $2) AS "cardTexts",
            ARRAY(SELECT a.account_id FROM unnest(own.names) AS named (address)
                  CROSS JOIN LATERAL organisation_accounts(NULL, named.address, '{}', NULL, NULL) AS a
                  WHERE belonging_of_account(a.account_id) = 'alone') AS "ownAccountIds"
     FROM users u
     CROSS JOIN LATERAL (SELECT ARRAY(SELECT a.name FROM all_names AS a
                                      WHERE a.is_first AND NOT a.is_of_other)) AS own (names)
     WHERE u.tenant_id = $1 AND u.user_id = $2 AND u.pseudonym_year IS NULL`,
    [tenantId, userId],
  );
  return rows[0];
}
