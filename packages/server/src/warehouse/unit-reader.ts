import { type AggregateColumn, type DayAggregate, DETECTED, PLANNED } from '../store/warehouse/aggregates.ts';
import type { MetricUnit } from '../store/warehouse/metrics.ts';
import type { NumberedMembers } from '../store/warehouse/numbers.ts';
import {
  type AttendedDay,
  type AttendedDayReader,
  type AttendedTimes,
  CONFIRMED,
  grown,
  NO_SHOW,
  OPEN,
  UNCONFIRMED,
  WALK_IN,
} from './attended-day.ts';
import type { OfficeDayState } from './office-calendar.ts';
import type { OfficeClocks } from './office-clocks.ts';
import { SeenSpots } from './seen-spots.ts';
import type { Spots } from './spots.ts';
import type { Unit } from './unit.ts';

export interface UnitReaderOptions {
  by: MetricUnit;
  spots: Spots;
  /** Offices, levels and zones. Counts only users at one of them or below it. Undefined: all users. */
  nodeIds: readonly string[] | undefined;
  /** The users of each primary group. Undefined: groups do not matter. */
  members: readonly NumberedMembers[] | undefined;
  /** Counts only users with one of these primary groups. Undefined: all users. */
  groupIds: readonly string[] | undefined;
  /** A group and all groups above it. With it, users also count in the groups above theirs. */
  ancestorsOf?: ((groupId: string) => string[]) | undefined;
  /** Whether to read the numbers of users. */
  withUsers: boolean;
  /** Undefined: does not read when users were detected. */
  clocks: OfficeClocks | undefined;
}

/**
 * Reads the users of an office's day by unit. A user counts once at the office or in a group, and once at each level or
 * zone (`attendedSpots`).
 */
export class UnitReader implements AttendedDayReader {
  readonly columns: AggregateColumn[] = ['flags'];
  readonly #by: MetricUnit;
  readonly #spots: Spots;
  readonly #seen: SeenSpots;
  readonly #nodeIds: ReadonlySet<string> | undefined;
  /** Whether the level and zone of a user matter. */
  readonly #isPlaced: boolean;
  readonly #groupIds: (string | null)[] = [null];
  readonly #groupOfUser: Int32Array | undefined;
  readonly #isGroupWanted: readonly boolean[] | undefined;
  /** By the index of a group: the groups in which its users count. */
  readonly #countedIn: readonly (readonly number[])[] | undefined;
  readonly #withUsers: boolean;
  readonly #clocks: OfficeClocks | undefined;
  #pairs = 0;
  #units = new Int32Array(1024);
  #entries = new Int32Array(1024);
  #kinds = new Uint8Array(1024);
  #users = new Int32Array(0);
  #times: AttendedTimes | undefined;

