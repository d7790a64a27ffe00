import { type AggregateColumn, type DayAggregate, DETECTED, PLANNED } from '../store/warehouse/aggregates.ts';
import type { UsageUnit } from '../store/warehouse/metrics.ts';
import type { NumberedPlace } from '../store/warehouse/numbers.ts';
import { type AttendedDay, type AttendedDayReader, grown } from './attended-day.ts';
import { attendedSpots } from './attended-spots.ts';
import type { OfficeDayState } from './office-calendar.ts';
import { NO_SPOT, type Spots } from './spots.ts';

/** The kinds of pairs, as a sum: a user used a desk or zone, or had booked it. */
export const USED = 1;
export const BOOKED = 2;
/** Presence reporting worked on the day, and the day has ended. So a user who was not detected did not come. */
export const JUDGED = 4;

export interface UsageReaderOptions {
  by: UsageUnit;
  spots: Spots;
  /** All desks and zones. */
  places: readonly NumberedPlace[];
  /** The numbers of those that count. */
  counted: ReadonlySet<number>;
}

/**
 * Reads which desks or zones the users of an office's day used and had booked. A unit's number is that of its node. Each
 * pair has an entry of its own, because the kind depends on the desk or zone.
 *
 * A user used a zone in which the user counts (`attendedSpots`). A user used each desk at which the user was detected;
 * without such a detection, the booked desk, if the user counts in its zone.
 */
export class UsageReader implements AttendedDayReader {
  readonly columns: AggregateColumn[] = ['flags', 'users', 'booked', 'seen_counts', 'seen'];
  readonly #by: UsageUnit;
  readonly #spots: Spots;
  /** By the number of a node: whether it is a desk. */
  readonly #isDesk: Uint8Array;
  /** By the number of a node: whether it counts. */
  readonly #isCounted: Uint8Array;
  /** By the spot of a zone: the number of its node. */
  readonly #zoneOfSpot: Int32Array;
  #bookedKind = BOOKED;
  #pairs = 0;
  #units = new Int32Array(1024);
  #entries = new Int32Array(1024);
  #kinds = new Uint8Array(1024);
  #users = new Int32Array(1024);
  #nodes = new Int32Array(16);
  #seen = new Int32Array(16);
  #found = new Int32Array(17);

  constructor({ by, spots, places, counted }: UsageReaderOptions) {
    this.#by = by;
    this.#spots = spots;
    const size = places.reduce((most, { number }) => Math.max(most, number), 0) + 1;
    this.#isDesk = new Uint8Array(size);
    this.#isCounted = new Uint8Array(size);
    for (const number of counted) this.#isCounted[number] = 1;
    this.#zoneOfSpot = new Int32Array(spots.all.length);
    for (const { number, kind, locationId } of places) {
      if (kind === 'place') this.#isDesk[number] = 1;
      else this.#zoneOfSpot[spots.of(number, spots.officeIndex(locationId))] = number;
    }
  }

  read({ day, locationId, columns }: DayAggregate, { ended, reported }: OfficeDayState): AttendedDay {
    const { flags, users, booked, seen_counts, seen } = columns;
    const office = this.#spots.officeIndex(locationId);
    this.#pairs = 0;
    this.#bookedKind = BOOKED + (ended && reported ? JUDGED : 0);
    let seenAt = 0;
    for (let entry = 0; entry < flags.length; entry++) {
      const seenCount = seen_counts.readUInt16BE(2 * entry);
      this.#readSeen(seen, seenAt, seenCount, office);
      seenAt += 4 * seenCount;
      this.#addUser({
        user: users.readInt32BE(4 * entry),
        isDetected: ((flags[entry] as number) & DETECTED) !== 0,
        isPlanned: ((flags[entry] as number) & PLANNED) !== 0,
        seenCount,
        booked: booked.readInt32BE(4 * entry),
        office,
      });
    }
    return {
      day,
      locationId,
      pairs: this.#pairs,
      units: this.#units,
      entries: this.#entries,
      kinds: this.#kinds,
      users: this.#users,
      times: undefined,
    };
  }

  #readSeen(seen: Buffer, from: number, count: number, office: number): void {
    this.#nodes = grown(this.#nodes, count);
    this.#seen = grown(this.#seen, count);
    this.#found = grown(this.#found, count + 1);
    for (let index = 0; index < count; index++) {
      const node = seen.readInt32BE(from + 4 * index);
      this.#nodes[index] = node;
      this.#seen[index] = this.#spots.of(node, office);
    }
  }

  #addUser(of: {
    user: number;
    isDetected: boolean;
    isPlanned: boolean;
    seenCount: number;
    booked: number;
    office: number;
  }): void {
    const { user, isDetected, isPlanned, seenCount, office } = of;
    const bookedSpot = this.#spots.of(of.booked, office);
    const bookedUnit = this.#by === 'zone' ? this.#zoneAt(bookedSpot) : this.#deskOr0(of.booked, office);
    let isBookedUsed = false;
    const use = (unit: number): void => {
      if (unit === bookedUnit) isBookedUsed = true;
      else this.#addPair(unit, USED, user);
    };
    if (isDetected) {
      const spots = { seen: this.#seen, seenCount, booked: bookedSpot };
      const count = attendedSpots(this.#spots, spots, this.#found);
      if (this.#by === 'zone') {
        for (let index = 0; index < count; index++) {
          const zone = this.#zoneAt(this.#found[index] as number);
          if (zone !== 0) use(zone);
        }
      } else if (!this.#useSeenDesks(seenCount, office, use) && bookedUnit !== 0) {
        for (let index = 0; index < count; index++)
          if (this.#found[index] === bookedSpot) isBookedUsed = true;
      }
    }
    const kind = (isBookedUsed ? USED : 0) + (isPlanned ? this.#bookedKind : 0);
    if (bookedUnit !== 0 && kind !== 0) this.#addPair(bookedUnit, kind, user);
  }

  /** Returns whether the user was detected at a desk. */
  #useSeenDesks(seenCount: number, office: number, use: (desk: number) => void): boolean {
    let isSeen = false;
    for (let index = 0; index < seenCount; index++) {
      const desk = this.#deskOr0(this.#nodes[index] as number, office);
      if (desk === 0) continue;
      use(desk);
      isSeen = true;
    }
    return isSeen;
  }

  /** The node if it is a desk of the office; 0 if not. Numbers of nodes begin with 1. */
  #deskOr0(node: number, office: number): number {
    return this.#isDesk[node] === 1 && this.#spots.of(node, office) !== NO_SPOT ? node : 0;
  }

  /** The number of the zone of a spot; 0 if it has none. */
  #zoneAt(spot: number): number {
    return this.#spots.isZone(spot) ? (this.#zoneOfSpot[spot] as number) : 0;
  }

  #addPair(unit: number, kind: number, user: number): void {
    if (this.#isCounted[unit] !== 1) return;
    const pair = this.#pairs++;
    if (pair === this.#units.length) {
      this.#units = grown(this.#units, pair + 1);
      this.#entries = grown(this.#entries, pair + 1);
      this.#kinds = grown(this.#kinds, pair + 1);
      this.#users = grown(this.#users, pair + 1);
    }
    this.#units[pair] = unit;
    this.#entries[pair] = pair;
    this.#kinds[pair] = kind;
    this.#users[pair] = user;
  }
}
