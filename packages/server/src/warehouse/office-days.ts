import type { Tx } from '../store/connections/db.ts';
import type { DayWindow } from '../store/values/day-window.ts';
import { daysOf } from '../store/values/days.ts';
import {
  type AggregateColumn,
  computeAggregates,
  type DayAggregate,
  listAggregatedDays,
  listStaleOfficeDays,
  type OfficeDay,
  officeDayKey,
  readAggregateSnapshot,
  readAggregates,
  type Selection,
} from '../store/warehouse/aggregates.ts';

/**
 * The attendance of office days, as the rows in the snapshot of a transaction say. Stored aggregates that are current
 * in this snapshot are read; all others are computed from the rows.
 */
export class OfficeDays {
  readonly #tx: Tx;
  readonly #tenantId: string;
  readonly #columns: readonly AggregateColumn[];
  readonly #aggregated: ReadonlySet<string>;
  readonly #stale: readonly OfficeDay[];
  readonly #staleKeys: ReadonlySet<string>;

  private constructor(
    { tx, tenantId, columns }: { tx: Tx; tenantId: string; columns: readonly AggregateColumn[] },
    aggregated: readonly string[],
    stale: readonly OfficeDay[],
  ) {
    this.#tx = tx;
    this.#tenantId = tenantId;
    this.#columns = columns;
    this.#aggregated = new Set(aggregated);
    this.#stale = stale;
    this.#staleKeys = new Set(stale.map(officeDayKey));
  }

  /** Decides for all days in `window` which aggregates are current. Reads only `columns`. `tx` has one snapshot for all statements; call `setPlannerForAggregates` before. */
  static async open(
    tx: Tx,
    tenantId: string,
    window: DayWindow,
    columns: readonly AggregateColumn[],
  ): Promise<OfficeDays> {
    const snapshot = await readAggregateSnapshot(tx, tenantId);
    const days = snapshot === undefined ? [] : await listAggregatedDays(tx, tenantId, window);
    const stale =
      snapshot === undefined || days.length === 0
        ? []
        : await listStaleOfficeDays(tx, tenantId, snapshot, window);
    return new OfficeDays({ tx, tenantId, columns }, days, stale);
  }

  /** The office days of a part of the window that have any attendance, in no order. */
  async *read(window: DayWindow): AsyncGenerator<DayAggregate, void> {
    const days = [...daysOf(window)];
    const missing = days.filter((day) => !this.#aggregated.has(day));
    if (missing.length < days.length) {
      for await (const batch of readAggregates(this.#tx, this.#tenantId, window, this.#columns))
        yield* batch.filter(
          (each) => this.#aggregated.has(each.day) && !this.#staleKeys.has(officeDayKey(each)),
        );
    }
    const stale = this.#stale.filter(({ day }) => day >= window.from && day < window.before);
    if (stale.length > 0) yield* this.#compute({ officeDays: stale });
    if (missing.length > 0) yield* this.#compute({ days: missing });
  }

  async *#compute(selection: Selection): AsyncGenerator<DayAggregate, void> {
    for await (const batch of computeAggregates(this.#tx, this.#tenantId, selection, this.#columns))
      yield* batch;
  }
}
