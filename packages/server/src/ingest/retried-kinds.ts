import type { Caller, KeyAccess } from '../auth/guard.ts';
import type { EventRow } from '../store/events/event-order.ts';
import type { ClaimedEvent, TriedEvent } from '../store/events/refused-event-retries.ts';
import { type AccessCredentialUpdate, applyUpdates } from './access-credentials.ts';
import { type EventKind, type IngestDeps, type SubmittedEvent, storeBatch } from './batch.ts';
import { occupancy } from './occupancy.ts';
import { presence } from './presence.ts';
import type { Refusal } from './refusal-causes.ts';
import { KEEPS_NO_REFUSAL } from './refused-event-log.ts';
import { COUNTS_NOTHING } from './source-activity.ts';
import { storeTimeOff, type TimeOffEvent } from './time-off.ts';
import { visitorArrival } from './visitor-arrival.ts';

export const SUBMITTERS = ['submitting-events', 'all'] as const;
export const VISITOR_SUBMITTERS = ['submitting-events', 'visitor-only', 'all'] as const;

/** The last parts of the paths that take events. */
export const ENDPOINTS = [
  'presence',
  'occupancy',
  'timeoff',
  'visitor-arrival',
  'access-credentials',
] as const;
export type Endpoint = (typeof ENDPOINTS)[number];

/** Refused events of one endpoint, source and sender, in the order in which they were refused. */
export interface RetriedBatch {
  caller: Caller;
  sourceId: string;
  claimed: readonly ClaimedEvent[];
}

/** How the server tries refused events of one endpoint again: by the code that takes new ones. */
export interface RetriedKind {
  /** The keys that may send such events. */
  roles: KeyAccess['roles'];
  /** Keys that are bound to offices may send them, too. */
  ofOffices?: KeyAccess['ofOffices'];
  store(batch: RetriedBatch, deps: IngestDeps): Promise<TriedEvent[]>;
}

export const RETRIED_KINDS: Record<Endpoint, RetriedKind> = {
  presence: { roles: SUBMITTERS, ofOffices: true, store: storing(presence) },
  occupancy: { roles: SUBMITTERS, ofOffices: true, store: storing(occupancy) },
  'visitor-arrival': {
    roles: VISITOR_SUBMITTERS,
    ofOffices: true,
    store: storing(visitorArrival),
  },
  timeoff: {
    roles: SUBMITTERS,
    async store({ caller, claimed }, deps) {
      const events = claimed.map(({ event }) => JSON.parse(event) as TimeOffEvent);
      return triedEvents(claimed, await storeTimeOff({ caller, events }, keepingNone(deps), deps.clock()));
    },
  },
  'access-credentials': { roles: SUBMITTERS, store: applyCards },
};

function storing<Event extends SubmittedEvent, Row extends EventRow>(
  kind: EventKind<Event, Row>,
): RetriedKind['store'] {
  return async ({ caller, sourceId, claimed }, deps) => {
    const events = claimed.map(({ event }) => JSON.parse(event) as Event);
    return triedEvents(claimed, await storeBatch(kind, { caller, sourceId, events }, keepingNone(deps)));
  };
}

/** A refused event is kept already, and its source sends nothing now. */
function keepingNone(deps: IngestDeps): IngestDeps {
  return { ...deps, refusals: KEEPS_NO_REFUSAL, activity: COUNTS_NOTHING };
}

function triedEvents(
  claimed: readonly ClaimedEvent[],
  refusals: readonly (Refusal | undefined)[],
): TriedEvent[] {
  return claimed.map(({ refusedAt, refusalId, event }, index) => {
    const refusal = refusals[index];
    if (!refusal) return { refusedAt, refusalId, refusal: undefined };
    const { resultCode, cause, message: reason } = refusal;
    return { refusedAt, refusalId, refusal: { resultCode, cause, reason, event } };
  });
}

/** An update of several cards may be refused in part. Its row then keeps the cards that failed, with the first reason. */
async function applyCards({ caller, claimed }: RetriedBatch, deps: IngestDeps): Promise<TriedEvent[]> {
  const updates = claimed.map(({ event }) => JSON.parse(event) as AccessCredentialUpdate);
  const applied = await applyUpdates({ caller, updates }, keepingNone(deps));
  return claimed.map(({ refusedAt, refusalId, ...row }, index) => {
    const parts = applied[index]?.refused ?? [];
    const [first] = parts;
    if (!first) return { refusedAt, refusalId, refusal: undefined };
    const { resultCode = 0, cause, reason } = first;
    const credentials = parts.flatMap((part) => (part.event as AccessCredentialUpdate).credentials);
    const event = JSON.stringify({ ...(JSON.parse(row.event) as AccessCredentialUpdate), credentials });
    return { refusedAt, refusalId, refusal: { resultCode, cause, reason, event } };
  });
}
