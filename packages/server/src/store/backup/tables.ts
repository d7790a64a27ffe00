import pg from 'pg';

/** A table of a backup. */
export interface Table {
  name: string;
  /**
   * The columns in the backup. Generated columns are left out, and so is `written_xid`, which belongs to one
   * database.
   */
  columns: string[];
  /** The table has row-level security, so its rows are read one organisation at a time. */
  tenantScoped: boolean;
  /** Row-level security also binds the owner. */
  forced: boolean;
}

interface CatalogRow extends Table {
  refersTo: string[];
}

/**
 * All tables of the schema, from the catalog, so that none can be forgotten. Left out are:
 *
 * - the migrations
 * - tables that belong to one database, as `written_xid` does
 * - sessions, links, answered challenges and failures of people who sign in, the link of the set-up, and the networks of sign-ins and
 *   logins
 * - answered requests, which the server keeps for a day
 * - the live processes
 * - removed days, erased users and counts of changes, which cursors of one database ask for
 * - the last runs of jobs
 * - the aggregates of metrics, which the server makes again
 * - `user_searches`, which has no rows
 * - partitions, whose rows are those of their table
 *
 * A table comes after those to which its foreign keys refer. Deferrable foreign keys do not count, because they are
 * checked when all tables are loaded. Empty if the schema is missing.
 */
export async function listTables(client: pg.ClientBase): Promise<Table[]> {
  const { rows } = await client.query<CatalogRow>(`
    SELECT c.relname::text AS name,
           c.relrowsecurity AS "tenantScoped",
           c.relrowsecurity AND c.relforcerowsecurity AS forced,
           ARRAY(SELECT a.attname::text FROM pg_attribute a
                 WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                   AND a.attgenerated = '' AND a.attname <> 'written_xid'
                 ORDER BY a.attnum) AS columns,
           -- A reference of a table to itself is checked at the end of its COPY, when all its rows exist.
           ARRAY(SELECT DISTINCT f.relname::text FROM pg_constraint k JOIN pg_class f ON f.oid = k.confrelid
                 WHERE k.conrelid = c.oid AND k.contype = 'f' AND NOT k.condeferrable AND k.confrelid <> c.oid) AS "refersTo"
    FROM pg_class c
    WHERE c.relnamespace = to_regnamespace('rollcall') AND c.relkind IN ('r', 'p') AND NOT c.relispartition
      AND c.relname !~ '^(action_log|occupancy_events|presence_events|visitor_arrivals)_(before|[0-9]{4}_[0-9]{2})$'
      AND c.relname NOT IN ('migrations', 'directory_versions', 'attendance_changes', 'attendance_marks',
                            'database_runs', 'job_runs', 'user_numbers', 'node_numbers', 'aggregate_states',
                            'aggregate_days', 'day_aggregates', 'user_searches', 'sessions', 'sign_in_links',
                            'sign_in_networks', 'sign_in_failures', 'spent_challenges',
                            'set_up_links', 'answered_requests', 'api_key_networks', 'server_processes',
                            'gone_users', 'replacement_marks', 'removed_days')
    ORDER BY c.relname`);
  return inReferenceOrder(rows);
}

/** `rollcall.<name>`, quoted. */
export function qualified(table: { name: string }): string {
  return `rollcall.${pg.escapeIdentifier(table.name)}`;
}

/** The columns as a list for SQL, quoted. */
export function columnList(table: { columns: string[] }): string {
  return table.columns.map((column) => pg.escapeIdentifier(column)).join(', ');
}

function inReferenceOrder(tables: CatalogRow[]): Table[] {
  const ordered: Table[] = [];
  const placed = new Set<string>();
  const waiting = [...tables];
  while (waiting.length > 0) {
    const at = waiting.findIndex((table) => table.refersTo.every((name) => placed.has(name)));
    const [next] = waiting.splice(at, at === -1 ? 0 : 1);
    if (!next) throw new Error(`Foreign keys in a circle: ${waiting.map((table) => table.name).join(', ')}`);
    const { refersTo: _, ...table } = next;
    ordered.push(table);
    placed.add(table.name);
  }
  return ordered;
}
