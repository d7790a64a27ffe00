import { addTo } from '../store/values/group-by.ts';
import type { OfficeNode } from '../store/workday/offices.ts';
import { type BookingFacts, BookingState } from './booking-state.ts';
import type { Booking } from './model.ts';

/** A user who is to get a booking at an office. */
export interface Seeker {
  userId: string;
  primaryGroupId: string | null;
  ownDeskIds: string[];
  /** Desks that the user booked before, the best first. */
  habitualDeskIds: string[];
}

export interface SeatChoiceFacts extends BookingFacts {
  day: string;
  /** The bookings of that day. */
  bookings: { zoneId: string | null; primaryGroupId: string | null }[];
  /**
   * The office of each desk owner's plan that day; null: a plan without an office. Owners without a plan are
   * left out.
   */
  officeOfOwner: Map<string, string | null>;
}

/**
 * Chooses bookings for users at an office on one day, one user after the other:
 * 1. a desk that is assigned to the user;
 * 2. else a desk that the user booked before;
 * 3. else a desk or zone near the user's primary group;
 * 4. else the office itself.
 *
 * It does no I/O. `BookingState` decides what is free, here and when the choice is written. So a choice is refused
 * only if another writer came first.
 */
export class SeatChoice {
  readonly #day: string;
  readonly #bookings: BookingState;
  readonly #officeOfOwner: Map<string, string | null>;
  readonly #zones: OfficeNode[];
  /** The desks of each zone that may still be free; desks that are not assigned come first. */
  readonly #desksOfZone = new Map<string, string[]>();
  /** The number of users of each group in each zone. */
  readonly #zonesOfGroup = new Map<string, Map<string, number>>();

  constructor(facts: SeatChoiceFacts) {
    this.#day = facts.day;
    this.#officeOfOwner = new Map(facts.officeOfOwner);
    this.#bookings = new BookingState(facts, (userId) => this.#officeOfOwner.get(userId));
    this.#zones = facts.nodes.filter(({ kind }) => kind === 'zone');
    const assigned = new Set(facts.assignments.map(({ deskId }) => deskId));
    const desks = facts.nodes.filter(({ kind }) => kind === 'place');
    const isAssigned = ({ nodeId }: OfficeNode) => assigned.has(nodeId);
    for (const { nodeId, zoneId } of [
      ...desks.filter((desk) => !isAssigned(desk)),
      ...desks.filter(isAssigned),
    ]) {
      if (zoneId !== null) addTo(this.#desksOfZone, zoneId, nodeId);
    }
    for (const { zoneId, primaryGroupId } of facts.bookings) this.#noteGroup(primaryGroupId, zoneId);
  }

  /** Records that a user's day has a plan without a booking. The user's own desks are then released. */
  passOver(userId: string): void {
    this.#officeOfOwner.set(userId, null);
  }

  /** The node to book: a desk, a zone, or the office itself. */
  choose(seeker: Seeker, locationId: string): string {
    this.#officeOfOwner.set(seeker.userId, locationId);
    const preferred = [...seeker.ownDeskIds, ...seeker.habitualDeskIds];
    const nodeId =
      preferred.find((deskId) => this.#isFree(seeker, locationId, deskId)) ??
      this.#nearGroup(seeker, locationId) ??
      locationId;
    const booking = this.#book(seeker, locationId, nodeId);
    if (booking) {
      this.#bookings.move(seeker.userId, this.#day, null, booking);
      this.#noteGroup(seeker.primaryGroupId, booking.zoneId);
    }
    return nodeId;
  }

  /**
   * A desk or zone near the group: first its zone with most users, then its other zones, then others on their
   * levels.
   */
  #nearGroup(seeker: Seeker, locationId: string): string | undefined {
    const members = this.#zonesOfGroup.get(seeker.primaryGroupId ?? '');
    if (!members) return undefined;
    const zones = this.#zones.filter((zone) => zone.locationId === locationId);
    const inZone = ({ nodeId }: OfficeNode) => members.get(nodeId) ?? 0;
    const levels = new Map<string | null, number>();
    for (const zone of zones) levels.set(zone.levelId, (levels.get(zone.levelId) ?? 0) + inZone(zone));
    const onLevel = ({ levelId }: OfficeNode) => levels.get(levelId) ?? 0;
    const near = zones
      .filter((zone) => onLevel(zone) > 0)
      .sort((a, b) => inZone(b) - inZone(a) || onLevel(b) - onLevel(a));
    for (const zone of near) {
      const seat = this.#seatIn(zone, seeker);
      if (seat !== undefined) return seat;
    }
    return undefined;
  }

  /** A free desk of the zone, else the zone itself if it has a capacity that is not used up. */
  #seatIn(zone: OfficeNode, seeker: Seeker): string | undefined {
    const { nodeId: zoneId, locationId, zoneCapacity } = zone;
    if (!this.#isFree(seeker, locationId, zoneId)) return undefined;
    const desks = this.#desksOfZone.get(zoneId) ?? [];
    // A desk that is not free for one user here is not free for later users of the day either.
    while (desks[0] !== undefined && !this.#isFree(seeker, locationId, desks[0])) desks.shift();
    return desks[0] ?? (zoneCapacity === null ? undefined : zoneId);
  }

  #isFree(seeker: Seeker, locationId: string, nodeId: string): boolean {
    return this.#book(seeker, locationId, nodeId) !== undefined;
  }

  #book({ userId }: Seeker, locationId: string, nodeId: string): Booking | undefined {
    const booker = { userId, day: this.#day, current: null, setBy: 'engine' as const };
    const booking = this.#bookings.book(booker, locationId, nodeId);
    return 'refused' in booking ? undefined : booking;
  }

  #noteGroup(primaryGroupId: string | null, zoneId: string | null): void {
    if (primaryGroupId === null || zoneId === null) return;
    const zones = this.#zonesOfGroup.get(primaryGroupId) ?? new Map<string, number>();
    this.#zonesOfGroup.set(primaryGroupId, zones.set(zoneId, (zones.get(zoneId) ?? 0) + 1));
  }
}
