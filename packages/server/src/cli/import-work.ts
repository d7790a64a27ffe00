import { addOperatorEntry } from '../http/audit/operator.ts';
import type { Context } from './context.ts';
import { withEndEntry } from './end-entry.ts';
import { catchInterruption, Interrupted, onInterruption } from './interruption.ts';
import { remark } from './output.ts';
import { showProgress } from './progress.ts';

/** Rows that an import has stored and refused. */
interface Counts {
  stored: number;
  refused: number;
}

/** Tells how far an import is, in the unit of its progress bar. Throws `Interrupted` after an interruption. */
type OnProgress = (done: number, total: number | undefined, counts: Counts) => void;

interface ImportWork<Report> {
  tenantId: string;
  /** Of the file, or `export` or `floor-plans` for a folder. */
  kind: string;
  /** Whether the import stores all or nothing. */
  strict: boolean;
  dryRun: boolean;
  progress: { label: string; unit: string };
  /** What an interrupted import has done, as a clause. */
  soFar: () => string;
  work: (onProgress: OnProgress) => Promise<Report>;
  countsOf: (report: Report) => Counts;
}

/**
 * Runs an import of the operator with a progress bar, and a sentence if the user interrupts it. The audit trail gets an entry before
 * its first transaction, and one with what it did, also if it fails. A dry run has no entries.
 */
export async function runImport<Report>(
  context: Pick<Context, 'owner' | 'onInterrupted'>,
  { tenantId, kind, strict, dryRun, progress, soFar, work, countsOf }: ImportWork<Report>,
): Promise<Report> {
  const bar = showProgress(progress.label, progress.unit);
  const ignoreInterruption = onInterruption(() =>
    remark(
      `rollcall: The ${dryRun ? 'dry run' : 'import'} was interrupted; ` +
        (dryRun || strict ? 'nothing was stored.' : `${soFar()}. Run the same command to continue.`),
    ),
  );
  const signal = catchInterruption();
  let counts: Counts = { stored: 0, refused: 0 };
  const onProgress: OnProgress = (done, total, soFarCounts) => {
    // A strict import that does not come to its end stores nothing.
    if (!strict) counts = soFarCounts;
    bar.update(done, total);
    if (signal.aborted) throw new Interrupted();
  };
  const about = () => ({ tenantId, atMs: Date.now() });
  const { owner } = context;
  try {
    if (dryRun) return await work(onProgress);
    await owner.inSystem((tx) =>
      addOperatorEntry(tx, 'import.begun', { ...about(), metadata: { kind, strict } }),
    );
    return await withEndEntry(
      context,
      async () => {
        const report = await work(onProgress);
        counts = countsOf(report);
        return report;
      },
      (complete) => {
        const { stored: rows, refused } = counts;
        const metadata = { kind, rows, refused, complete };
        return owner.inSystem((tx) => addOperatorEntry(tx, 'import.ended', { ...about(), metadata }));
      },
    );
  } finally {
    ignoreInterruption();
    bar.stop();
  }
}
