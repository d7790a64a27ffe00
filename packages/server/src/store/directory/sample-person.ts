import type { Tx } from '../connections/db.ts';

/** An active user with an e-mail address and a primary location. */
export interface SamplePerson {
  userId: string;
  email: string;
  locationId: string;
}

/** The first such user by id, if there is one. The demo uses this user in an example of an event. */
export async function findSamplePerson(tx: Tx, tenantId: string): Promise<SamplePerson | undefined> {
  const { rows } = await tx.query<SamplePerson>(
    `SELECT user_id AS "userId", email, primary_location_id AS "locationId" FROM users
     WHERE tenant_id = $1 AND status = 'active' AND email IS NOT NULL AND primary_location_id IS NOT NULL
     ORDER BY user_id LIMIT 1`,
    [tenantId],
  );
  return rows[0];
}
