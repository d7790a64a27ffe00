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

/** The member `results` of a reply. */
export function resultsOf<R>(reply: unknown): R[] {
  const { results } = Object(reply) as { results?: R[] };
  return Array.isArray(results) ? results : [];
}

/** Where people were seen. */
export class Presence {
  readonly #transport: Transport;
  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /**
   * Submits events, a hundred in a call. To submit one again is harmless: what is stored already is not stored twice.
   * @param sourceId any text, kept for troubleshooting
   * @throws ValidationError when a batch is malformed: nothing of that batch is stored, other batches may be
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

/** How many people a place holds, or whether any. */
export class Occupancy {
  readonly #transport: Transport;
  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /**
   * Submits events, a thousand in a call. To submit one again is harmless.
   * @param sourceId any text, kept for troubleshooting
   * @throws ValidationError when a batch is malformed: nothing of that batch is stored, other batches may be
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

/** Arrivals of visitors. */
export class Visitors {
  readonly #transport: Transport;
  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /**
   * Submits arrivals, a hundred in a call. To submit one again is harmless.
   * @param sourceId any text, kept for troubleshooting
   * @throws ValidationError when a batch is malformed: nothing of that batch is stored, other batches may be
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

/** Leave that is taken, and leave that is cancelled. */
export class TimeOff {
  readonly #transport: Transport;
  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /**
   * Submits events, a thousand in a call, one call after the other: those of a person apply in their order. `startDate` and
   * `endDate` are days, both included; a `Date` that is not midnight UTC is the day that it is at the person's office.
   * @throws ValidationError when a batch is malformed: nothing of it and of those after it is stored
   */
  submit(events: Many<TimeOffEvent>, options?: SubmitOptions): Promise<Submitted<TimeOffEvent, EventResult>> {
    const batching = eventsOf('/v1/timeoff', 1000, (timeOffEvents: TimeOffEvent[]) => ({ timeOffEvents }));
    return submitAll(this.#transport, { ...batching, inOrder: true }, events, options);
  }
}

/** Cards that open doors. */
export class AccessCredentials {
  readonly #transport: Transport;
  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /**
   * Submits updates, a hundred in a call, one call after the other: those of a card apply in their order. Whatever is not `OK` is
   * among the refused, also `PARTIAL_UPDATE`; its `results` say which cards failed.
   * @throws ValidationError when a batch is malformed: nothing of it and of those after it is stored
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
        // One update is answered by an object, several by a list of them.
        resultsOf: (reply) => (Array.isArray(reply) ? reply : [reply as AccessCredentialResult]),
        isRefused: ({ result }) => result !== 'OK',
      },
      updates,
      options,
    );
  }
}

/** Groups, and the attributes of people that groups follow from. */
export class Directory {
  readonly #transport: Transport;
  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /**
   * Replaces the whole hierarchy of groups, in one call.
   * @throws ValidationError when a rule is broken: nothing is changed, and `errors` names the rows
   */
  setGroupRelationships(
    groupRelationships: readonly GroupRelationship[],
    options?: CallOptions,
  ): Promise<GroupRelationshipsReply> {
    const path = '/v1/directory-management/group-relationships';
    return this.#transport.json({ method: 'PUT', path, body: { groupRelationships } }, options);
  }

  /**
   * Merges attributes into those of people, a thousand people in a call, one call after the other; null removes one.
   * @throws ValidationError when a batch is malformed: nothing of it and of those after it is stored
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