  constructor(options: UnitReaderOptions) {
    const { by, spots, nodeIds, members, groupIds, ancestorsOf, withUsers, clocks } = options;
    this.#by = by;
    this.#spots = spots;
    this.#seen = new SeenSpots(spots);
    this.#nodeIds = nodeIds && new Set(nodeIds);
    this.#isPlaced = by === 'level' || by === 'zone' || nodeIds !== undefined;
    this.#withUsers = withUsers;
    this.#clocks = clocks;
    const indexes = new Map<string, number>();
    const indexOf = (groupId: string): number => {
      const index = indexes.get(groupId) ?? this.#groupIds.push(groupId) - 1;
      indexes.set(groupId, index);
      return index;
    };
    if (members) this.#groupOfUser = groupsByUser(members, indexOf);
    if (ancestorsOf)
      this.#countedIn = [...this.#groupIds].map((id) => (id === null ? [0] : ancestorsOf(id).map(indexOf)));
    if (groupIds) {
      const wanted = new Set(groupIds);
      this.#isGroupWanted = this.#groupIds.map((id) => id !== null && wanted.has(id));
    }
    if (this.#groupOfUser || withUsers) this.columns.push('users');
    if (this.#isPlaced) this.columns.push('booked', 'seen_counts', 'seen');
    if (clocks) this.columns.push('first_seen', 'last_seen');
  }

  read(aggregate: DayAggregate, office: OfficeDayState): AttendedDay {
    const { day, locationId, columns } = aggregate;
    const { flags, users } = columns;
    this.#pairs = 0;
    this.#readKinds(flags, office);
    if (this.#withUsers) this.#users = readUsers(users, this.#users);
    if (this.#clocks) this.#times = this.#clocks.timesOf(aggregate, this.#times);
    const isWanted = this.#isPlaced ? this.#wantedSpots(locationId) : undefined;
    if (isWanted) this.#seen.begin(aggregate);
    for (let entry = 0; entry < flags.length; entry++) {
      if (isWanted) this.#seen.read(entry);
      const group = this.#groupOfUser ? (this.#groupOfUser[users.readInt32BE(4 * entry)] ?? 0) : 0;
      if (this.#isGroupWanted && !this.#isGroupWanted[group]) continue;
      if (isWanted) this.#addPlaced(entry, group, isWanted);
      else this.#addUnit(this.#by === 'group' ? group : 0, entry);
    }
    return {
      day,
      locationId,
      pairs: this.#pairs,
      units: this.#units,
      entries: this.#entries,
      kinds: this.#kinds,
      users: this.#users,
      times: this.#times,
    };
  }

  #readKinds(flags: Buffer, { ended, reported }: OfficeDayState): void {
    const kinds = grown(this.#kinds, flags.length);
    const silent = ended ? (reported ? NO_SHOW : UNCONFIRMED) : OPEN;
    for (let entry = 0; entry < flags.length; entry++) {
      const isPlanned = ((flags[entry] as number) & PLANNED) !== 0;
      const isDetected = ((flags[entry] as number) & DETECTED) !== 0;
      kinds[entry] = isDetected ? (isPlanned ? CONFIRMED : WALK_IN) : silent;
    }
    this.#kinds = kinds;
  }

  #wantedSpots(locationId: string): (spot: number) => boolean {
    const nodeIds = this.#nodeIds;
    if (nodeIds === undefined || nodeIds.has(locationId)) return () => true;
    return (spot) => {
      const { levelId, zoneId } = this.#spots.all[spot] ?? { levelId: null, zoneId: null };
      return (levelId !== null && nodeIds.has(levelId)) || (zoneId !== null && nodeIds.has(zoneId));
    };
  }

  #addPlaced(entry: number, group: number, isWanted: (spot: number) => boolean): void {
    const count = this.#seen.attended();
    const { found } = this.#seen;
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
      this.#addUnit(unit, entry);
    }
  }

  #unitOf(spot: number, group: number): number {
    if (this.#by === 'zone') return spot + 1;
    if (this.#by === 'level') return this.#spots.levelOf(spot) + 1;
    return this.#by === 'group' ? group : 0;
  }

  #addUnit(unit: number, entry: number): void {
    if (this.#countedIn === undefined) this.#addPair(unit, entry);
    else for (const each of this.#countedIn[unit] ?? []) this.#addPair(each, entry);
  }

  #addPair(unit: number, entry: number): void {
    if (this.#pairs === this.#units.length) {
      this.#units = grown(this.#units, this.#pairs + 1);
      this.#entries = grown(this.#entries, this.#pairs + 1);
    }
    this.#units[this.#pairs] = unit;
    this.#entries[this.#pairs++] = entry;
  }

  /** The ids of a unit of an office. Null where it is not of a level, zone or group, or where that is unknown. */
  idsOf(unit: number): Omit<Unit, 'locationId'> {
    if (this.#by === 'group') return { levelId: null, zoneId: null, groupId: this.#groupIds[unit] ?? null };
    const isOfNode = this.#by === 'level' || this.#by === 'zone';
    const spot = isOfNode ? this.#spots.all[unit - 1] : undefined;
    return { levelId: spot?.levelId ?? null, zoneId: spot?.zoneId ?? null, groupId: null };
  }
}

/** The index of the primary group of each user, by the user's number. Users without one have 0, or are beyond the end. */
function groupsByUser(members: readonly NumberedMembers[], indexOf: (groupId: string) => number): Int32Array {
  let groups = new Int32Array(0);
  for (const { groupId, numbers } of members) {
    const index = indexOf(groupId);
    for (let at = 0; at < numbers.length; at += 4) {
      const number = numbers.readInt32BE(at);
      groups = grown(groups, number + 1);
      groups[number] = index;
    }
  }
  return groups;
}

/** The numbers of users. Reuses `array` if it has room for them. */
function readUsers(users: Buffer, array: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const numbers = grown(array, users.length / 4);
  for (let entry = 0; 4 * entry < users.length; entry++) numbers[entry] = users.readInt32BE(4 * entry);
  return numbers;
}
