import type { Tx } from '../store/connections/db.ts';
import type { DayWindow } from '../store/values/day-window.ts';
import { addDays } from '../store/values/days.ts';
import {
  type DayAggregate,
  listNumberedMembers,
  listNumberedNodes,
  setPlannerForAggregates,
} from '../store/warehouse/aggregates.ts';
import {
  type GroupNode,
  listCapacityNodes,
  listGroupNodes,
  listOfficeClocks,
  type MetricsQuery,
  type OfficeClock,
} from '../store/warehouse/metrics.ts';
import type { DatasetReader, ExportQuery } from '../store/warehouse/query.ts';
import { CapacityTree } from './capacity-tree.ts';
import { DayCounter, sawEvent } from './day-counter.ts';
import type { Row } from './format.ts';
import { ancestorsOf, withinGroups } from './group-tree.ts';
import { OfficeCalendar } from './office-calendar.ts';
import { OfficeDays } from './office-days.ts';
import { type Period, periodsOf, possibleDays } from './periods.ts';
import { Spots } from './spots.ts';
import { Tally } from './tally.ts';
import { type ReportedUnit, Units } from './units.ts';

const ROWS_PER_BATCH = 250;
/** The most days that are read at a time, so that their units fit into memory. */
const DAYS_PER_READ = 31;

/** The tallies of the units of a period, and its office days. */
interface PeriodTallies {
  period: Period;
  /** The period is a day, so a tally need not keep days apart. */
  isOneDay: boolean;
  calendar: OfficeCalendar;
  tallies: Map<ReportedUnit, Tally>;
}

/** Reads the metrics period by period, with a row for each unit. It holds the units of few periods in memory. */
export const readMetrics: DatasetReader = async function* (tx, query) {
  const { tenantId, locationIds, now, metrics } = query;
  if (!metrics) throw new Error('The dataset of metrics declares the filters of metrics.');
  const window = possibleDays(query.window, now);
  if (window === undefined) return;
  await setPlannerForAggregates(tx);
  const capacityTree = new CapacityTree(await listCapacityNodes(tx, tenantId), locationIds);
  const groups = new Map((await listGroupNodes(tx, tenantId)).map((group) => [group.groupId, group]));
  const clocks = await listOfficeClocks(tx, tenantId, now);
  const counter = await openCounter(tx, query, metrics, groups);
  const units = unitsBy(metrics.by, capacityTree, groups);
  const officeIds = new Set(capacityTree.officeIds);
  const officeDays = await OfficeDays.open(tx, tenantId, window, counter.columns);
  const open: PeriodTallies[] = [...periodsOf(query.window, metrics.period)]
    .filter((period) => period.window.from < window.before)
    .map((period) => ({
      period,
      isOneDay: metrics.period === 'day',
      calendar: new OfficeCalendar(clocks, metrics.weekdays),
      tallies: new Map(),
    }));
  let rows: Row[] = [];
  for (const chunk of chunksOf(window)) {
    for await (const aggregate of officeDays.read(chunk)) {
      if (!officeIds.has(aggregate.locationId)) continue;
      const current = open.find(({ period }) => aggregate.day < period.window.before);
      if (current) addDay(current, aggregate, counter, units);
    }
    while (open[0] && (open[0].period.window.before <= chunk.before || chunk.before === window.before)) {
      for (const row of rowsOf(open.shift() as PeriodTallies, { metrics, units, clocks })) {
        if (rows.push(row) < ROWS_PER_BATCH) continue;
        yield rows;
        rows = [];
      }
    }
  }
  if (rows.length > 0) yield rows;
};

async function openCounter(
  tx: Tx,
  { tenantId, locationIds: nodeIds }: ExportQuery,
  { by, groupIds, subgroups }: MetricsQuery,
  groups: ReadonlyMap<string, GroupNode>,
): Promise<DayCounter> {
  const isPlaced = by === 'level' || by === 'zone' || nodeIds !== undefined;
  return new DayCounter({
    by,
    nodeIds,
    spots: new Spots(isPlaced ? await listNumberedNodes(tx, tenantId) : []),
    members: by === 'group' || groupIds ? await listNumberedMembers(tx, tenantId) : undefined,
    groupIds: groupIds && withinGroups(groupIds, groups),
    ancestorsOf: by === 'group' && subgroups ? (groupId) => ancestorsOf(groupId, groups) : undefined,
  });
}

function* chunksOf({ from, before }: DayWindow): Generator<DayWindow> {
  for (let start = from; start < before; start = addDays(start, DAYS_PER_READ)) {
    const end = addDays(start, DAYS_PER_READ);
    yield { from: start, before: end < before ? end : before };
  }
}

/** Adds an office's day to the tallies of its period. Filters do not change which days are office days. */
function addDay(
  { isOneDay, calendar, tallies }: PeriodTallies,
  aggregate: DayAggregate,
  counter: DayCounter,
  units: Units,
): void {
  const { day, locationId } = aggregate;
  calendar.add([{ locationId, day, sawEvent: sawEvent(aggregate) }]);
  const office = calendar.find(locationId, day);
  if (!office) return;
  for (const counts of counter.count(aggregate)) {
    const unit = units.of(locationId, counts.unit, (number) => counter.idsOf(number));
    const tally = tallies.get(unit) ?? new Tally({ isOneDay });
    tallies.set(unit, tally);
    tally.add(day, counts, office);
  }
}

function unitsBy(
  by: MetricsQuery['by'],
  capacityTree: CapacityTree,
  groups: ReadonlyMap<string, GroupNode>,
): Units {
  return new Units(by === 'group' ? [] : capacityTree.unitsInUse(by), (unit) => {
    const { locationId, levelId, zoneId, groupId } = unit;
    return {
      names: {
        locationId,
        locationName: capacityTree.nameOf(locationId),
        levelId,
        levelName: levelId && capacityTree.nameOf(levelId),
        zoneId,
        zoneName: zoneId && capacityTree.nameOf(zoneId),
        groupId,
        groupName: groupId && (groups.get(groupId)?.name ?? null),
      },
      capacity: by === 'group' ? null : capacityTree.capacityOf(by, unit),
    };
  });
}

interface RowContext {
  metrics: MetricsQuery;
  units: Units;
  clocks: ReadonlyMap<string, OfficeClock>;
}

/** The rows of a period, in order. Units in use without attendance have one, too, with 0. */
function* rowsOf(
  { period, isOneDay, calendar, tallies }: PeriodTallies,
  { metrics: { by, period: kind }, units, clocks }: RowContext,
): Generator<Row> {
  const lastDay = addDays(period.window.before, -1);
  const spanOf = (complete: boolean): Row => ({
    by,
    period: kind,
    periodStart: toInstant(period.start),
    firstDay: toInstant(period.window.from),
    lastDay: toInstant(lastDay),
    complete,
  });
  const [incomplete, complete] = [spanOf(false), spanOf(true)];
  const nobody = new Tally({ isOneDay });
  for (const unit of units.inOrder) {
    const { locationId, names, capacity, inUse } = unit;
    const tally = tallies.get(unit) ?? (inUse ? nobody : undefined);
    if (tally === undefined || !calendar.has(locationId)) continue;
    const hasEnded = period.isWhole && lastDay < (clocks.get(locationId)?.today ?? '');
    const days = calendar.statisticsOf(locationId);
    const row: Row = tally.figures(days, capacity);
    // The figures' own object becomes the row: a copy for each row costs time.
    yield Object.assign(row, { span: hasEnded ? complete : incomplete, unit: names, days: days.counts });
  }
}

function toInstant(day: string): string {
  return `${day}T00:00:00.000Z`;
}
