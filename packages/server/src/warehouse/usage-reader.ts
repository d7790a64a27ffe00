import { type AggregateColumn, type DayAggregate, DETECTED, PLANNED } from '../store/warehouse/aggregates.ts';
import type { UsageUnit } from '../store/warehouse/metrics.ts';
import type { NumberedPlace } from '../store/warehouse/numbers.ts';
import { type AttendedDay, type AttendedDayReader, grown } from './attended-day.ts';
import type { OfficeDayState } from './office-calendar.ts';
import { SeenSpots } from './seen-spots.ts';
import { NO_SPOT, type Spots } from './spots.ts';

/** The kinds of pairs, as a sum: a user used a desk or zone, or had booked it. */
export const USED = 1;
export const BOOKED = 2;
/** Presence reporting worked on the day, and the day has ended. So a user who was not detected did not come. */
export const JUDGED = 4;

/** Numbers of nodes begin with 1. */
const NO_UNIT = 0;

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
  readonly #seen: SeenSpots;
  #pairs = 0;
  #units = new Int32Array(1024);
  #entries = new Int32Array(1024);
  #kinds = new Uint8Array(1024);
  #users = new Int32Array(1024);

  constructor({ by, spots, places, counted }: UsageReaderOptions) {
    this.#by = by;
    this.#spots = spots;
    this.#seen = new SeenSpots(spots);
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

  read(aggregate: DayAggregate, { ended, reported }: OfficeDayState): AttendedDay {
    const { day, locationId, columns } = aggregate;
    const { flags, users } = columns;
    const bookedKind = BOOKED + (ended && reported ? JUDGED : 0);
    this.#pairs = 0;
    this.#seen.begin(aggregate);
    for (let entry = 0; entry < flags.length; entry++) {
      this.#seen.read(entry);
      const isDetected = ((flags[entry] as number) & DETECTED) !== 0;
      const isPlanned = ((flags[entry] as number) & PLANNED) !== 0;
      this.#addUser(users.readInt32BE(4 * entry), isDetected, isPlanned ? bookedKind : 0);
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

  /** Adds what the user of the entry used, and had booked: as `bookedKind`, or 0. */
  #addUser(user: number, isDetected: boolean, bookedKind: number): void {
    const booked = this.#unitOf(this.#seen.booked);
    let isBookedUsed = false;
    const use = (unit: number): void => {
      if (unit === booked) isBookedUsed = true;
      else if (unit !== NO_UNIT) this.#addPair(unit, USED, user);
    };
    if (isDetected) {
      if (this.#by === 'zone') this.#useZones(use);
      else this.#useDesks(booked, use);
    }
    const kind = bookedKind + (isBookedUsed ? USED : 0);
    if (booked !== NO_UNIT && kind !== 0) this.#addPair(booked, kind, user);
  }

  #useZones(use: (zone: number) => void): void {
    const count = this.#seen.attended();
    for (let index = 0; index < count; index++) use(this.#zoneAt(this.#seen.found[index] as number));
  }

  /** A booked desk is used only if the user was detected at no desk, and counts in its zone. */
  #useDesks(booked: number, use: (desk: number) => void): void {
    let isSeen = false;
    for (let index = 0; index < this.#seen.count; index++) {
      const desk = this.#unitOf(this.#seen.nodes[index] as number);
      if (desk === NO_UNIT) continue;
      use(desk);
      isSeen = true;
    }
    if (isSeen || booked === NO_UNIT) return;
    const count = this.#seen.attended();
    if (this.#seen.found.subarray(0, count).includes(this.#seen.spotOf(booked))) use(booked);
  }

  /** The desk that a node is, or the zone in which it is. NO_UNIT if there is none at the office. */
  #unitOf(node: number): number {
    const spot = this.#seen.spotOf(node);
    if (this.#by === 'zone') return this.#zoneAt(spot);
    return spot !== NO_SPOT && this.#isDesk[node] === 1 ? node : NO_UNIT;
  }

  #zoneAt(spot: number): number {
    return this.#spots.isZone(spot) ? (this.#zoneOfSpot[spot] as number) : NO_UNIT;
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
