import type { Database } from '../store/connections/db.ts';
import { nextDayToRemove } from '../store/privacy/retention.ts';
import { countRowsOf } from '../store/privacy/retention-counts.ts';
import type { RetentionKindName } from '../store/privacy/retention-kinds.ts';
import type { Retention } from '../store/privacy/retention-settings.ts';
import { utcDay } from '../store/values/days.ts';
import { periodBefore } from '../store/values/period.ts';

/** After this time, no further month is counted. */
const LONGEST_MS = 5_000;

interface Deps {
  database: Database;
  /** Milliseconds since the epoch. */
  clock: () => number;
}

/** What a retention of a kind would remove. */
export interface RetentionEffect {
  kind: RetentionKindName;
  /** `YYYY-MM-DD`. Null: nothing would be removed. */
  firstKeptDay: string | null;
  /** The oldest month first. */
  months: { month: string; rows: number; isMore: boolean }[];
  /** Whether all months are counted. */
  isComplete: boolean;
}

/** Counts the rows that a change of the retention would remove, month by month, each in a short transaction. */
export async function effectsOf(
  { database, clock }: Deps,
  tenantId: string,
  change: Partial<Retention>,
): Promise<RetentionEffect[]> {
  const endMs = performance.now() + LONGEST_MS;
  const effects: RetentionEffect[] = [];
  for (const [name, kept] of Object.entries(change)) {
    const kind = name as RetentionKindName;
    const before = kept === null ? null : periodBefore(utcDay(clock()), kept);
    const effect: RetentionEffect = { kind, firstKeptDay: before, months: [], isComplete: true };
    effects.push(effect);
    if (before === null) continue;
    let from = await database.inTenant(tenantId, (tx) => nextDayToRemove(tx, tenantId, kind, before));
    while (from !== undefined && from < before) {
      if (performance.now() > endMs) {
        effect.isComplete = false;
        break;
      }
      const next = nextMonth(from);
      const window = { from, before: next < before ? next : before };
      const { rows, isMore } = await database.inTenant(tenantId, (tx) =>
        countRowsOf(tx, tenantId, kind, window),
      );
      if (rows > 0) effect.months.push({ month: from.slice(0, 7), rows, isMore });
      from = next;
    }
  }
  return effects;
}

function nextMonth(day: string): string {
  const [year = 0, month = 0] = day.split('-').map(Number);
  return utcDay(Date.UTC(year, month, 1));
}
