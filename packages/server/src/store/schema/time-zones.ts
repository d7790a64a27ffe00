import type pg from 'pg';
import type { Tx } from '../connections/db.ts';

/** A time zone that the database does not know, and whose it is. */
export interface UnknownTimeZone {
  /** The slug of the organisation. */
  organisation: string;
  /** The name of the office; null where it is the organisation's own time zone. */
  office: string | null;
  timeZone: string;
}

/**
 * The names by which the database knows these time zones: their own, or that of an alias (Asia/Calcutta is Asia/Kolkata). What
 * it does not know by any name is not in the answer.
 */
export async function findTimeZones(tx: Tx, names: readonly string[]): Promise<Map<string, string>> {
  const found = new Map((await listTimeZoneNames(tx, names)).map((name) => [name, name]));
  const others = names.filter((name) => !found.has(name));
  if (others.length === 0) return found;
  const byZone = new Map<string, string>();
  const all = await listTimeZoneNames(tx);
  // A known name in another case is a slip of whoever wrote it, not another name.
  const inLowerCase = new Set(all.map((name) => name.toLowerCase()));
  for (const name of all) {
    const zone = zoneOf(name);
    if (zone !== undefined && byZone.get(zone) !== zone) byZone.set(zone, name);
  }
  for (const name of others) {
    const alias = byZone.get(zoneOf(name) ?? '');
    if (alias !== undefined && !inLowerCase.has(name.toLowerCase())) found.set(name, alias);
  }
  return found;
}

/**
 * Sees to it that every office and organisation has a time zone that the database knows. An alias takes the place of a zone
 * that it knows by another name only; what is left, `listUnknownTimeZones` names. Owner only.
 */
export async function normalizeTimeZones(client: pg.ClientBase): Promise<void> {
  const { rows } = await client.query<{ zone: string }>(
    'SELECT DISTINCT zone FROM rollcall.settle_time_zones() AS zone',
  );
  if (rows.length === 0) return;
  const unknown = rows.map(({ zone }) => zone);
  for (const [zone, alias] of await findTimeZones(client, unknown)) {
    await client.query('SELECT rollcall.rename_time_zone($1, $2)', [zone, alias]);
  }
}

/** The offices that take no part because nobody knows their local time, and organisations that follow UTC for that. Owner only. */
export async function listUnknownTimeZones(tx: Tx): Promise<UnknownTimeZone[]> {
  const { rows } = await tx.query<UnknownTimeZone>(
    'SELECT organisation, office, time_zone AS "timeZone" FROM unknown_time_zones()',
  );
  return rows;
}

/** Which of `names` the database knows; of all where none are given. */
async function listTimeZoneNames(tx: Tx, names?: readonly string[]): Promise<string[]> {
  if (names?.length === 0) return [];
  const { rows } = await tx.query<{ name: string }>(
    'SELECT name FROM pg_timezone_names WHERE $1::text[] IS NULL OR name = ANY($1)',
    [names ?? null],
  );
  return rows.map((row) => row.name);
}

/** The same for all names of one zone, by IANA's backward links as Node.js has them; undefined for what is none. */
function zoneOf(name: string): string | undefined {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    return undefined;
  }
}
