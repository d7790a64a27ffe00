import type { CapacityNode, MetricUnit } from '../store/warehouse/metrics.ts';
import { ORGANISATION, type Unit } from './unit.ts';

/** Offices, levels and zones as they are today; only some nodes and all beneath them, if `nodeIds` are given. */
export class CapacityTree {
  readonly #nodes: Map<string, CapacityNode>;
  readonly #zones: CapacityNode[];
  readonly #capacities = new Map<string, number>();
  readonly #selected: CapacityNode[];
  readonly #selectedIds: ReadonlySet<string>;
  /** The offices that contain a selected node. */
  readonly officeIds: string[];

  /** @param nodeIds undefined: all nodes */
  constructor(nodes: readonly CapacityNode[], nodeIds: readonly string[] | undefined) {
    this.#nodes = new Map(nodes.map((node) => [node.nodeId, node]));
    const wanted = nodeIds && new Set(nodeIds);
    this.#selected = nodes.filter(
      ({ locationId, levelId, zoneId }) =>
        !wanted || [locationId, levelId, zoneId].some((id) => id !== null && wanted.has(id)),
    );
    this.#selectedIds = new Set(this.#selected.map(({ nodeId }) => nodeId));
    this.#zones = this.#selected.filter(({ kind }) => kind === 'zone');
    this.officeIds = [...new Set(this.#selected.map(({ locationId }) => locationId))];
    for (const zone of this.#zones) {
      for (const id of [zone.locationId, zone.levelId, zone.zoneId]) {
        if (id) this.#capacities.set(id, (this.#capacities.get(id) ?? 0) + zone.capacity);
      }
    }
  }

  nameOf(nodeId: string | null): string | null {
    return nodeId === null ? null : (this.#nodes.get(nodeId)?.name ?? null);
  }

  /** Whether an office, level or zone, or a node that contains it, is among the given nodes. */
  isSelected(nodeId: string): boolean {
    return this.#selectedIds.has(nodeId);
  }

  /** The capacity of a unit today, in people; null for a unit without a known level or zone. */
  capacityOf(by: Exclude<MetricUnit, 'group'>, unit: Unit): number | null {
    if (by === 'organisation') return this.#zones.reduce((sum, { capacity }) => sum + capacity, 0);
    const id = { location: unit.locationId, level: unit.levelId, zone: unit.zoneId }[by];
    return id === null ? null : (this.#capacities.get(id) ?? 0);
  }

  /** The units in use that contain a selected node. */
  unitsInUse(by: Exclude<MetricUnit, 'group'>): Unit[] {
    if (by === 'organisation') return [ORGANISATION];
    const column = { location: 'locationId', level: 'levelId', zone: 'zoneId' } as const;
    const ids = new Set(this.#selected.map((node) => node[column[by]]));
    return [...ids].flatMap((id) => {
      const node = id === null ? undefined : this.#nodes.get(id);
      if (!node?.inUse) return [];
      return [{ locationId: node.locationId, levelId: node.levelId, zoneId: node.zoneId, groupId: null }];
    });
  }
}
