import { addTo } from '../store/values/group-by.ts';
import type { SeatedGroup } from '../store/workday/bookings.ts';
import type { OfficeNode } from '../store/workday/offices.ts';
import { type Obstacle, type Seat, seatReason } from '../store/workday/reasons.ts';
import { type BookingFacts, BookingState } from './booking-state.ts';
import type { Booking, DayRefusal } from './model.ts';

/** A user who is to get a booking at an office. */
export interface Seeker {
  userId: string;
  primaryGroupId: string | null;
  ownDeskIds: string[];
  /** Desks that the user booked before, the best first. */
  habitualDeskIds: string[];
}

/** A booking that the server chose, and why. */
export interface ChosenSeat extends Pick<Booking, 'nodeId' | 'nodeKind'> {
  /** For the action log. */
  reason: string;
}

/** Why the first of a user's desks could not be booked, by the refusal. A closed desk is told by its node. */
const OBSTACLE_OF = {
  own: { 'desk-taken': 'ownDeskBooked', 'zone-full': 'ownDeskInFullZone', closed: 'ownDeskClosed' },
  usual: {
    'desk-taken': 'usualDeskBooked',
    'zone-full': 'usualDeskInFullZone',
    'not-bookable': 'usualDeskAssigned',
    closed: 'usualDeskClosed',
  },
} as const satisfies Record<string, Partial<Record<DayRefusal['refused'] | 'closed', Obstacle>>>;

export interface SeatChoiceFacts extends Omit<BookingFacts, 'zoneDays'> {
  locationId: string;
  day: string;
  /** The office with all its zones and desks, in the order in which free desks are given away. */
  nodes: OfficeNode[];
  /** The users with a seat that day. */
  seated: SeatedGroup[];
  /**
   * The office of each desk owner's plan that day; null: a plan without an office. Owners without a plan are
   * left out.
   */
  officeOfOwner: Map<string, string | null>;
}

