import type { Tx } from '../connections/db.ts';
import type { PreparedStatement } from '../connections/pipeline.ts';
import { type NewSession, sessionJson } from './sign-ins.ts';

/** What the first person gives when the server is set up. */
export interface SetUp {
  tokenHash: Buffer;
  at: Date;
  organisation: { tenantId: string; slug: string; name: string; timeZone: string };
  account: {
    accountId: string;
    email: string;
    emailFolded: string;
    name: string | null;
    passwordHash: string;
  };
  session: NewSession;
}

/** Stores a link that sets the server up, unless there is an organisation already; then returns false. Owner only. */
export async function insertSetUpLink(
  tx: Tx,
  link: { tokenHash: Buffer; at: Date; expiresAt: Date },
): Promise<boolean> {
  await tx.query('DELETE FROM set_up_links WHERE expires_at <= $1', [link.at]);
  const { rowCount } = await tx.query(
    `INSERT INTO set_up_links (token_hash, expires_at)
     SELECT $1, $2 WHERE NOT EXISTS (SELECT FROM organisations)`,
    [link.tokenHash, link.expiresAt],
  );
  return rowCount === 1;
}

/**
 * A statement for a pipeline that returns a row if the link with this SHA-256 of its token can set the server up at `at`,
 * and no row otherwise.
 */
export function setUpLookUp(tokenHash: Buffer, at: Date): [PreparedStatement] {
  return [
    {
      name: 'look up set-up link',
      text: "SELECT 'open' WHERE is_set_up_open($1, $2)",
      values: [tokenHash, at.toISOString()],
    },
  ];
}

/**
 * Makes the first organisation with its administrator, and starts a session. Of several calls, one wins. Returns false
 * if the link cannot be redeemed.
 */
export async function setUp(
  tx: Tx,
  { tokenHash, at, organisation, account, session }: SetUp,
): Promise<boolean> {
  const { rows } = await tx.query<{ done: boolean }>('SELECT set_up($1, $2, $3, $4, $5) AS done', [
    tokenHash,
    at,
    JSON.stringify(organisation),
    JSON.stringify(account),
    sessionJson(session),
  ]);
  return rows[0]?.done ?? false;
}
