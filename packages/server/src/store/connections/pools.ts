import pg from 'pg';
import { readCurrentRole } from './current-role.ts';
import { newPool } from './hosts.ts';

/** The target of a pool: a connection string, or host, user and password of the embedded server. */
export type DatabaseTarget = pg.ClientConfig;

/** The restricted role, to which the migrations grant rights. It reads and writes rows, under row-level security. */
export const RESTRICTED_ROLE = 'rollcall_app';

/** `restricted` for all requests, `owner` for migrations and the command line. */
export type SessionRole = 'restricted' | 'owner';

/** The pool on whose connections rows are streamed to callers. */
export type StreamKind = 'exports' | 'lists';

/** How many connections a pool has, and how many requests wait for one. */
export interface PoolState {
  name: string;
  most: number;
  used: number;
  idle: number;
  waiting: number;
}

/** The state of a pool now. */
export function poolState(
  name: string,
  { options, totalCount, idleCount, waitingCount }: pg.Pool,
): PoolState {
  return {
    name,
    most: options.max,
    used: totalCount - idleCount,
    idle: idleCount,
    waiting: waitingCount,
  };
}

const OID = { date: 1082, int8: 20 } as const;

/**
 * Days stay `YYYY-MM-DD`, because a Date would be read in the time zone of the process. 64-bit counts become numbers.
 */
export const types: pg.CustomTypesConfig = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    if (format !== 'binary' && oid === OID.date) return (text: string) => text;
    if (format !== 'binary' && oid === OID.int8) return Number;
    return pg.types.getTypeParser(oid, format);
  },
} as pg.CustomTypesConfig;

/** After this long without traffic, TCP checks that the other end still answers. */
const KEEP_ALIVE_MS = 10_000;

interface PoolSettings {
  target: DatabaseTarget;
  as: SessionRole | Promise<SessionRole>;
  max: number;
  /** 0: none. */
  statementTimeoutMs: number;
  /** Refuses a role that row-level security does not bind, because nothing has checked the role of this target before. */
  mustBeBound?: boolean;
  config?: pg.PoolConfig;
}

/** Connections to one server, as one role. */
export function createPool({
  target,
  as,
  max,
  statementTimeoutMs,
  mustBeBound = false,
  config,
}: PoolSettings): pg.Pool {
  const pool = newPool({
    ...config,
    ...target,
    application_name: 'rollcall',
    max,
    types,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 60_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
    onConnect: (async (client: pg.ClientBase) => {
      await client.query(sessionSettings(await as, statementTimeoutMs));
      if (mustBeBound) await refuseExemptRole(client);
    }) as never,
  });
  // No request waits for a broken idle connection. The next request opens a new one.
  pool.on('error', () => undefined);
  return pool;
}

async function refuseExemptRole(client: pg.ClientBase): Promise<void> {
  const { name, isExempt } = await readCurrentRole(client);
  if (isExempt) throw new Error(`The role ${name} is exempt from row-level security.`);
}

/** The statements that prepare a session. */
export function sessionSettings(as: SessionRole, statementTimeoutMs: number): string {
  const settings = [
    'SET search_path TO rollcall',
    "SET timezone TO 'UTC'",
    // The code parses instants and days from PostgreSQL's own text.
    'SET DateStyle TO ISO',
    `SET statement_timeout TO ${statementTimeoutMs}`,
    // With old statistics the planner's costs are far too high, and PostgreSQL would compile almost every statement.
    'SET jit TO off',
    // An event with result code 0 is on disk, independent of the server's own default.
    'SET synchronous_commit TO on',
  ];
  if (as === 'restricted') settings.push(`SET ROLE ${RESTRICTED_ROLE}`);
  return settings.join('; ');
}