/**
 * Chooses bookings for users at one office on one day, one user after the other:
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
  readonly #locationId: string;
  readonly #bookings: BookingState;
  readonly #owners: Set<string>;
  readonly #officeOfOwner: Map<string, string | null>;
  readonly #zones: OfficeNode[];
  /** The desks of each zone that may still be free; desks that are not assigned come first. */
  readonly #desksOfZone = new Map<string, string[]>();
  /** The number of users of each group in each zone. */
  readonly #zonesOfGroup = new Map<string, Map<string, number>>();

  constructor(facts: SeatChoiceFacts) {
    const { day, locationId, nodes, assignments, seated } = facts;
    this.#day = day;
    this.#locationId = locationId;
    this.#owners = new Set(assignments.map(({ userId }) => userId));
    this.#officeOfOwner = facts.officeOfOwner;
    const zoneDays = seated.map(({ zoneId, users }) => ({ nodeId: zoneId, day, booked: users }));
    this.#bookings = new BookingState({ ...facts, zoneDays }, (userId) => this.#officeOfOwner.get(userId));
    this.#zones = nodes.filter(({ kind }) => kind === 'zone');
    const assigned = new Set(assignments.map(({ deskId }) => deskId));
    const desks = nodes.filter(({ kind }) => kind === 'place');
    const isAssigned = ({ nodeId }: OfficeNode) => assigned.has(nodeId);
    for (const { nodeId, zoneId } of [
      ...desks.filter((desk) => !isAssigned(desk)),
      ...desks.filter(isAssigned),
    ]) {
      if (zoneId !== null) addTo(this.#desksOfZone, zoneId, nodeId);
    }
    for (const { zoneId, primaryGroupId, users } of seated) this.#noteGroup(primaryGroupId, zoneId, users);
  }

  /**
   * Records the office of a user's plan of the day; null: a plan without an office. Where the user owns desks and plans
   * to be elsewhere, these are then released.
   */
  notePlan(userId: string, locationId: string | null): void {
    if (this.#owners.has(userId)) this.#officeOfOwner.set(userId, locationId);
  }

  /** The booking of the user: of a desk, of a zone, or of the office itself. */
  choose(seeker: Seeker): ChosenSeat {
    this.notePlan(seeker.userId, this.#locationId);
    let obstacle: Obstacle | undefined;
    const firstFree = (whose: keyof typeof OBSTACLE_OF, deskIds: string[]) => {
      for (const deskId of deskIds) {
        const booking = this.#tryBook(seeker, deskId);
        if (!('refused' in booking)) return booking;
        obstacle ??= this.#obstacle(whose, deskId, booking);
      }
      return undefined;
    };
    const ways: [Seat, () => Booking | undefined][] = [
      ['ownDesk', () => firstFree('own', seeker.ownDeskIds)],
      ['usualDesk', () => firstFree('usual', seeker.habitualDeskIds)],
      ['nearGroup', () => this.#nearGroup(seeker)],
      ['office', () => this.#book(seeker, this.#locationId)],
    ];
    for (const [seat, find] of ways) {
      const booking = find();
      if (!booking) continue;
      this.#bookings.move(seeker.userId, this.#day, null, booking);
      this.#noteGroup(seeker.primaryGroupId, booking.zoneId, 1);
      return { nodeId: booking.nodeId, nodeKind: booking.nodeKind, reason: seatReason(seat, obstacle) };
    }
    return { nodeId: this.#locationId, nodeKind: 'location', reason: seatReason('office', obstacle) };
  }

  /** Why a desk of the user was refused. Undefined for a desk of another office. */
  #obstacle(whose: keyof typeof OBSTACLE_OF, deskId: string, { refused }: DayRefusal): Obstacle | undefined {
    const node = this.#bookings.node(deskId);
    if (node?.locationId !== this.#locationId) return undefined;
    const obstacles: Partial<Record<string, Obstacle>> = OBSTACLE_OF[whose];
    return node.active ? obstacles[refused] : obstacles.closed;
  }

  /**
   * A desk or zone near the group: first its zone with most users, then its other zones, then others on their
   * levels.
   */
  #nearGroup(seeker: Seeker): Booking | undefined {
    const members = this.#zonesOfGroup.get(seeker.primaryGroupId ?? '');
    if (!members) return undefined;
    const inZone = ({ nodeId }: OfficeNode) => members.get(nodeId) ?? 0;
    const levels = new Map<string | null, number>();
    for (const zone of this.#zones) levels.set(zone.levelId, (levels.get(zone.levelId) ?? 0) + inZone(zone));
    const onLevel = ({ levelId }: OfficeNode) => levels.get(levelId) ?? 0;
    const near = this.#zones
      .filter((zone) => onLevel(zone) > 0)
      .sort((a, b) => inZone(b) - inZone(a) || onLevel(b) - onLevel(a));
    for (const zone of near) {
      const seat = this.#seatIn(zone, seeker);
      if (seat) return seat;
    }
    return undefined;
  }

  /** A free desk of the zone, else the zone itself if it has a capacity that is not used up. */
  #seatIn({ nodeId: zoneId, zoneCapacity }: OfficeNode, seeker: Seeker): Booking | undefined {
    const booking = this.#book(seeker, zoneId);
    if (!booking) return undefined;
    const desks = this.#desksOfZone.get(zoneId) ?? [];
    // A desk that is not free for one user here is not free for later users of the day either.
    for (let next = desks[0]; next !== undefined; next = desks[0]) {
      const desk = this.#book(seeker, next);
      if (desk) return desk;
      desks.shift();
    }
    return zoneCapacity === null ? undefined : booking;
  }

  #book(seeker: Seeker, nodeId: string): Booking | undefined {
    const booking = this.#tryBook(seeker, nodeId);
    return 'refused' in booking ? undefined : booking;
  }

  #tryBook({ userId }: Seeker, nodeId: string): Booking | DayRefusal {
    const booker = { userId, day: this.#day, current: null, setBy: 'engine' as const };
    return this.#bookings.book(booker, this.#locationId, nodeId);
  }

  #noteGroup(primaryGroupId: string | null, zoneId: string | null, users: number): void {
    if (primaryGroupId === null || zoneId === null) return;
    const zones = this.#zonesOfGroup.get(primaryGroupId) ?? new Map<string, number>();
    this.#zonesOfGroup.set(primaryGroupId, zones.set(zoneId, (zones.get(zoneId) ?? 0) + users));
  }
}
