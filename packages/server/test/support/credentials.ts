import type { TestUser } from './directory.ts';
import type { Members, Workplace } from './submissions.ts';

export interface UpdateResult {
  updateId: string;
  result: string;
  message: string;
  results: { cardNumber: string; facilityCode?: string | null; result: string; message: string }[];
}

/** A valid card. `members` replaces members of it; undefined leaves a member out. */
export function card(members: Members = {}): Members {
  return {
    active: true,
    cardNumber: '1234567890',
    facilityCode: '100',
    scanData: ['100:1234567890'],
    credentialType: 'Mifare',
    ...members,
  };
}

/** An update of a user's cards. */
export function updateOf({ email }: Pick<TestUser, 'email'>, ...credentials: Members[]) {
  return { username: email, updateId: 'u1', credentials };
}

/** Sends updates. Returns the answer unchanged. */
export function sendUpdates<Answer = UpdateResult[]>(
  workplace: Workplace,
  ...data: object[]
): Promise<Answer> {
  return workplace.submit<Answer>('access-credentials', { data });
}

export interface StoredCard {
  facilityCode: string;
  cardNumber: string;
  userId: string;
  active: boolean;
  credentialType: string;
  scanData: string[];
}

/** The stored cards, by facility code and number. */
export async function storedCards({ server, tenantId }: Workplace): Promise<StoredCard[]> {
  const { rows } = await server.db.owner.inTenant(tenantId, (tx) =>
    tx.query<StoredCard>(
      `SELECT facility_code AS "facilityCode", card_number AS "cardNumber", user_id AS "userId", active,
              credential_type AS "credentialType",
              ARRAY(SELECT scan_data FROM access_credential_scans s
                    WHERE s.tenant_id = c.tenant_id AND s.card_digest = c.card_digest ORDER BY 1) AS "scanData"
       FROM access_credentials c WHERE tenant_id = $1 ORDER BY 1, 2`,
      [tenantId],
    ),
  );
  return rows;
}
