import type { Tx } from '../connections/db.ts';

/**
 * A card of a user, with all members. A digest is a UUID that stands for a text, so that the text can be
 * looked up.
 */
export interface AccessCredentialRow {
  /** Stands for facilityCode and cardNumber together. */
  cardDigest: string;
  cardNumberDigest: string;
  /** '' where the card has none. */
  facilityCode: string;
  cardNumber: string;
  userId: string;
  active: boolean;
  credentialType: string;
  /** What readers send when they read the card. Each value occurs once; none is empty. */
  scans: { scanDigest: string; scanData: string }[];
}

/** The user who has a card. */
export interface CardHolding {
  cardDigest: string;
  userId: string;
  /** The card and its user are active. */
  inForce: boolean;
}

/** A user who has an active card. The user may be inactive. */
export interface CardHolder {
  userId: string;
  /** The digest by which the card was found. */
  digest: string;
  /** True if the card was found by scan data, false if by card number. */
  byScan: boolean;
}

/**
 * Locks the cards of the organisation until the transaction ends. Waits while another transaction has the
 * lock. Every writer of cards takes this lock before it looks up any card. The reason: who has a card decides
 * whether it may be written, and a card that does not exist yet has no row to lock.
 */
export async function lockAccessCredentials(tx: Tx, tenantId: string): Promise<void> {
  await tx.query("SELECT pg_advisory_xact_lock(hashtextextended('rollcall access credentials ' || $1, 0))", [
    tenantId,
  ]);
}

/** The users who have these cards. The answer leaves out cards that are not stored. */
export async function listCardHoldings(
  tx: Tx,
  tenantId: string,
  cardDigests: string[],
): Promise<CardHolding[]> {
  if (cardDigests.length === 0) return [];
  const { rows } = await tx.query<CardHolding>(
    `SELECT c.card_digest AS "cardDigest", c.user_id AS "userId",
            c.active AND EXISTS (SELECT FROM users u WHERE u.tenant_id = c.tenant_id AND u.user_id = c.user_id
                                   AND u.status = 'active') AS "inForce"
     FROM access_credentials c
     WHERE c.tenant_id = $1 AND c.card_digest = ANY ($2::uuid[])`,
    [tenantId, cardDigests],
  );
  return rows;
}

/** Those of these cards that are stored, with all members. */
export async function listAccessCredentials(
  tx: Tx,
  tenantId: string,
  cardDigests: string[],
): Promise<Omit<AccessCredentialRow, 'cardNumberDigest'>[]> {
  if (cardDigests.length === 0) return [];
  const { rows } = await tx.query<Omit<AccessCredentialRow, 'cardNumberDigest'>>(
    `SELECT c.card_digest AS "cardDigest", c.facility_code AS "facilityCode", c.card_number AS "cardNumber",
            c.user_id AS "userId", c.active, c.credential_type AS "credentialType",
            (SELECT coalesce(json_agg(json_build_object('scanDigest', s.scan_digest, 'scanData', s.scan_data)
                                      ORDER BY s.scan_data COLLATE "C"), '[]')
             FROM access_credential_scans s
             WHERE s.tenant_id = c.tenant_id AND s.card_digest = c.card_digest) AS scans
     FROM access_credentials c
     WHERE c.tenant_id = $1 AND c.card_digest = ANY ($2::uuid[])`,
    [tenantId, cardDigests],
  );
  return rows;
}

/** Inserts cards, or updates those that exist. The caller must have the lock of `lockAccessCredentials`. */
export async function upsertAccessCredentials(
  tx: Tx,
  tenantId: string,
  batch: { updatedAt: Date; rows: AccessCredentialRow[] },
): Promise<void> {
  const { rows } = batch;
  if (rows.length === 0) return;
  const column = <K extends keyof AccessCredentialRow>(name: K) => rows.map((row) => row[name]);
  await tx.query(
    `INSERT INTO access_credentials (tenant_id, card_digest, card_number_digest, facility_code, card_number,
                                     user_id, active, credential_type, updated_at)
     SELECT $1, c.card_digest, c.card_number_digest, c.facility_code, c.card_number, c.user_id, c.active,
            c.credential_type, $2
     FROM unnest($3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::uuid[], $8::boolean[], $9::text[])
       AS c (card_digest, card_number_digest, facility_code, card_number, user_id, active, credential_type)
     ON CONFLICT (tenant_id, card_digest) DO UPDATE SET user_id = excluded.user_id, active = excluded.active,
       credential_type = excluded.credential_type, updated_at = excluded.updated_at`,
    [
      tenantId,
      batch.updatedAt,
      column('cardDigest'),
      column('cardNumberDigest'),
      column('facilityCode'),
      column('cardNumber'),
      column('userId'),
      column('active'),
      column('credentialType'),
    ],
  );
  await replaceScans(tx, tenantId, rows);
}

async function replaceScans(tx: Tx, tenantId: string, rows: AccessCredentialRow[]): Promise<void> {
  const scans = rows.flatMap(({ cardDigest, scans }) => scans.map((scan) => ({ cardDigest, ...scan })));
  await tx.query(
    'DELETE FROM access_credential_scans WHERE tenant_id = $1 AND card_digest = ANY ($2::uuid[])',
    [tenantId, rows.map((row) => row.cardDigest)],
  );
  await tx.query(
    `INSERT INTO access_credential_scans (tenant_id, scan_digest, card_digest, scan_data)
     SELECT $1, s.scan_digest, s.card_digest, s.scan_data
     FROM unnest($2::uuid[], $3::uuid[], $4::text[]) AS s (scan_digest, card_digest, scan_data)`,
    [
      tenantId,
      scans.map((scan) => scan.scanDigest),
      scans.map((scan) => scan.cardDigest),
      scans.map((scan) => scan.scanData),
    ],
  );
}
