import pg from 'pg';
import type { DatabaseTarget, SessionRole } from '../connections/db.ts';
import { newClient } from '../connections/hosts.ts';
import { findMasterKeyChecks, type MasterKeyChecks } from './instance.ts';
import { appliedMigrations, listMigrations } from './migrate.ts';
import { chooseRole, UnrestrictedRoleError } from './roles.ts';

const CONNECT_TIMEOUT_MS = 5_000;

/** What a database says of itself. */
export interface DatabaseFacts {
  /** Such as `18.4`. */
  version: string;
  bytes: number;
  /** How far the clock of the database is ahead of `clock`. The time of the round trip is uncertain, and is left out. */
  clockAheadMs: number;
  /** Whether it is a standby, which nobody can write to. */
  isStandby: boolean;
  /** Migrations of this release that it does not have. */
  pending: string[];
  /** Migrations that it has and this release does not know. */
  unknown: string[];
  /** How row-level security binds requests of this role, or what to grant. */
  role: RoleFacts;
  /** Undefined if it has no schema of Rollcall, or this role may not read it. */
  masterKeyChecks: MasterKeyChecks | undefined;
  replication: Replication;
}

/** How row-level security binds requests of a role, or what to grant. */
export type RoleFacts = { session: SessionRole } | { fault: string };

export interface Replication {
  /** Standbys that are connected. */
  standbys: number;
  /** Those of them whose state this role may not see. */
  hidden: number;
  /** How far the slowest of them is behind; null if none is, or it is hidden. */
  longestLagS: number | null;
  /** Those of them whose confirmation a commit waits for. */
  synchronous: number;
  /** Whether commits wait for a standby: the setting `synchronous_standby_names` is not empty. */
  waitsForStandby: boolean;
  /** Replication slots that nobody reads. The database keeps all files for them. `keptBytes` is null where it is unknown. */
  unusedSlots: { name: string; keptBytes: number | null }[];
}

/**
 * Asks a database what "rollcall doctor" reports. It changes nothing, and does not migrate. Rejects with the errors of pg.
 */
export async function examineDatabase(target: DatabaseTarget, clock: () => number): Promise<DatabaseFacts> {
  return asking(target, async (client) => {
    const clockAheadMs = await askClock(client, clock);
    const { rows } = await client.query<{ version: string; bytes: string; isStandby: boolean }>(
      `SELECT current_setting('server_version') AS version, pg_database_size(current_database()) AS bytes,
              pg_is_in_recovery() AS "isStandby"`,
    );
    const { version = '', bytes = '0', isStandby = false } = rows[0] ?? {};
    const applied = await appliedMigrations(client);
    const known = await listMigrations();
    return {
      version: version.split(' ')[0] ?? '',
      bytes: Number(bytes),
      clockAheadMs,
      isStandby,
      pending: known.filter((name) => !applied.includes(name)),
      unknown: applied.filter((name) => !known.includes(name)),
      role: await readRole(client),
      masterKeyChecks: applied.length === 0 ? undefined : await checksOf(client),
      replication: await replicationOf(client),
    };
  });
}

/** Runs `work` on a connection of its own. Rejects with the errors of pg. */
export async function asking<T>(target: DatabaseTarget, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = newClient({
    ...target,
    application_name: 'rollcall doctor',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function askClock(client: pg.Client, clock: () => number): Promise<number> {
  const sentMs = clock();
  const { rows } = await client.query<{ nowMs: number }>(
    'SELECT extract(epoch FROM clock_timestamp())::float8 * 1000 AS "nowMs"',
  );
  const receivedMs = clock();
  const nowMs = rows[0]?.nowMs ?? 0;
  if (nowMs < sentMs) return nowMs - sentMs;
  return Math.max(0, nowMs - receivedMs);
}

/** How row-level security binds requests of the role of this connection. */
export async function readRole(client: pg.Client): Promise<RoleFacts> {
  try {
    return { session: await chooseRole(client) };
  } catch (error) {
    if (error instanceof UnrestrictedRoleError) return { fault: error.message };
    throw error;
  }
}

async function checksOf(client: pg.Client): Promise<MasterKeyChecks | undefined> {
  try {
    await client.query('SET search_path TO rollcall');
    return await findMasterKeyChecks(client);
  } catch (error) {
    // Old schemas lack the table.
    if (error instanceof pg.DatabaseError) return undefined;
    throw error;
  }
}

async function replicationOf(client: pg.Client): Promise<Replication> {
  const { rows } = await client.query<{
    standbys: number;
    hidden: number;
    synchronous: number;
    waits: boolean;
    lagS: number | null;
  }>(
    `SELECT count(*)::int AS standbys, count(*) FILTER (WHERE state IS NULL)::int AS hidden,
            count(*) FILTER (WHERE sync_state IN ('sync', 'quorum'))::int AS synchronous,
            current_setting('synchronous_standby_names') <> '' AS waits,
            extract(epoch FROM max(replay_lag))::float8 AS "lagS"
     FROM pg_stat_replication`,
  );
  const { standbys = 0, hidden = 0, synchronous = 0, waits = false, lagS = null } = rows[0] ?? {};
  const { rows: slots } = await client.query<{ name: string; kept: string | null }>(
    `SELECT slot_name AS name,
            CASE WHEN NOT pg_is_in_recovery() THEN pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn) END AS kept
     FROM pg_replication_slots WHERE NOT active AND NOT temporary ORDER BY slot_name`,
  );
  const unusedSlots = slots.map(({ name, kept }) => ({
    name,
    keptBytes: kept === null ? null : Number(kept),
  }));
  return { standbys, hidden, synchronous, longestLagS: lagS, waitsForStandby: waits, unusedSlots };
}
