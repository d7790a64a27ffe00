import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import type { DatabaseTarget } from '../connections/db.ts';
import { asking, type RoleFacts, readRole } from './examine.ts';

const ASK_AGAIN_MS = 100;

/** What a standby for reads says of itself. */
export type StandbyFacts =
  | { fault: string }
  | {
      isStandby: boolean;
      /** Whether it has the history of the primary. */
      isOfPrimary: boolean;
      role: RoleFacts;
      /** How much of what the primary had written it has not replayed after `waitMs`. */
      missingBytes: number;
    };

/** Asks a standby and its primary. Changes nothing. Rejects with the errors of pg if the primary does not answer. */
export async function examineStandby(
  primary: DatabaseTarget,
  standby: DatabaseTarget,
  waitMs: number,
): Promise<StandbyFacts> {
  return asking(primary, async (onPrimary) => {
    try {
      return await asking(standby, (onStandby) => compare(onPrimary, onStandby, waitMs));
    } catch (error) {
      return { fault: (error as Error).message };
    }
  });
}

async function compare(onPrimary: pg.Client, onStandby: pg.Client, waitMs: number): Promise<StandbyFacts> {
  const system =
    'SELECT system_identifier::text AS id, pg_is_in_recovery() AS "isStandby" FROM pg_control_system()';
  const [ofPrimary, ofStandby] = await Promise.all(
    [onPrimary, onStandby].map(async (client) => {
      const { rows } = await client.query<{ id: string; isStandby: boolean }>(system);
      return rows[0];
    }),
  );
  const isStandby = ofStandby?.isStandby ?? false;
  const isOfPrimary = ofStandby?.id === ofPrimary?.id;
  const role = await readRole(onStandby);
  const canLag = isStandby && isOfPrimary;
  return { isStandby, isOfPrimary, role, missingBytes: canLag ? await lag(onPrimary, onStandby, waitMs) : 0 };
}

async function lag(onPrimary: pg.Client, onStandby: pg.Client, waitMs: number): Promise<number> {
  const { rows } = await onPrimary.query<{ lsn: string }>('SELECT pg_current_wal_flush_lsn()::text AS lsn');
  for (let waitedMs = 0; ; waitedMs += ASK_AGAIN_MS) {
    const { rows: found } = await onStandby.query<{ missing: string | null }>(
      'SELECT pg_wal_lsn_diff($1::pg_lsn, pg_last_wal_replay_lsn()) AS missing',
      [rows[0]?.lsn],
    );
    const missing = Math.max(0, Number(found[0]?.missing ?? 0));
    if (missing === 0 || waitedMs >= waitMs) return missing;
    await delay(ASK_AGAIN_MS);
  }
}
