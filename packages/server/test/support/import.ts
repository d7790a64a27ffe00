import { Readable } from 'node:stream';
import { type ImportOptions, type ImportReport, importCsv } from '../../src/csv-import/import.ts';
import type { ImportKind } from '../../src/csv-import/kinds.ts';
import { readText } from '../../src/files/text-input.ts';
import type { Database } from '../../src/store/connections/db.ts';

/** Imports `file`, given as text, as bytes or as lines. */
export function importFile(
  database: Database,
  tenantId: string,
  kind: ImportKind,
  file: string | Buffer | string[],
  options: Partial<ImportOptions> = {},
): Promise<ImportReport> {
  const bytes = Buffer.isBuffer(file) ? file : Buffer.from(Array.isArray(file) ? file.join('\n') : file);
  return importCsv({
    kind,
    input: readText(inChunks(bytes)).stream,
    database,
    tenantId,
    strict: false,
    dryRun: false,
    clock: Date.now,
    ...options,
  });
}

/** The bytes in small pieces, which divide line ends, characters and quotes. */
export function inChunks(bytes: Buffer, size = bytes.length > 100_000 ? 65_536 : 7): Readable {
  const chunks: Buffer[] = [];
  for (let start = 0; start < bytes.length; start += size) chunks.push(bytes.subarray(start, start + size));
  return Readable.from(chunks, { objectMode: false });
}

export type Row = Record<string, unknown>;

/** Every node of the organisation, without what only PostgreSQL knows, by kind, name and id. */
export async function listNodes(database: Database, tenantId: string): Promise<Row[]> {
  const { rows } = await database.inTenant(tenantId, (tx) =>
    tx.query(
      `SELECT node_id, kind, parent_id, name, status, address, time_zone, space_type, capacity FROM nodes
       WHERE tenant_id = $1 ORDER BY kind, name COLLATE "C", node_id`,
      [tenantId],
    ),
  );
  return rows;
}

/** Every user of the organisation, without what only PostgreSQL knows, by folded name. */
export async function listUsers(database: Database, tenantId: string): Promise<Row[]> {
  const { rows } = await database.inTenant(tenantId, (tx) =>
    tx.query(
      `SELECT user_id, user_name, user_name_folded, email, email_folded, first_name, last_name, onboarded,
              status, primary_location_id FROM users
       WHERE tenant_id = $1 ORDER BY user_name_folded COLLATE "C"`,
      [tenantId],
    ),
  );
  return rows;
}

/** When each row was last written, as transaction ids. */
export async function listWrittenXids(database: Database, tenantId: string): Promise<Row[]> {
  const { rows } = await database.inTenant(tenantId, (tx) =>
    tx.query(
      `SELECT node_id AS id, written_xid::text FROM nodes WHERE tenant_id = $1
       UNION ALL SELECT user_id, written_xid::text FROM users WHERE tenant_id = $1 ORDER BY 1`,
      [tenantId],
    ),
  );
  return rows;
}

/** A GUID that is easy to recognise: `id(7)` ends in 7. */
export function id(n: number): string {
  return `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
}

/** The parts of a report that most tests check. */
export function counts({ created, updated, unchanged, refused }: ImportReport): number[] {
  return [created, updated, unchanged, refused.length];
}
