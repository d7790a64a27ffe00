import pg from 'pg';
import type { DatabaseTarget } from '../connections/db.ts';
import { type LockOptions, unlessLocked, withOwner, withShortLocks } from '../schema/short-locks.ts';

/** The months of the audit trail that end at $1 or before. The first partition, of everything before the first month, is none. */
const MONTHS_BEFORE = `SELECT c.relname AS name, pg_relation_size(c.oid) = 0 AS "isEmpty"
  FROM pg_inherits i
  JOIN pg_class c ON c.oid = i.inhrelid
  CROSS JOIN regexp_match(pg_get_expr(c.relpartbound, c.oid), 'FROM \\(''[^'']+''\\) TO \\(''([^'']+)''\\)') AS bounds (found)
  WHERE i.inhparent = 'audit_entries'::regclass AND bounds.found[1]::timestamptz <= $1
  ORDER BY c.relname`;

interface OldMonth {
  name: string;
  /** It has no page, so nobody has an entry in it. */
  isEmpty: boolean;
}

/**
 * Drops the months of the audit trail that end at `keptFrom` or before and have no entry. Requests wait half a second at most. An
 * entry of a dropped month would make its partition anew. Returns how many months are gone; 0 also if the table was in use all
 * the time, or a transaction that began earlier may still read removed entries. Connects as the owner of the tables. Throws the
 * database's error.
 */
export async function dropAuditMonths(
  target: DatabaseTarget,
  keptFrom: Date,
  options: LockOptions = {},
): Promise<number> {
  return withOwner(target, async (client) => {
    const listMonths = async () => (await client.query<OldMonth>(MONTHS_BEFORE, [keptFrom])).rows;
    // A vacuum cuts off pages without rows. Row-level security would hide rows from a query, but not their pages.
    for (const { name, isEmpty } of await listMonths())
      if (!isEmpty && !options.signal?.aborted)
        await client.query(`VACUUM (SKIP_LOCKED, TRUNCATE) ${pg.escapeIdentifier(name)}`);
    const isAnyEmpty = (await listMonths()).some(({ isEmpty }) => isEmpty);
    if (!isAnyEmpty || options.signal?.aborted) return 0;
    const drop = async () => {
      await client.query('LOCK TABLE ONLY audit_entries IN ACCESS EXCLUSIVE MODE');
      const empty = (await listMonths()).filter(({ isEmpty }) => isEmpty);
      for (const { name } of empty) await client.query(`DROP TABLE ${pg.escapeIdentifier(name)}`);
      return empty.length;
    };
    return (await unlessLocked(withShortLocks(client, { lockTries: 5, ...options }, drop))) ?? 0;
  });
}
