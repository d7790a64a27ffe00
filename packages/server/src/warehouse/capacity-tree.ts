import type { CapacityNode, MetricUnit } from '../store/warehouse/metrics.ts';
import type { Unit } from './tally.ts';

/** Offices, levels and zones as they are today, narrowed to some nodes and all beneath them. */
export class CapacityTree {
  readonly #nodes: Map<string, CapacityNode>;
  readonly #zones: CapacityNode[];
  readonly #capacities = new Map<string, number>();
  readonly #selected: CapacityNode[];
  /** The offices that anything of what was selected is in. */
  readonly officeIds: string[];
  /** How many levels and zones the office with the most of them has. */
  readonly mostSpots: number;

  /** @param nodeIds absent: everything */
  constructor(nodes: readonly CapacityNode[], nodeIds: readonly string[] | undefined) {
    this.#nodes = new Map(nodes.map((node) => [node.nodeId, node]));
    const wanted = nodeIds && new Set(nodeIds);
    this.#selected = nodes.filter(
      ({ locationId, levelId, zoneId }) =>
        !wanted || [locationId, levelId, zoneId].some((id) => id !== null && wanted.has(id)),
    );
    this.#zones = this.#selected.filter(({ kind }) => kind === 'zone');
    this.officeIds = [...new Set(this.#selected.map(({ locationId }) => locationId))];
    const spots = new Map<string, number>();
    for (const { locationId } of nodes) spots.set(locationId, (spots.get(locationId) ?? 0) + 1);
    this.mostSpots = Math.max(0, ...spots.values());
    for (const zone of this.#zones) {
      for (const id of [zone.locationId, zone.levelId, zone.zoneId]) {
        if (id) this.#capacities.set(id, (this.#capacities.get(id) ?? 0) + zone.capacity);
      }
    }
  }

  nameOf(nodeId: string): string | null {
    return this.#nodes.get(nodeId)?.name ?? null;
  }

  /** How many people there is room for today; null for what is at no known level or zone. */
  capacityOf(by: Exclude<MetricUnit, 'group'>, unit: Unit): number | null {
    const id = { location: unit.locationId, level: unit.levelId, zone: unit.zoneId }[by];
    return id === null ? null : (this.#capacities.get(id) ?? 0);
  }

  /** The units in use, or in which anything selected is. */
  unitsInUse(by: Exclude<MetricUnit, 'group'>): Unit[] {
    const column = { location: 'locationId', level: 'levelId', zone: 'zoneId' } as const;
    const ids = new Set(this.#selected.map((node) => node[column[by]]));
    return [...ids].flatMap((id) => {
      const node = id === null ? undefined : this.#nodes.get(id);
      if (!node?.inUse) return [];
      return [{ locationId: node.locationId, levelId: node.levelId, zoneId: node.zoneId, groupId: null }];
    });
  }
}
