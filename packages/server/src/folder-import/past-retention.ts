import { parseDay } from '../http/window.ts';
import type { Tx } from '../store/connections/db.ts';
import { type ClosedYears, listClosedYears } from '../store/privacy/pseudonym-years.ts';
import type { RetentionKindName } from '../store/privacy/retention-kinds.ts';
import { firstKeptDay, type Retention, readRetention } from '../store/privacy/retention-settings.ts';
import { utcDay } from '../store/values/days.ts';
import { periodWords } from '../store/values/period.ts';
import { text } from './cells.ts';
import type { ImportTarget, Load, Outcome, SourceRow } from './target.ts';

/**
 * Makes a load refuse the rows that the retention of the organisation would remove, and those of years whose names have ended for good:
 * nobody can say whether the organisation has them.
 */
export type WithinRetention = (kind: RetentionKindName, columns: readonly string[], load: Load) => Load;

/** Reads the retention of the target. `columns` name the day of a row, or its instant; the first one that it has counts. */
export async function withinRetentionOf({
  retrying,
  tenantId,
  author,
}: ImportTarget): Promise<WithinRetention> {
  const known = await retrying(async (tx: Tx) => ({
    retention: await readRetention(tx, tenantId),
    closedYears: await listClosedYears(tx, tenantId),
  }));
  const today = utcDay(author.at.getTime());
  return (kind, columns, load) => limited(known, today, kind, columns, load);
}

interface Known {
  retention: Retention;
  closedYears: ClosedYears;
}

function limited(
  { retention, closedYears }: Known,
  today: string,
  kind: RetentionKindName,
  columns: readonly string[],
  load: Load,
): Load {
  const firstKept = firstKeptDay(retention, kind, today);
  const kept = retention[kind];
  const closed = closedFor(kind, closedYears);
  if (firstKept === undefined && closed.size === 0) return load;
  const refusalOf = ({ row }: SourceRow): string | undefined => {
    // The load itself refuses a row without a day.
    const name = columns.find((column) => typeof row[column] === 'string' || row[column] instanceof Date);
    const day = name && parseDay(text(row, name)?.trim() ?? '');
    if (!day) return undefined;
    if (firstKept !== undefined && kept !== null && day < firstKept)
      return `it is before ${firstKept}: the organisation keeps such rows for ${periodWords(kept)}`;
    const year = Number(day.slice(0, 4));
    if (!closed.has(year)) return undefined;
    return `it is of ${year}: the names of that year have ended, and the server cannot tell whether it has the row`;
  };
  return async (rows) => {
    const refusals = rows.map(refusalOf);
    const loadable = rows.filter((_, index) => refusals[index] === undefined);
    const outcomes = loadable.length === 0 ? [] : await load(loadable);
    let next = 0;
    return refusals.map(
      (refused): Outcome =>
        refused === undefined ? (outcomes[next++] ?? { refused: 'it was not stored' }) : { refused },
    );
  };
}

const NO_YEARS: ReadonlySet<number> = new Set();

/** The years whose rows move to pseudonyms, and cannot be told from those that have moved. */
function closedFor(kind: RetentionKindName, { people, visitors }: ClosedYears): ReadonlySet<number> {
  if (kind === 'attendance') return people;
  return kind === 'visitors' ? visitors : NO_YEARS;
}
