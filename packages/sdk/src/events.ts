import type { CallOptions } from './options.ts';
import type { Transport } from './request.ts';
import {
  type Batching,
  type EventSubmitOptions,
  type Many,
  type SubmitOptions,
  type Submitted,
  submitAll,
} from './submit.ts';
import type {
  AccessCredentialResult,
  AccessCredentialUpdate,
  EventResult,
  GroupRelationship,
  GroupRelationshipsReply,
  OccupancyEvent,
  PresenceEvent,
  TimeOffEvent,
  UserAttributes,
  UserAttributesResult,
  VisitorArrival,
} from './types.ts';

function eventsOf<T>(path: string, size: number, bodyOf: (events: T[]) => unknown): Batching<T, EventResult> {
  return {
    method: 'POST',
    path,
    size,
    inOrder: false,
    bodyOf,
    resultsOf,
    isRefused: ({ resultCode }) => resultCode !== 0,
  };
}

/** The member `results` of a reply. An empty list if there is none. */
export function resultsOf<R>(reply: unknown): R[] {
  const { results } = Object(reply) as { results?: R[] };
  return Array.isArray(results) ? results : [];
}

/** Presence events: a user was detected at a node. */
export class Presence {
  readonly #transport: Transport;
  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /**
   * Submits events, 100 in a request. It is safe to submit an event again: the server stores it once.
   * @param sourceId any text that names the source, for troubleshooting.
   * @throws ValidationError if a batch is malformed. The server stores nothing of that batch, but may store
   * others.
   */
  submit(
    sourceId: string,
    events: Many<PresenceEvent>,
    options?: EventSubmitOptions,
  ): Promise<Submitted<PresenceEvent, EventResult>> {
    const batching = eventsOf('/v1/presence', 100, (presenceEvents: PresenceEvent[]) => ({
      sourceId,
      presenceEvents,
    }));
    return submitAll(this.#transport, batching, events, options);
  }
}

/** Occupancy events: how many people are at a node, or whether there are any. */
export class Occupancy {
  readonly #transport: Transport;
  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /**
   * Submits events, 1,000 in a request. It is safe to submit an event again: the server stores it once.
   * @param sourceId any text that names the source, for troubleshooting.
   * @throws ValidationError if a batch is malformed. The server stores nothing of that batch, but may store
   * others.
   */
  submit(
    sourceId: string,
    events: Many<OccupancyEvent>,
    options?: EventSubmitOptions,
  ): Promise<Submitted<OccupancyEvent, EventResult>> {
    const batching = eventsOf('/v1/occupancy', 1000, (occupancyEvents: OccupancyEvent[]) => ({
      sourceId,
      occupancyEvents,
    }));
    return submitAll(this.#transport, batching, events, options);
  }
}

/** Visitor arrivals. */
export class Visitors {
  readonly #transport: Transport;
  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /**
   * Submits arrivals, 100 in a request. It is safe to submit an arrival again: the server stores it once.
   * @param sourceId any text that names the source, for troubleshooting.
   * @throws ValidationError if a batch is malformed. The server stores nothing of that batch, but may store
   * others.
   */
  submit(
    sourceId: string,
    arrivals: Many<VisitorArrival>,
    options?: EventSubmitOptions,
  ): Promise<Submitted<VisitorArrival, EventResult>> {
    const batching = eventsOf('/v1/visitor-arrival', 100, (visitorArrivals: VisitorArrival[]) => ({
      sourceId,
      visitorArrivals,
    }));
    return submitAll(this.#transport, batching, arrivals, options);
  }
}

/** Time off: leave that is scheduled or cancelled. */
export class TimeOff {
  readonly #transport: Transport;
  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /**
   * Submits events, 1,000 in a request, one request after the other, because the events of a user apply in
   * order. `startDate` and `endDate` are days; both are included. A `Date` at midnight UTC is that date. Any
   * other `Date` is the local date at the user's office.
   * @throws ValidationError if a batch is malformed. The server stores nothing of that batch and of those
   * after it.
   */
  submit(events: Many<TimeOffEvent>, options?: SubmitOptions): Promise<Submitted<TimeOffEvent, EventResult>> {
    const batching = eventsOf('/v1/timeoff', 1000, (timeOffEvents: TimeOffEvent[]) => ({ timeOffEvents }));
    return submitAll(this.#transport, { ...batching, inOrder: true }, events, options);
  }
}

/** Access credentials: the cards of users. */
export class AccessCredentials {
  readonly #transport: Transport;
  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /**
   * Submits updates, 100 in a request, one request after the other, because the updates of a card apply in
   * order. `refused` has every update whose result is not `OK`, including `PARTIAL_UPDATE`. The `results` of
   * an update say which cards failed.
   * @throws ValidationError if a batch is malformed. The server stores nothing of that batch and of those
   * after it.
   */
  submit(
    updates: Many<AccessCredentialUpdate>,
    options?: SubmitOptions,
  ): Promise<Submitted<AccessCredentialUpdate, AccessCredentialResult>> {
    return submitAll(
      this.#transport,
      {
        method: 'POST',
        path: '/v1/access-credentials',
        size: 100,
        inOrder: true,
        bodyOf: (data) => ({ data }),
        // The server answers one update with an object, and several with a list of objects.
        resultsOf: (reply) => (Array.isArray(reply) ? reply : [reply as AccessCredentialResult]),
        isRefused: ({ result }) => result !== 'OK',
      },
      updates,
      options,
    );
  }
}

/** Groups, and the user attributes from which the server derives groups. */
export class Directory {
  readonly #transport: Transport;
  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /**
   * Replaces the whole hierarchy of groups in one request.
   * @throws ValidationError if the hierarchy breaks a rule. The server changes nothing; `errors` names the
   * rows.
   */
  setGroupRelationships(
    groupRelationships: readonly GroupRelationship[],
    options?: CallOptions,
  ): Promise<GroupRelationshipsReply> {
    const path = '/v1/directory-management/group-relationships';
    return this.#transport.json({ method: 'PUT', path, body: { groupRelationships } }, options);
  }

  /**
   * Merges attributes into those of users, 1,000 users in a request, one request after the other. Null
   * removes an attribute.
   * @throws ValidationError if a batch is malformed. The server stores nothing of that batch and of those
   * after it.
   */
  setUserAttributes(
    users: Many<UserAttributes>,
    options?: SubmitOptions,
  ): Promise<Submitted<UserAttributes, UserAttributesResult>> {
    return submitAll(
      this.#transport,
      {
        method: 'POST',
        path: '/v1/directory-management/user-attributes',
        size: 1000,
        inOrder: true,
        bodyOf: (userAttributes) => ({ userAttributes }),
        resultsOf,
        isRefused: ({ resultCode }) => resultCode !== 0,
      },
      users,
      options,
    );
  }
}
