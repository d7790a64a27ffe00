import type { BookableKind, BookingSource, NodeDay } from '../store/workday/bookings.ts';
import type { DeskAssignment, OfficeNode } from '../store/workday/offices.ts';
import type { Booking, DayRefusal, RefusalCode } from './model.ts';

export interface BookingFacts {
  nodes: OfficeNode[];
  assignments: DeskAssignment[];
  /** Who has which desk when. */
  deskBookings: (NodeDay & { userId: string })[];
  /** How many are in which zone when. */
  zoneDays: (NodeDay & { booked: number })[];
}

/** At which office a person's plan of a day is; null: elsewhere; undefined: there is no plan. */
type OfficeOf = (userId: string, day: string) => string | null | undefined;

/** A user who gets a booking, and what of their day the choice depends on. */
export interface Booker {
  userId: string;
  day: string;
  /** What the booker would give up for it. */
  current: Booking | null;
  setBy: BookingSource;
  /** Whether the current booking is kept only if the product chose it. */
  resetsToDefault?: boolean | undefined;
  /** It has been: what is retired since may be booked, and a desk that is somebody else's. */
  past?: boolean;
}

/**
 * Who sits where, as far as a set of changes can tell or alter it; kept up to date as they are made. All of it
 * is pure: what it knows was looked up, and locked, before.
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
    for (const { deskId, userId } of facts.assignments) {
      const desks = this.#desksOfUser.get(userId);
      if (desks) desks.push(deskId);
      else this.#desksOfUser.set(userId, [deskId]);
    }
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

  /** A booking at the office `locationId`: of `requestedId`, or without it, of what the booker gets there by default. */
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

  /** Notes that a booking of a day was given up for another, or for none. */
  move(userId: string, day: string, from: Booking | null, to: Booking | null): void {
    if (from?.nodeKind === 'place') this.#holders.delete(nodeDayKey(from.nodeId, day));
    if (from?.zoneId) this.#count(nodeDayKey(from.zoneId, day), -1);
    if (to?.nodeKind === 'place') this.#holders.set(nodeDayKey(to.nodeId, day), userId);
    if (to?.zoneId) this.#count(nodeDayKey(to.zoneId, day), 1);
  }

  /** Whether a booking is still true of the tree: what is booked is in use, and where it was. */
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
      return refusal('desk-taken', `Desk ${node.name} is booked by somebody else on ${day}`);
    }
    const owner = this.#owners.get(node.nodeId);
    if (owner === undefined || owner === userId || past) return undefined;
    const ownersOffice = this.#officeOf(owner, day);
    const released = node.releasesDesks && ownersOffice !== undefined && ownersOffice !== node.locationId;
    if (released) return undefined;
    return refusal(
      'not-bookable',
      `Desk ${node.name} is assigned to somebody else and not released on ${day}`,
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
