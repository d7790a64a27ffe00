import type pg from 'pg';
import type { Tx } from '../connections/db.ts';

/** A time zone that the database does not know, with its organisation and office. */
export interface UnknownTimeZone {
  /** The slug of the organisation. */
  organisation: string;
  /** The name of the office. Null for the organisation's own time zone. */
  office: string | null;
  timeZone: string;
}

/**
 * The names by which the database knows these time zones: the name itself, or an alias (Asia/Kolkata for
 * Asia/Calcutta). The answer leaves out time zones that the database does not know under any name.
 */
export async function findTimeZones(tx: Tx, names: readonly string[]): Promise<Map<string, string>> {
  const found = new Map((await listTimeZoneNames(tx, names)).map((name) => [name, name]));
  const others = names.filter((name) => !found.has(name));
  if (others.length === 0) return found;
  const byZone = new Map<string, string>();
  const all = await listTimeZoneNames(tx);
  // A known name in the wrong case is a typing error, so it gets no alias.
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
 * Checks the time zones of all offices and organisations against those that the database knows. Replaces a
 * time zone that the database knows only by another name by that name. `listUnknownTimeZones` lists those
 * that remain unknown. Owner only.
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

/**
 * The offices whose time zone the database does not know, and the organisations whose own time zone it does
 * not know. Such an office takes no part. Such an organisation uses UTC instead. Owner only.
 */
export async function listUnknownTimeZones(tx: Tx): Promise<UnknownTimeZone[]> {
  const { rows } = await tx.query<UnknownTimeZone>(
    'SELECT organisation, office, time_zone AS "timeZone" FROM unknown_time_zones()',
  );
  return rows;
}

/** Those of `names` that the database knows, or all that it knows if `names` is undefined. */
async function listTimeZoneNames(tx: Tx, names?: readonly string[]): Promise<string[]> {
  if (names?.length === 0) return [];
  const { rows } = await tx.query<{ name: string }>(
    'SELECT name FROM pg_timezone_names WHERE $1::text[] IS NULL OR name = ANY($1)',
    [names ?? null],
  );
  return rows.map((row) => row.name);
}

/**
 * An identifier that all names of one time zone share, by the IANA backward links that Node.js has. Undefined
 * if Node.js does not know the name.
 */
function zoneOf(name: string): string | undefined {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    return undefined;
  }
}
