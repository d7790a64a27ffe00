import type { Database } from '../../src/store/connections/db.ts';
import { until } from './waiting.ts';

/** Waits until every transaction that was open in any database of the server at the call has ended. */
export async function outlastTransactions(owner: Database): Promise<void> {
  const system = async (sql: string) =>
    (await owner.inSystem((tx) => tx.query<{ xid: string }>(`SELECT ${sql} AS xid`))).rows[0]?.xid;
  const last = BigInt((await system('pg_current_xact_id()')) ?? 0);
  const oldest = async () => BigInt((await system('pg_snapshot_xmin(pg_current_snapshot())')) ?? 0);
  await until(async () => (await oldest()) > last);
}
