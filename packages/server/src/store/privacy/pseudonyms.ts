import { uuidArray } from '../connections/binary-arrays.ts';
import type { Tx } from '../connections/db.ts';
import { lockUsers } from '../directory/users.ts';
import { type DayWindow, mayBeOfDays } from '../values/day-window.ts';
import { OBSTACLE_CODES, REASONS, SEAT_CODES, seatReason } from '../workday/reasons.ts';

/** The reasons of the server, which name nobody. Other reasons are free text of callers. */
export const SERVER_REASONS = [
  ...Object.values(REASONS),
  ...SEAT_CODES.flatMap((seat) => [
    seatReason(seat),
    ...OBSTACLE_CODES.map((obstacle) => seatReason(seat, obstacle)),
  ]),
];
/** SQL of the reason of an entry of the action log, without the type of leave: sick leave is health data. */
const REASON = "regexp_replace(t.reason, ' [(](holiday|leave|sick)[)]$', '')";

/**
 * SQL that takes free text out of an entry `t` of the action log.
 *
 * @param reasons SQL of `SERVER_REASONS`
 */
export function logWithoutText(reasons: string): string {
  return `reason = CASE WHEN ${REASON} = ANY (${reasons}::text[]) THEN ${REASON} END,
          description = initcap(t.category) || ' ' || t.action, written_xid = pg_current_xact_id()`;
}

/** The rows that moved, by kind. */
export interface MovedRows {
  presence: number;
  plans: number;
  bookings: number;
  changes: number;
  visitors: number;
}

interface Moved {
  table: string;
  /** That of the person. */
  column: string;
  /** SQL of what else changes. */
  set?: string;
  /** Partitioned by the time of the event, `observed_at`. */
  isEvent?: true;
}

/**
 * The tables whose rows statistics need. Their rows of a local day move to the pseudonym of the year of that day. An entry of the
 * action log is of the day that was changed.
 */
const MOVED: Readonly<Record<keyof MovedRows, Moved>> = {
  presence: {
    table: 'presence_events',
    column: 'user_id',
    set: 'source_user_id = NULL, written_xid = pg_current_xact_id()',
    isEvent: true,
  },
  plans: { table: 'day_plans', column: 'user_id' },
  bookings: { table: 'bookings', column: 'user_id' },
  changes: { table: 'action_log', column: 'user_id', set: logWithoutText('$5') },
  visitors: {
    table: 'visitor_arrivals',
    column: 'host_user_id',
    set: 'written_xid = pg_current_xact_id()',
    isEvent: true,
  },
};
const ALL_KINDS = Object.keys(MOVED) as (keyof MovedRows)[];

/** SQL: the rows `t` of the users $2 on the days $3, by an index where the table has one. */
const ofDays = (column: string) =>
  `t.tenant_id = $1 AND t.${column} = ANY ($2::uuid[]) AND t.day = ANY ($3::date[])`;
const [FIRST_DAY, LAST_DAY] = ['min', 'max'].map((end) => `(SELECT ${end}(d) FROM unnest($3::date[]) AS d)`);
/** SQL: an event `t` is in a partition that may have the days $3. */
const IN_MONTHS = mayBeOfDays('t.observed_at', `${FIRST_DAY}`, `${LAST_DAY} + 1`);

/**
 * Moves the rows of users on some local days to their pseudonyms: one for each user and calendar year, with the primary group
 * and the office that the user has now. All days must be of one year. Locks the users, so that nobody
 * writes their days meanwhile. Users without rows on these days get no pseudonym. A repeated call moves what is left.
 *
 * What a row says of the person besides the id goes: ids of the source and free text. The rest of the row stays, and so do all
 * counts. A plan of the user replaces one that the pseudonym has on the same day.
 */
export async function moveToPseudonyms(
  tx: Tx,
  tenantId: string,
  userIds: string[],
  days: readonly string[],
): Promise<MovedRows> {
  const year = Number(days[0]?.slice(0, 4));
  await lockUsers(tx, tenantId, userIds);
  const moving = await listUsersWithRows(tx, tenantId, userIds, days);
  const pseudonyms = await takePseudonyms(
    tx,
    moving.map((userId) => ({ userId, year })),
  );
  // The digest of an event contains the user, who could be found again by it.
  return moveRows(tx, tenantId, pseudonyms, { days, digest: 'gen_random_uuid()' });
}

/**
 * Moves rows of some local days, all of the year of the pseudonyms. The caller has locked their users. Returns the number of rows.
 *
 * @param kinds the kinds of rows to move
 * @param digest SQL of the new digest of a presence event `t`
 */
