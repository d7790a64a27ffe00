import type { NumberedNode } from '../store/warehouse/numbers.ts';

/** No known level or zone. */
export const NO_SPOT = -1;

/** A level, or a zone on a level, of an office. */
export interface Spot {
  levelId: string;
  zoneId: string | null;
  /** The index of the spot of the level; of a level, its own index. */
  level: number;
}

/** The levels and zones of all offices today, and where each node is. */
export class Spots {
  readonly all: Spot[] = [];
  /** The index of the spot of each node, by the node's number. An office itself has none. */
  readonly #ofNode: Int32Array;
  /** The office of each node, by the node's number, as an index of `#offices`. */
  readonly #officeOfNode: Int32Array;
  readonly #offices = new Map<string, number>();

  constructor(nodes: readonly NumberedNode[]) {
    const size = nodes.reduce((most, { number }) => Math.max(most, number), 0) + 1;
    this.#ofNode = new Int32Array(size).fill(NO_SPOT);
    this.#officeOfNode = new Int32Array(size).fill(-1);
    const indexes = new Map<string, number>();
    const indexOf = (levelId: string, zoneId: string | null): number => {
      const key = `${levelId} ${zoneId}`;
      const known = indexes.get(key);
      if (known !== undefined) return known;
      const level = zoneId === null ? this.all.length : indexOf(levelId, null);
      const index = this.all.push({ levelId, zoneId, level }) - 1;
      indexes.set(key, index);
      return index;
    };
    for (const { number, locationId, levelId, zoneId } of nodes) {
      this.#officeOfNode[number] = this.officeIndex(locationId);
      if (levelId !== null) this.#ofNode[number] = indexOf(levelId, zoneId);
    }
  }

  /** The number by which this class knows an office. */
  officeIndex(locationId: string): number {
    const known = this.#offices.get(locationId);
    if (known !== undefined) return known;
    const index = this.#offices.size;
    this.#offices.set(locationId, index);
    return index;
  }

  /**
   * The spot of a node at an office. A node that has moved to another office since no longer says where in this
   * office a user was. It then has no spot, as the office itself has none.
   */
  of(node: number, office: number): number {
    return this.#officeOfNode[node] === office ? (this.#ofNode[node] ?? NO_SPOT) : NO_SPOT;
  }

  /** The spot of the level of a spot. */
  levelOf(spot: number): number {
    return spot === NO_SPOT ? NO_SPOT : (this.all[spot]?.level ?? NO_SPOT);
  }

  isZone(spot: number): boolean {
    return spot !== NO_SPOT && this.levelOf(spot) !== spot;
  }
}
