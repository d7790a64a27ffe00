import pg from 'pg';

const INSUFFICIENT_PRIVILEGE = '42501';
/** Roles belong to the whole server, so a migration of another database can create the role at the same time. */
const ALREADY_THERE = new Set(['42710', '23505']);

/** Runs one statement of the bootstrap. Returns false if the role lacks the privilege. */
export async function attempt(client: pg.Client, statement: string): Promise<boolean> {
  try {
    await client.query(statement);
    return true;
  } catch (error) {
    if (!(error instanceof pg.DatabaseError)) throw error;
    if (ALREADY_THERE.has(error.code ?? '')) return true;
    if (error.code === INSUFFICIENT_PRIVILEGE) return false;
    throw error;
  }
}
