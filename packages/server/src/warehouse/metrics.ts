import type { Tx } from '../store/connections/db.ts';
import { addDays, utcDay } from '../store/values/days.ts';
import { type DayCounts, listDayCounts, setPlannerForCounts } from '../store/warehouse/day-counts.ts';
import {
  type ActiveOfficeDay,
  type GroupNode,
  listActiveOfficeDays,
  listCapacityNodes,
  listGroupNodes,
  listOfficeClocks,
  type MetricsQuery,
  type OfficeClock,
} from '../store/warehouse/metrics.ts';
import type { DatasetReader, ExportQuery } from '../store/warehouse/query.ts';
import { CapacityTree } from './capacity-tree.ts';
import { ancestorsOf, withinGroups } from './group-tree.ts';
import { OfficeCalendar } from './office-calendar.ts';
import { type Period, periodsOf } from './periods.ts';
import { Tally, type Unit, unitKey } from './tally.ts';

const ROWS_PER_BATCH = 250;
/** The most days that the database counts at a time, so that its work fits into memory. */
const DAYS_PER_READ = 7;

/** Reads the metrics period by period, with a row for each unit. It holds the units of only one period in memory. */
export const readMetrics: DatasetReader = async function* (tx, query) {
  const { tenantId, window, locationIds, now, metrics } = query;
  if (!metrics) throw new Error('The dataset of metrics declares the filters of metrics.');
  await setPlannerForCounts(tx);
  const capacityTree = new CapacityTree(await listCapacityNodes(tx, tenantId), locationIds);
  const groups = new Map((await listGroupNodes(tx, tenantId)).map((group) => [group.groupId, group]));
  const clocks = await listOfficeClocks(tx, tenantId, now);
  // Events may be a day ahead of now, and an office's day may be ahead of the day in UTC.
  const lastDay = addDays(utcDay(now.getTime()), 2);
  for (const period of periodsOf(window, metrics.period)) {
    if (period.window.from > lastDay) return;
    const calendar = new OfficeCalendar(clocks, metrics.weekdays);
    const tallies = new Map<string, Tally>();
    for (const chunk of chunksOf(period.window)) {
      await count(tx, { query, metrics, chunk, capacityTree, groups, calendar, tallies });
    }
    if (metrics.by !== 'group') {
      // Units without attendance also get a row, with 0.
      for (const unit of capacityTree.unitsInUse(metrics.by)) tallyOf(tallies, unit);
    }
    const rows = [...tallies.entries()]
      .filter(([, { unit }]) => calendar.has(unit.locationId))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, tally]) => toRow(tally, { metrics, period, calendar, capacityTree, groups, clocks }));
    for (let from = 0; from < rows.length; from += ROWS_PER_BATCH)
      yield rows.slice(from, from + ROWS_PER_BATCH);
  }
};

function* chunksOf({ from, before }: Period['window']): Generator<Period['window']> {
  for (let start = from; start < before; start = addDays(start, DAYS_PER_READ)) {
    const end = addDays(start, DAYS_PER_READ);
    yield { from: start, before: end < before ? end : before };
  }
}

interface Counting {
  query: ExportQuery;
  metrics: MetricsQuery;
  chunk: Period['window'];
  capacityTree: CapacityTree;
  groups: ReadonlyMap<string, GroupNode>;
  calendar: OfficeCalendar;
  tallies: Map<string, Tally>;
}

async function count(
  tx: Tx,
  { query, metrics, chunk, capacityTree, groups, calendar, tallies }: Counting,
): Promise<void> {
  const { tenantId, locationIds: nodeIds } = query;
  const groupIds = metrics.groupIds && withinGroups(metrics.groupIds, groups);
  const { officeIds, mostSpots } = capacityTree;
  const counts = await listDayCounts(tx, {
    tenantId,
    window: chunk,
    by: metrics.by,
    officeIds,
    nodeIds,
    groupIds,
    mostSpots,
  });
  // Filters do not change which days are office days. Without a filter, the counts already have all office days.
  calendar.add(
    nodeIds || groupIds
      ? await listActiveOfficeDays(tx, tenantId, chunk, officeIds)
      : counts.map(activeDayOf),
  );
  for (const row of counts) {
    const { day, locationId, levelId, zoneId, groupId } = row;
    const office = calendar.find(locationId, day);
    if (!office) continue;
    const groupIds = groupId && metrics.subgroups ? ancestorsOf(groupId, groups) : [groupId];
    for (const each of groupIds)
      tallyOf(tallies, { locationId, levelId, zoneId, groupId: each }).add(day, row, office);
  }
}

function activeDayOf({ locationId, day, confirmed, walkIn }: DayCounts): ActiveOfficeDay {
  return { locationId, day, sawEvent: confirmed + walkIn > 0 };
}

function tallyOf(tallies: Map<string, Tally>, unit: Unit): Tally {
  const key = unitKey(unit);
  const tally = tallies.get(key) ?? new Tally(unit);
  tallies.set(key, tally);
  return tally;
}

interface RowContext {
  metrics: MetricsQuery;
  period: Period;
  calendar: OfficeCalendar;
  capacityTree: CapacityTree;
  groups: ReadonlyMap<string, GroupNode>;
  clocks: ReadonlyMap<string, OfficeClock>;
}

function toRow(
  tally: Tally,
  { metrics: { by, period: kind }, period, calendar, capacityTree, groups, clocks }: RowContext,
): Record<string, unknown> {
  const { locationId, levelId, zoneId, groupId } = tally.unit;
  const lastDay = addDays(period.window.before, -1);
  return {
    by,
    period: kind,
    periodStart: toInstant(period.start),
    firstDay: toInstant(period.window.from),
    lastDay: toInstant(lastDay),
    complete: period.isWhole && lastDay < (clocks.get(locationId)?.today ?? ''),
    locationId,
    locationName: capacityTree.nameOf(locationId),
    levelId,
    levelName: levelId && capacityTree.nameOf(levelId),
    zoneId,
    zoneName: zoneId && capacityTree.nameOf(zoneId),
    groupId,
    groupName: groupId && (groups.get(groupId)?.name ?? null),
    ...tally.figures(
      calendar.daysOf(locationId),
      by === 'group' ? null : capacityTree.capacityOf(by, tally.unit),
    ),
  };
}

function toInstant(day: string): string {
  return `${day}T00:00:00.000Z`;
}
