import { type AggregateColumn, type DayAggregate, DETECTED, PLANNED } from '../store/warehouse/aggregates.ts';
import type { MetricUnit } from '../store/warehouse/metrics.ts';
import { attendedSpots } from './attended-spots.ts';
import type { Spots } from './spots.ts';
import type { Unit } from './unit.ts';

/** How many users of a unit came to an office on a day, or planned to come. */
export interface DayCounts {
  /** The number of the unit, which is the same on all days of an office (`DayCounter.idsOf`). */
  unit: number;
  /** Planned and detected here. */
  confirmed: number;
  /** Detected here, with no plan for this office, or with a plan that presence made. */
  walkIn: number;
  /** Planned here, but not detected. The office's day decides whether this is a no-show, unconfirmed, or still open. */
  silent: number;
}

export interface DayCounterOptions {
  by: MetricUnit;
  spots: Spots;
  /** Offices, levels and zones. Counts only users at one of them or below it. Undefined: all users. */
  nodeIds: readonly string[] | undefined;
  /** The primary group of each user who has one, by the user's number. Undefined: groups do not matter. */
  members: readonly { number: number; groupId: string }[] | undefined;
  /** Counts only users with one of these primary groups. Undefined: all users. */
  groupIds: readonly string[] | undefined;
  /** A group and all groups above it. With it, users also count in the groups above theirs. */
  ancestorsOf?: ((groupId: string) => string[]) | undefined;
}

const CONFIRMED = 0;
const WALK_IN = 1;
const SILENT = 2;
const KINDS = 3;
/** By the flags of an entry. */
const KIND_OF: Record<number, number> = {
  [DETECTED | PLANNED]: CONFIRMED,
  [DETECTED]: WALK_IN,
  [PLANNED]: SILENT,
};

/**
 * Counts the users of an office's day by unit. A user counts once at the office or in a group, and once at each level
 * or zone (`attendedSpots`).
 */
export class DayCounter {
  readonly #by: MetricUnit;
  readonly #spots: Spots;
  readonly #nodeIds: ReadonlySet<string> | undefined;
  /** Whether the level and zone of a user matter. */
  readonly #isPlaced: boolean;
  readonly #groupIds: (string | null)[] = [null];
  readonly #groupOfUser: Uint32Array | undefined;
  readonly #isGroupWanted: readonly boolean[] | undefined;
  /** By the index of a group: the groups in which its users count. */
  readonly #countedIn: readonly (readonly number[])[] | undefined;
  /** The counts of each unit, and the units that have any. */
  readonly #counts: Int32Array;
  readonly #units: number[] = [];
  #seen = new Int32Array(16);
  #found = new Int32Array(17);