export async function moveRows(
  tx: Tx,
  tenantId: string,
  pseudonyms: readonly Pseudonym[],
  {
    days,
    kinds = ALL_KINDS,
    digest,
  }: { days: readonly string[]; kinds?: readonly (keyof MovedRows)[]; digest: string },
): Promise<MovedRows> {
  const moved: MovedRows = { presence: 0, plans: 0, bookings: 0, changes: 0, visitors: 0 };
  if (pseudonyms.length === 0) return moved;
  const values = [
    tenantId,
    uuidArray(pseudonyms.map(({ userId }) => userId)),
    days,
    uuidArray(pseudonyms.map(({ pseudonymId }) => pseudonymId)),
  ];
  await makeRoomForPlans(tx, values);
  for (const kind of kinds) {
    const { table, column, set, isEvent } = MOVED[kind];
    const changes = [
      `${column} = p.pseudonym_id`,
      ...(kind === 'presence' ? [`event_digest = ${digest}`] : []),
      ...(set ? [set] : []),
    ];
    const { rowCount } = await tx.query(
      `UPDATE ${table} t SET ${changes.join(', ')}
       FROM unnest($2::uuid[], $4::uuid[]) AS p (user_id, pseudonym_id)
       WHERE ${ofDays(column)} AND t.${column} = p.user_id${isEvent ? ` AND ${IN_MONTHS}` : ''}`,
      kind === 'changes' ? [...values, SERVER_REASONS] : values,
    );
    moved[kind] = rowCount ?? 0;
  }
  return moved;
}

/** Those of `userIds` of whom rows are left on some local days that `moveToPseudonyms` would move. */
export async function listUsersWithRows(
  tx: Tx,
  tenantId: string,
  userIds: string[],
  days: readonly string[],
): Promise<string[]> {
  const { rows } = await tx.query<{ userId: string }>(
    `SELECT DISTINCT found.user_id AS "userId" FROM (${Object.values(MOVED)
      .map(({ table, column }) => `SELECT t.${column} AS user_id FROM ${table} t WHERE ${ofDays(column)}`)
      .join(' UNION ALL ')}) AS found`,
    [tenantId, uuidArray(userIds), days],
  );
  return rows.map(({ userId }) => userId);
}

/**
 * Deletes the plans and bookings of pseudonyms on days on which the users have plans, which are newer. `values` are the organisation,
 * the users, the days and the pseudonyms.
 */
async function makeRoomForPlans(tx: Tx, values: unknown[]): Promise<void> {
  for (const table of ['bookings', 'day_plans']) {
    await tx.query(
      `DELETE FROM ${table} t USING unnest($2::uuid[], $4::uuid[]) AS p (user_id, pseudonym_id), day_plans d
       WHERE t.tenant_id = $1 AND t.user_id = ANY ($4::uuid[]) AND t.user_id = p.pseudonym_id AND t.day = ANY ($3::date[])
         AND d.tenant_id = $1 AND d.user_id = ANY ($2::uuid[]) AND d.user_id = p.user_id AND d.day = t.day`,
      values,
    );
  }
}

/** The pseudonym of a user for a calendar year. */
export interface Pseudonym {
  userId: string;
  year: number;
  pseudonymId: string;
}

/** The pseudonyms of users of the organisation that the transaction has entered. Makes those that do not exist. */
export async function takePseudonyms(
  tx: Tx,
  users: readonly Omit<Pseudonym, 'pseudonymId'>[],
): Promise<Pseudonym[]> {
  const { rows } = await tx.query<Pseudonym>(
    `SELECT user_id AS "userId", year, pseudonym_id AS "pseudonymId" FROM take_pseudonyms($1::uuid[], $2::smallint[])`,
    [uuidArray(users.map(({ userId }) => userId)), users.map(({ year }) => year)],
  );
  return rows;
}

/** The days of users that have a plan under the pseudonym of the user, because the names have ended. */
export async function listDaysOfPseudonyms(
  tx: Tx,
  tenantId: string,
  days: readonly { userId: string; day: string }[],
): Promise<{ userId: string; day: string }[]> {
  const { rows } = await tx.query<{ userId: string; day: string }>(
    `SELECT w.user_id AS "userId", w.day::text AS day
     FROM unnest($2::uuid[], $3::date[]) AS w (user_id, day)
     JOIN replaced_users r ON r.tenant_id = $1 AND r.user_id = w.user_id AND r.year = extract(year FROM w.day)::smallint
     JOIN day_plans d ON d.tenant_id = $1 AND d.user_id = r.pseudonym_id AND d.day = w.day`,
    [tenantId, uuidArray(days.map(({ userId }) => userId)), days.map(({ day }) => day)],
  );
  return rows;
}

/**
 * The days that may have rows of these users: from the first row of the organisation, or the first entry of the users in the
 * action log, to the last one. Undefined if there is none. It reads no more than the ends of indexes and these entries.
 */
export async function findDaysOfRows(
  tx: Tx,
  tenantId: string,
  userIds: string[],
): Promise<DayWindow | undefined> {
  const end = (order: 'ASC' | 'DESC', ofLog: 'min' | 'max') =>
    [
      ...['presence_events', 'day_plans', 'visitor_arrivals'].map(
        (table) => `(SELECT t.day FROM ${table} t WHERE t.tenant_id = $1 ORDER BY t.day ${order} LIMIT 1)`,
      ),
      `(SELECT ${ofLog}(t.day) FROM action_log t WHERE t.tenant_id = $1 AND t.user_id = ANY ($2::uuid[]))`,
    ].join(', ');
  const { rows } = await tx.query<{ from: string | null; before: string }>(
    `SELECT least(${end('ASC', 'min')}) AS "from", greatest(${end('DESC', 'max')}) + 1 AS before`,
    [tenantId, uuidArray(userIds)],
  );
  const [days] = rows;
  return days?.from ? { from: days.from, before: days.before } : undefined;
}
