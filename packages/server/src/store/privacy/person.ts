import type { Tx } from '../connections/db.ts';

/** A user as an export of personal data is about them. */
export interface Person {
  userId: string;
  userName: string;
  email: string | null;
  externalId: string | null;
  /** The user name and the e-mail address, folded. */
  names: string[];
  /** `names`, and all further e-mail addresses, folded. */
  addresses: string[];
  /** Numbers of cards, and what readers read from them. */
  cardTexts: string[];
  /** Accounts in the organisation with one of `names`. */
  accountIds: string[];
}

/** The user, of any status, with what names them elsewhere. Undefined if there is no such user. */
export async function findPerson(tx: Tx, tenantId: string, userId: string): Promise<Person | undefined> {
  const { rows } = await tx.query<Person>(
    `SELECT u.user_id AS "userId", u.user_name AS "userName", u.email, u.external_id AS "externalId", own.names,
            ARRAY(SELECT unnest(own.names)
                  UNION SELECT e.value_folded FROM user_emails e
                  WHERE e.tenant_id = $1 AND e.user_id = $2 AND e.value_folded IS NOT NULL) AS addresses,
            ARRAY(SELECT c.card_number FROM access_credentials c WHERE c.tenant_id = $1 AND c.user_id = $2
                  UNION SELECT s.scan_data FROM access_credentials c
                  JOIN access_credential_scans s ON s.tenant_id = c.tenant_id AND s.card_digest = c.card_digest
                  WHERE c.tenant_id = $1 AND c.user_id = $2) AS "cardTexts",
            ARRAY(SELECT a.account_id FROM unnest(own.names) AS named (address)
                  CROSS JOIN LATERAL organisation_accounts(NULL, named.address, '{}', NULL, NULL) AS a) AS "accountIds"
     FROM users u
     CROSS JOIN LATERAL (SELECT ARRAY(SELECT u.user_name_folded
                                      UNION SELECT u.email_folded WHERE u.email_folded IS NOT NULL)) AS own (names)
     WHERE u.tenant_id = $1 AND u.user_id = $2`,
    [tenantId, userId],
  );
  return rows[0];
}