  constructor({ by, spots, nodeIds, members, groupIds, ancestorsOf }: DayCounterOptions) {
    this.#by = by;
    this.#spots = spots;
    this.#nodeIds = nodeIds && new Set(nodeIds);
    this.#isPlaced = by === 'level' || by === 'zone' || nodeIds !== undefined;
    const indexes = new Map<string, number>();
    const indexOf = (groupId: string): number => {
      const index = indexes.get(groupId) ?? this.#groupIds.push(groupId) - 1;
      indexes.set(groupId, index);
      return index;
    };
    if (members) {
      this.#groupOfUser = new Uint32Array(
        members.reduce((most, { number }) => Math.max(most, number), 0) + 1,
      );
      for (const { number, groupId } of members) this.#groupOfUser[number] = indexOf(groupId);
    }
    if (ancestorsOf)
      this.#countedIn = [...this.#groupIds].map((id) => (id === null ? [0] : ancestorsOf(id).map(indexOf)));
    if (groupIds) {
      const wanted = new Set(groupIds);
      this.#isGroupWanted = this.#groupIds.map((id) => id !== null && wanted.has(id));
    }
    this.#counts = new Int32Array(KINDS * (1 + Math.max(spots.all.length, this.#groupIds.length)));
  }

  /** The columns that it reads. */
  get columns(): AggregateColumn[] {
    const columns: AggregateColumn[] = ['flags'];
    if (this.#groupOfUser) columns.push('users');
    if (this.#isPlaced) columns.push('booked', 'seen_counts', 'seen');
    return columns;
  }

  /** The counts of the units that have any. */
  count({ locationId, columns }: DayAggregate): DayCounts[] {
    const { flags, users } = columns;
    const isPlaced = this.#isPlaced;
    const isWanted = isPlaced ? this.#wantedSpots(locationId) : undefined;
    const office = this.#spots.officeIndex(locationId);
    let seenAt = 0;
    for (let entry = 0; entry < flags.length; entry++) {
      const seenCount = isPlaced ? columns.seen_counts.readUInt16BE(2 * entry) : 0;
      const group = this.#groupOfUser ? (this.#groupOfUser[users.readInt32BE(4 * entry)] ?? 0) : 0;
      if (!this.#isGroupWanted || this.#isGroupWanted[group]) {
        const kind = KIND_OF[flags[entry] as number] as number;
        if (isWanted === undefined) this.#addUnit(this.#by === 'group' ? group : 0, kind);
        else {
          this.#readSeen(columns.seen, seenAt, seenCount, office);
          const booked = this.#spots.of(columns.booked.readInt32BE(4 * entry), office);
          this.#addPlaced({ seenCount, booked, group, kind, isWanted });
        }
      }
      seenAt += 4 * seenCount;
    }
    return this.#take();
  }

  #wantedSpots(locationId: string): (spot: number) => boolean {
    const nodeIds = this.#nodeIds;
    if (nodeIds === undefined || nodeIds.has(locationId)) return () => true;
    return (spot) => {
      const { levelId, zoneId } = this.#spots.all[spot] ?? { levelId: null, zoneId: null };
      return (levelId !== null && nodeIds.has(levelId)) || (zoneId !== null && nodeIds.has(zoneId));
    };
  }

  #readSeen(seen: Buffer, from: number, count: number, office: number): void {
    if (count > this.#seen.length) {
      this.#seen = new Int32Array(2 * count);
      this.#found = new Int32Array(2 * count + 1);
    }
    for (let index = 0; index < count; index++)
      this.#seen[index] = this.#spots.of(seen.readInt32BE(from + 4 * index), office);
  }

  #addPlaced({
    seenCount,
    booked,
    group,
    kind,
    isWanted,
  }: {
    seenCount: number;
    booked: number;
    group: number;
    kind: number;
    isWanted: (spot: number) => boolean;
  }): void {
    const found = this.#found;
    const count = attendedSpots(this.#spots, { seen: this.#seen, seenCount, booked }, found);
    let units = 0;
    for (let index = 0; index < count; index++) {
      const spot = found[index] as number;
      if (!isWanted(spot)) continue;
      const unit = this.#unitOf(spot, group);
      // The units replace the spots that were looked at. A user counts once in each.
      let known = 0;
      while (known < units && found[known] !== unit) known++;
      if (known < units) continue;
      found[units++] = unit;
      this.#addUnit(unit, kind);
    }
  }

  #unitOf(spot: number, group: number): number {
    if (this.#by === 'zone') return spot + 1;
    if (this.#by === 'level') return this.#spots.levelOf(spot) + 1;
    return this.#by === 'group' ? group : 0;
  }

  #addUnit(unit: number, kind: number): void {
    if (this.#countedIn === undefined) this.#add(unit, kind);
    else for (const each of this.#countedIn[unit] ?? []) this.#add(each, kind);
  }

  #add(unit: number, kind: number): void {
    const at = KINDS * unit;
    const counts = this.#counts;
    if (counts[at] === 0 && counts[at + 1] === 0 && counts[at + 2] === 0) this.#units.push(unit);
    counts[at + kind] = (counts[at + kind] as number) + 1;
  }

  /** The counts, and sets them to 0. */
  #take(): DayCounts[] {
    const counts = this.#counts;
    const taken = this.#units.map((unit) => {
      const at = KINDS * unit;
      const [confirmed, walkIn, silent] = [counts[at], counts[at + 1], counts[at + 2]] as [
        number,
        number,
        number,
      ];
      counts.fill(0, at, at + KINDS);
      return { unit, confirmed, walkIn, silent };
    });
    this.#units.length = 0;
    return taken;
  }

  /** The ids of a unit of an office. Null where it is not of a level, zone or group, or where that is unknown. */
  idsOf(unit: number): Omit<Unit, 'locationId'> {
    if (this.#by === 'group') return { levelId: null, zoneId: null, groupId: this.#groupIds[unit] ?? null };
    const spot = this.#by === 'location' ? undefined : this.#spots.all[unit - 1];
    return { levelId: spot?.levelId ?? null, zoneId: spot?.zoneId ?? null, groupId: null };
  }
}

/** Whether a user was detected at the office on the day. The day has entries only if anybody came or planned to. */
export function sawEvent({ columns: { flags } }: DayAggregate): boolean {
  return flags.some((each) => (each & DETECTED) !== 0);
}
