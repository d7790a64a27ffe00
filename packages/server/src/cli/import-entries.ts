import { addOperatorEntry } from '../http/audit/operator.ts';
import type { Database } from '../store/connections/db.ts';

interface Imported {
  tenantId: string;
  /** Of the file, or `export` for a folder. */
  kind: string;
  strict: boolean;
  dryRun: boolean;
}

/**
 * Runs an import of the operator, with entries of the audit trail: one before its first transaction, and one with what it
 * did. A dry run has none.
 */
export async function withImportEntries<Report>(
  owner: Database,
  { tenantId, kind, strict, dryRun }: Imported,
  work: () => Promise<Report>,
  countsOf: (report: Report) => { rows: number; refused: number },
): Promise<Report> {
  if (dryRun) return work();
  const about = () => ({ tenantId, atMs: Date.now() });
  await owner.inSystem((tx) =>
    addOperatorEntry(tx, 'import.begun', { ...about(), metadata: { kind, strict } }),
  );
  const report = await work();
  await owner.inSystem((tx) =>
    addOperatorEntry(tx, 'import.ended', { ...about(), metadata: { kind, ...countsOf(report) } }),
  );
  return report;
}
