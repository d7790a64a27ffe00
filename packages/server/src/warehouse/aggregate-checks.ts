import type { Database, Tx } from '../store/connections/db.ts';
import { ALL_DAYS } from '../store/values/day-window.ts';
import { addDays } from '../store/values/days.ts';
import {
  AGGREGATE_COLUMNS,
  computeAggregates,
  type DayAggregate,
  listAggregatedDays,
  listStaleOfficeDays,
  type OfficeDay,
  officeDayKey,
  readAggregateSnapshot,
  readAggregates,
  setPlannerForAggregates,
} from '../store/warehouse/aggregates.ts';

const DAYS_PER_CHECK = 7;

/** What a check has found. */
export interface AggregateCheck {
  /** The office days whose aggregates are current. */
  checked: number;
  /** Those whose aggregates differ from what the rows say. There is a fault if there are any. */
  wrong: OfficeDay[];
}

/**
 * Computes the aggregates of an organisation again, and compares them with the stored ones that are current. It reads
 * all in one snapshot and writes nothing. `onProgress` receives days.
 */
export async function verifyAggregates(
  database: Database,
  tenantId: string,
  onProgress?: (done: number, total: number) => void,
): Promise<AggregateCheck> {
  const check: AggregateCheck = { checked: 0, wrong: [] };
  const parts = database.stream('exports', tenantId, async function* (tx) {
    const snapshot = await readAggregateSnapshot(tx, tenantId);
    if (snapshot === undefined) return;
    const days = await listAggregatedDays(tx, tenantId, ALL_DAYS);
    const stale = new Set((await listStaleOfficeDays(tx, tenantId, snapshot, ALL_DAYS)).map(officeDayKey));
    await setPlannerForAggregates(tx);
    for (let from = 0; from < days.length; from += DAYS_PER_CHECK) {
      yield await compareDays(tx, tenantId, days.slice(from, from + DAYS_PER_CHECK), stale);
      onProgress?.(Math.min(from + DAYS_PER_CHECK, days.length), days.length);
    }
  });
  for await (const { checked, wrong } of parts) {
    check.checked += checked;
    check.wrong.push(...wrong);
  }
  return check;
}

/** `days` are in order. */
async function compareDays(
  tx: Tx,
  tenantId: string,
  days: readonly string[],
  stale: ReadonlySet<string>,
): Promise<AggregateCheck> {
  const isChecked = (each: OfficeDay) => days.includes(each.day) && !stale.has(officeDayKey(each));
  const window = { from: days[0] as string, before: addDays(days.at(-1) as string, 1) };
  const stored = new Map<string, DayAggregate>();
  for await (const batch of readAggregates(tx, tenantId, window, AGGREGATE_COLUMNS))
    for (const each of batch) if (isChecked(each)) stored.set(officeDayKey(each), each);
  let checked = stored.size;
  const wrong: OfficeDay[] = [];
  for await (const batch of computeAggregates(tx, tenantId, { days }, AGGREGATE_COLUMNS)) {
    for (const each of batch.filter(isChecked)) {
      const known = stored.get(officeDayKey(each));
      if (!known) checked++;
      if (!known || !isSame(known, each)) wrong.push({ day: each.day, locationId: each.locationId });
      stored.delete(officeDayKey(each));
    }
  }
  for (const { day, locationId } of stored.values()) wrong.push({ day, locationId });
  return { checked, wrong };
}

function isSame(some: DayAggregate, other: DayAggregate): boolean {
  return Object.entries(some.columns).every(([name, bytes]) =>
    bytes.equals(other.columns[name as keyof DayAggregate['columns']]),
  );
}
