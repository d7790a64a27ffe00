import { parseDay } from '../http/window.ts';
import type { Tx } from '../store/connections/db.ts';
import type { RetentionKindName } from '../store/privacy/retention-kinds.ts';
import { firstKeptDay, type Retention, readRetention } from '../store/privacy/retention-settings.ts';
import { utcDay } from '../store/values/days.ts';
import { periodWords } from '../store/values/period.ts';
import { text } from './cells.ts';
import type { ImportTarget, Load, Outcome, SourceRow } from './target.ts';

/** Makes a load refuse the rows that the retention of the organisation would remove. */
export type WithinRetention = (kind: RetentionKindName, columns: readonly string[], load: Load) => Load;

/** Reads the retention of the target. `columns` name the day of a row, or its instant; the first one that it has counts. */
export async function withinRetentionOf({
  retrying,
  tenantId,
  author,
}: ImportTarget): Promise<WithinRetention> {
  const retention = await retrying((tx: Tx) => readRetention(tx, tenantId));
  const today = utcDay(author.at.getTime());
  return (kind, columns, load) => limited(retention, today, kind, columns, load);
}

function limited(
  retention: Retention,
  today: string,
  kind: RetentionKindName,
  columns: readonly string[],
  load: Load,
): Load {
  const firstKept = firstKeptDay(retention, kind, today);
  const kept = retention[kind];
  if (firstKept === undefined || kept === null) return load;
  const isPast = ({ row }: SourceRow) => {
    // The load itself refuses a row without a day.
    const name = columns.find((column) => typeof row[column] === 'string' || row[column] instanceof Date);
    const day = name && parseDay(text(row, name)?.trim() ?? '');
    return day !== undefined && day < firstKept;
  };
  const refused = `it is before ${firstKept}: the organisation keeps such rows for ${periodWords(kept)}`;
  return async (rows) => {
    const past = rows.map(isPast);
    const loadable = rows.filter((_, index) => !past[index]);
    const outcomes = loadable.length === 0 ? [] : await load(loadable);
    let next = 0;
    return past.map(
      (isGone): Outcome => (isGone ? { refused } : (outcomes[next++] ?? { refused: 'it was not stored' })),
    );
  };
}
