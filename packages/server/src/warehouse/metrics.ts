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
import { ancestorsOf, withinGroups } from './group-tree.ts';
import { OfficeCalendar } from './office-calendar.ts';
import { OfficeDays } from './office-days.ts';
import { type Period, periodsOf, possibleDays } from './periods.ts';
import { Spots } from './spots.ts';
import { Tally } from './tally.ts';
import { unitKey } from './unit.ts';

const ROWS_PER_BATCH = 250;
/** The most days that are read at a time, so that their units fit into memory. */
const DAYS_PER_READ = 31;

/** The tallies of the units of a period, and its office days. */
interface PeriodTallies {
  period: Period;
  calendar: OfficeCalendar;
  /** By office, and by the number of the unit. */
  tallies: Map<string, Map<number, Tally>>;
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
  const officeIds = new Set(capacityTree.officeIds);
  const officeDays = await OfficeDays.open(tx, tenantId, window, counter.columns);
  const open: PeriodTallies[] = [...periodsOf(query.window, metrics.period)]
    .filter((period) => period.window.from < window.before)
    .map((period) => ({
      period,
      calendar: new OfficeCalendar(clocks, metrics.weekdays),
      tallies: new Map(),
    }));
  for (const chunk of chunksOf(window)) {
    for await (const aggregate of officeDays.read(chunk)) {
      if (!officeIds.has(aggregate.locationId)) continue;
      const current = open.find(({ period }) => aggregate.day < period.window.before);
      if (current) addDay(current, aggregate, counter);
    }
    while (open[0] && (open[0].period.window.before <= chunk.before || chunk.before === window.before)) {
      const { period, calendar, tallies } = open.shift() as PeriodTallies;
      const rows = unitsOf(tallies, metrics.by, capacityTree)
        .filter(([, { unit }]) => calendar.has(unit.locationId))
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([, tally]) => toRow(tally, { metrics, period, calendar, capacityTree, groups, clocks }));
      for (let from = 0; from < rows.length; from += ROWS_PER_BATCH)
        yield rows.slice(from, from + ROWS_PER_BATCH);
    }
  }
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
function addDay({ calendar, tallies }: PeriodTallies, aggregate: DayAggregate, counter: DayCounter): void {
  const { day, locationId } = aggregate;
  calendar.add([{ locationId, day, sawEvent: sawEvent(aggregate) }]);
  const office = calendar.find(locationId, day);
  if (!office) return;
  const ofOffice = tallies.get(locationId) ?? new Map<number, Tally>();
  tallies.set(locationId, ofOffice);
  for (const counts of counter.count(aggregate)) {
    const tally = ofOffice.get(counts.unit) ?? new Tally({ locationId, ...counter.idsOf(counts.unit) });
    ofOffice.set(counts.unit, tally);
    tally.add(day, counts, office);
  }
}

/** The tallies with the keys of their units. Units in use without attendance have one, too, with 0. */
function unitsOf(
  tallies: PeriodTallies['tallies'],
  by: MetricsQuery['by'],
  capacityTree: CapacityTree,
): [string, Tally][] {
  const units = new Map<string, Tally>();
  for (const ofOffice of tallies.values())
    for (const tally of ofOffice.values()) units.set(unitKey(tally.unit), tally);
  for (const unit of by === 'group' ? [] : capacityTree.unitsInUse(by)) {
    const key = unitKey(unit);
    if (!units.has(key)) units.set(key, new Tally(unit));
  }
  return [...units];
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
      calendar.statisticsOf(locationId),
      by === 'group' ? null : capacityTree.capacityOf(by, tally.unit),
    ),
  };
}

function toInstant(day: string): string {
  return `${day}T00:00:00.000Z`;
}
