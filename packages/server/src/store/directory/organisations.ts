import type { Tx } from '../connections/db.ts';
import { slugFault } from '../values/slugs.ts';

export interface Organisation {
  tenantId: string;
  slug: string;
  name: string;
  /** IANA name. It decides the dates of users without an office. */
  timeZone: string;
  isDemo: boolean;
  createdAt: Date;
}

/** The ids of all organisations, for background jobs. */
export async function organisationIds(tx: Tx): Promise<string[]> {
  const { rows } = await tx.query<{ tenantId: string }>(
    'SELECT organisation_ids AS "tenantId" FROM organisation_ids()',
  );
  return rows.map((row) => row.tenantId);
}

/** The organisation that the transaction has entered. Throws if it has entered none. */
export async function getOrganisation(tx: Tx): Promise<Pick<Organisation, 'slug' | 'name' | 'timeZone'>> {
  const { rows } = await tx.query<Pick<Organisation, 'slug' | 'name' | 'timeZone'>>(
    'SELECT slug, name, coalesce(unknown_time_zone, time_zone) AS "timeZone" FROM current_organisation()',
  );
  const [organisation] = rows;
  if (!organisation) throw new Error('The transaction has entered no organisation.');
  return organisation;
}

/**
 * Changes the name or the time zone of the organisation that the transaction has entered. Null leaves a value
 * as it is.
 */
export async function updateOrganisation(
  tx: Tx,
  { name, timeZone }: { name: string | null; timeZone: string | null },
): Promise<void> {
  await tx.query('SELECT update_organisation($1, $2)', [name, timeZone]);
}

/** All organisations, the oldest first. Owner only. */
export async function listOrganisations(tx: Tx): Promise<Organisation[]> {
  const { rows } = await tx.query<Organisation>(
    `SELECT tenant_id AS "tenantId", slug, name, coalesce(unknown_time_zone, time_zone) AS "timeZone", is_demo AS "isDemo", created_at AS "createdAt"
     FROM organisations ORDER BY created_at, slug`,
  );
  return rows;
}

/** Inserts an organisation. Returns false if its slug is taken. Throws if it cannot be a slug. Owner only. */
export async function insertOrganisation(tx: Tx, organisation: Organisation): Promise<boolean> {
  const fault = slugFault(organisation.slug);
  if (fault !== undefined) throw new Error(`"${organisation.slug}" ${fault}.`);
  const { rowCount } = await tx.query(
    `INSERT INTO organisations (tenant_id, slug, name, time_zone, is_demo, created_at)
     VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (slug) DO NOTHING`,
    [
      organisation.tenantId,
      organisation.slug,
      organisation.name,
      organisation.timeZone,
      organisation.isDemo,
      organisation.createdAt,
    ],
  );
  return rowCount === 1;
}
