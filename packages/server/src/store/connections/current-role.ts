import type pg from 'pg';

/** The role whose rights a session has. */
export interface CurrentRole {
  name: string;
  /** Whether row-level security does not bind it. */
  isExempt: boolean;
}

/** The role of a session, as `SET ROLE` left it. */
export async function readCurrentRole(client: pg.ClientBase): Promise<CurrentRole> {
  const { rows } = await client.query<CurrentRole>(
    'SELECT rolname AS name, rolsuper OR rolbypassrls AS "isExempt" FROM pg_roles WHERE rolname = current_user',
  );
  if (!rows[0]) throw new Error('current_user is a role');
  return rows[0];
}
