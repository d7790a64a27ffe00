import type { Tx } from '../store/connections/db.ts';
import type { DayWindow } from '../store/values/day-window.ts';
import { setPlannerForAggregates } from '../store/warehouse/aggregates.ts';
import { listClockChanges } from '../store/warehouse/clock-changes.ts';
import {
  type GroupNode,
  listCapacityNodes,
  listGroupNodes,
  listOfficeClocks,
  type MetricsQuery,
  type OfficeClock,
} from '../store/warehouse/metrics.ts';
import { listNumberedMembers, listNumberedNodes } from '../store/warehouse/numbers.ts';
import type { DatasetReader, ExportQuery } from '../store/warehouse/query.ts';
import { CapacityTree } from './capacity-tree.ts';
import { ancestorsOf, withinGroups } from './group-tree.ts';
import { OfficeClocks } from './office-clocks.ts';
import { PeriodReader, type Summary } from './period-reader.ts';
import { periodsOf, possibleDays } from './periods.ts';
import { PersonIndex, readPersonIndex } from './person-index.ts';
import { Spots } from './spots.ts';
import type { Unit } from './unit.ts';
import { UnitReader } from './unit-reader.ts';
import { Units } from './units.ts';

/** What a dataset needs besides the plan and presence of users. */
export interface MetricsNeeds {
  /** The numbers of users. */
  users?: boolean;
  /** When users were detected. */
  times?: boolean;
}

/**
 * A reader of a dataset with a summary for each period.
 *
 * @param begin begins a call, and returns the function that begins the summary of a period. `people` knows no pseudonyms unless
 * the dataset needs users
 */
export function readerOf(
  begin: (query: MetricsQuery, people: PersonIndex) => () => Summary,
  needs: MetricsNeeds = {},
): DatasetReader {
  return async function* (tx, query) {
    const metrics = metricsOf(query);
    const window = possibleDays(query.window, query.now);
    if (window === undefined) return;
    const reader = await openMetricsReader(tx, query, window, needs);
    const periods = [...periodsOf(query.window, metrics.period)];
    const people = needs.users ? await readPersonIndex(tx, query.tenantId, window) : new PersonIndex();
    yield* reader.rows(periods, begin(metrics, people));
  };
}

/** The parameters of metrics. */
export function metricsOf({ metrics }: ExportQuery): MetricsQuery {
  if (!metrics) throw new Error('The dataset declares the filters of metrics.');
  return metrics;
}

/** Opens a reader of the metrics on the days of `window`. `tx` has one snapshot for all statements. */
export async function openMetricsReader(
  tx: Tx,
  query: ExportQuery,
  window: DayWindow,
  { users = false, times = false }: MetricsNeeds,
): Promise<PeriodReader> {
  const { tenantId, locationIds, now } = query;
  const metrics = metricsOf(query);
  await setPlannerForAggregates(tx);
  const capacityTree = new CapacityTree(await listCapacityNodes(tx, tenantId), locationIds);
  const groups = new Map((await listGroupNodes(tx, tenantId)).map((group) => [group.groupId, group]));
  const clocks = await listOfficeClocks(tx, tenantId, now);
  const days = await openUnitReader(tx, query, groups, {
    withUsers: users || metrics.by === 'organisation',
    clocks: times ? await openClocks(tx, clocks, window) : undefined,
  });
  return PeriodReader.open({
    tx,
    tenantId,
    window,
    query: metrics,
    officeIds: new Set(capacityTree.officeIds),
    clocks,
    days,
    units: unitsBy(metrics.by, days, capacityTree, groups),
  });
}

async function openUnitReader(
  tx: Tx,
  query: ExportQuery,
  groups: ReadonlyMap<string, GroupNode>,
  options: { withUsers: boolean; clocks: OfficeClocks | undefined },
): Promise<UnitReader> {
  const { tenantId, locationIds: nodeIds } = query;
  const { by, groupIds, subgroups } = metricsOf(query);
  const isPlaced = by === 'level' || by === 'zone' || nodeIds !== undefined;
  return new UnitReader({
    by,
    nodeIds,
    spots: new Spots(isPlaced ? await listNumberedNodes(tx, tenantId) : []),
    members: by === 'group' || groupIds ? await listNumberedMembers(tx, tenantId) : undefined,
    groupIds: groupIds && withinGroups(groupIds, groups),
    ancestorsOf: by === 'group' && subgroups ? (groupId) => ancestorsOf(groupId, groups) : undefined,
    ...options,
  });
}

async function openClocks(
  tx: Tx,
  clocks: ReadonlyMap<string, OfficeClock>,
  window: DayWindow,
): Promise<OfficeClocks> {
  const timeZones = new Set([...clocks.values()].map(({ timeZone }) => timeZone));
  return new OfficeClocks(clocks, await listClockChanges(tx, [...timeZones], window));
}

function unitsBy(
  by: MetricsQuery['by'],
  days: UnitReader,
  capacityTree: CapacityTree,
  groups: ReadonlyMap<string, GroupNode>,
): Units {
  const inUse = by === 'group' ? [] : capacityTree.unitsInUse(by);
  const describe = (unit: Unit) => {
    const { locationId, levelId, zoneId, groupId } = unit;
    return {
      names: {
        locationId,
        locationName: capacityTree.nameOf(locationId),
        levelId,
        levelName: capacityTree.nameOf(levelId),
        zoneId,
        zoneName: capacityTree.nameOf(zoneId),
        groupId,
        groupName: groupId && (groups.get(groupId)?.name ?? null),
      },
      capacity: by === 'group' ? null : capacityTree.capacityOf(by, unit),
    };
  };
  return new Units(inUse, (number) => days.idsOf(number), describe);
}
