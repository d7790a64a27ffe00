import type { OfficeNode } from '../store/workday/offices.ts';
import { type BookingFacts, BookingState } from './booking-state.ts';
import type { Booking } from './model.ts';

/** Somebody who is to have a booking at an office. */
export interface Seeker {
  userId: string;
  primaryGroupId: string | null;
  ownDeskIds: string[];
  /** Desks that they booked before, the best first. */
  habitualDeskIds: string[];
}

export interface SeatChoiceFacts extends BookingFacts {
  day: string;
  /** The bookings of that day. */
  bookings: { zoneId: string | null; primaryGroupId: string | null }[];
  /** At which office the owners of desks are that day, null elsewhere; those without a plan are left out. */
  officeOfOwner: Map<string, string | null>;
}

/**
 * Chooses what people book at an office on one day, one after the other: a desk that is assigned to them, else one
 * that they booked before, else a seat near their primary group, else the office itself. Pure; `BookingState` says what
 * is free, as it will when the choice is written, so that it is refused only where others came first.
 */
export class SeatChoice {
  readonly #day: string;
  readonly #bookings: BookingState;
  readonly #officeOfOwner: Map<string, string | null>;
  readonly #zones: OfficeNode[];
  /** What may still be free of a zone's desks, those that are nobody's first. */
  readonly #desksOfZone = new Map<string, string[]>();
  /** How many of a group are in which zone. */
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
      if (zoneId === null) continue;
      const others = this.#desksOfZone.get(zoneId);
      if (others) others.push(nodeId);
      else this.#desksOfZone.set(zoneId, [nodeId]);
    }
    for (const { zoneId, primaryGroupId } of facts.bookings) this.#noteGroup(primaryGroupId, zoneId);
  }

  /** Notes that somebody's day is planned without a booking: desks of theirs are released then. */
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

  /** In the zone where most of the group are, then where others of it are, then elsewhere on their levels. */
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

  /** A free desk of the zone, else the zone itself where it has a capacity that is not used up. */
  #seatIn(zone: OfficeNode, seeker: Seeker): string | undefined {
    const { nodeId: zoneId, locationId, zoneCapacity } = zone;
    if (!this.#isFree(seeker, locationId, zoneId)) return undefined;
    const desks = this.#desksOfZone.get(zoneId) ?? [];
    // What is not free for whoever comes here stays so for the rest of the day.
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
