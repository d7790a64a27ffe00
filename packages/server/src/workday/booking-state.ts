import { addTo } from '../store/values/group-by.ts';
import type { BookableKind, BookingSource, NodeDay } from '../store/workday/bookings.ts';
import type { DeskAssignment, OfficeNode } from '../store/workday/offices.ts';
import type { Booking, DayRefusal, RefusalCode } from './model.ts';

export interface BookingFacts {
  nodes: OfficeNode[];
  assignments: DeskAssignment[];
  /** The user of each booked desk, by day. */
  deskBookings: (NodeDay & { userId: string })[];
  /** The number of bookings in each zone, by day. */
  zoneDays: (NodeDay & { booked: number })[];
}

/** The office of a user's plan for a day; null: a plan without an office; undefined: no plan. */
type OfficeOf = (userId: string, day: string) => string | null | undefined;

/** A user who gets a booking, and what of their day the choice depends on. */
export interface Booker {
  userId: string;
  day: string;
  /** The booking that a new one would replace. */
  current: Booking | null;
  setBy: BookingSource;
  /** Whether the current booking stays only if the horizon engine chose it. */
  resetsToDefault?: boolean | undefined;
  /** Whether the day is past: nodes retired since may then be booked, and desks assigned to another user. */
  past?: boolean;
}

/**
 * The bookings of desks and zones that a set of changes can read or alter. `move` keeps it current as changes are
 * applied. It does no I/O: the caller has locked the facts and looked them up before.
 */
export class BookingState {
  readonly #nodes: Map<string, OfficeNode>;
  readonly #owners: Map<string, string>;
  readonly #desksOfUser: Map<string, string[]>;
  readonly #holders: Map<string, string>;
  readonly #booked: Map<string, number>;
  readonly #officeOf: OfficeOf;

  constructor(facts: BookingFacts, officeOf: OfficeOf) {
    this.#nodes = new Map(facts.nodes.map((node) => [node.nodeId, node]));
    this.#owners = new Map(facts.assignments.map(({ deskId, userId }) => [deskId, userId]));
    this.#desksOfUser = new Map();
    for (const { deskId, userId } of facts.assignments) addTo(this.#desksOfUser, userId, deskId);
    this.#holders = new Map(
      facts.deskBookings.map(({ nodeId, day, userId }) => [nodeDayKey(nodeId, day), userId]),
    );
    this.#booked = new Map(
      facts.zoneDays.map(({ nodeId, day, booked }) => [nodeDayKey(nodeId, day), booked]),
    );
    this.#officeOf = officeOf;
  }

  node(nodeId: string): OfficeNode | undefined {
    return this.#nodes.get(nodeId);
  }

  /** A booking at the office `locationId`: of `requestedId`, or, without it, of the user's default there. */
  book(booker: Booker, locationId: string, requestedId: string | undefined): Booking | DayRefusal {
    const { current } = booker;
    const isKept = !booker.resetsToDefault || current?.setBy === 'engine';
    const isSame = current?.locationId === locationId && (requestedId ?? current.nodeId) === current.nodeId;
    if (isKept && isSame && this.#stands(current)) return current;
    const office = this.#nodes.get(locationId);
    if (office?.kind !== 'location' || !(office.active || booker.past)) {
      return refusal('not-bookable', `Office ${locationId} is not known, or not active`);
    }
    if (requestedId !== undefined) return this.#take(booker, locationId, requestedId);
    for (const deskId of this.#desksOfUser.get(booker.userId) ?? []) {
      const booking = this.#take(booker, locationId, deskId);
      if (!('refused' in booking)) return booking;
    }
    return this.#take(booker, locationId, locationId);
  }

  /** Records that a booking of a day was replaced by another, or by none. */
  move(userId: string, day: string, from: Booking | null, to: Booking | null): void {
    if (from?.nodeKind === 'place') this.#holders.delete(nodeDayKey(from.nodeId, day));
    if (from?.zoneId) this.#count(nodeDayKey(from.zoneId, day), -1);
    if (to?.nodeKind === 'place') this.#holders.set(nodeDayKey(to.nodeId, day), userId);
    if (to?.zoneId) this.#count(nodeDayKey(to.zoneId, day), 1);
  }

  /** Whether the tree still matches a booking: the node is active, and in the same office and zone. */
  #stands({ nodeId, locationId, zoneId }: Booking): boolean {
    const node = this.#nodes.get(nodeId);
    return node?.active === true && node.locationId === locationId && node.zoneId === zoneId;
  }

  #take(booker: Booker, locationId: string, nodeId: string): Booking | DayRefusal {
    const node = this.#nodes.get(nodeId);
    const usable = node?.active || booker.past;
    if (!node || !usable || !isBookable(node.kind) || node.locationId !== locationId) {
      return refusal('not-bookable', `${nodeId} is not an active desk or zone of office ${locationId}`);
    }
    return (
      this.#whyNotDesk(booker, node) ??
      this.#whyNotZone(booker, node) ?? {
        locationId,
        nodeId,
        nodeKind: node.kind,
        zoneId: node.zoneId,
        setBy: booker.setBy,
      }
    );
  }

  #whyNotDesk({ userId, day, past }: Booker, node: OfficeNode): DayRefusal | undefined {
    if (node.kind !== 'place') return undefined;
    const holder = this.#holders.get(nodeDayKey(node.nodeId, day));
    if (holder !== undefined && holder !== userId) {
      return refusal('desk-taken', `Desk ${node.name} is booked by another user on ${day}`);
    }
    const owner = this.#owners.get(node.nodeId);
    if (owner === undefined || owner === userId || past) return undefined;
    const ownersOffice = this.#officeOf(owner, day);
    const released = node.releasesDesks && ownersOffice !== undefined && ownersOffice !== node.locationId;
    if (released) return undefined;
    return refusal(
      'not-bookable',
      `Desk ${node.name} is assigned to another user and not released on ${day}`,
    );
  }

  #whyNotZone({ day, current }: Booker, { zoneId, zoneCapacity }: OfficeNode): DayRefusal | undefined {
    if (zoneId === null || zoneCapacity === null) return undefined;
    const others = (this.#booked.get(nodeDayKey(zoneId, day)) ?? 0) - (current?.zoneId === zoneId ? 1 : 0);
    if (others < zoneCapacity) return undefined;
    const name = this.#nodes.get(zoneId)?.name;
    return refusal('zone-full', `${name === undefined ? 'The zone' : `Zone ${name}`} is full on ${day}`);
  }

  #count(key: string, by: number): void {
    this.#booked.set(key, (this.#booked.get(key) ?? 0) + by);
  }
}

export function nodeDayKey(nodeId: string, day: string): string {
  return `${nodeId} ${day}`;
}

export function refusal(refused: RefusalCode, sentence: string): DayRefusal {
  return { refused, message: `${sentence}.` };
}

function isBookable(kind: string): kind is BookableKind {
  return kind === 'location' || kind === 'zone' || kind === 'place';
}
