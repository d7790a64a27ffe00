import type { Static } from 'typebox';
import { Type } from 'typebox';
import { Maybe } from '../http/schema.ts';
import { NODE_KINDS } from '../store/directory/nodes.ts';
import { type OccupancyEventRow, occupancyEventsInsert } from '../store/events/occupancy-events.ts';
import { digest } from '../store/values/digest.ts';
import type { EventKind } from './batch.ts';
import { classifyNode, locationTypeFault } from './event-node.ts';
import { type Fault, isRefusal } from './refusal-causes.ts';
import { textsFault, timestampFault } from './values.ts';

export const OCCUPANCY_EVENTS_PER_CALL = 1_000;

export const OccupancyEvent = Type.Object({
  eventId: Type.String({ description: 'any text; echoed' }),
  timestamp: Type.String({ description: 'ISO 8601; UTC without an offset; may be in the past' }),
  locationId: Type.String({ description: 'id of a node of the tree' }),
  locationType: Type.String({ description: `kind of that node: ${NODE_KINDS.join(', ')}` }),
  occupied: Maybe(Type.Boolean({ description: 'if absent: whether occupancy is more than 0' })),
  occupancy: Maybe(
    Type.Number({ description: 'number of people, 0 or more; required if occupied is absent' }),
  ),
});
export type OccupancyEvent = Static<typeof OccupancyEvent>;

export const OccupancySubmission = Type.Object({
  sourceId: Type.String({ description: 'any text; kept for troubleshooting' }),
  occupancyEvents: Type.Array(OccupancyEvent, { maxItems: OCCUPANCY_EVENTS_PER_CALL }),
});
export type OccupancySubmission = Static<typeof OccupancySubmission>;

/** How occupancy events are looked up, classified and written. */
export const occupancy: EventKind<OccupancyEvent, OccupancyEventRow> = {
  endpoint: 'occupancy',
  retention: 'occupancy',

  fault({ event, sourceId, nowMs, observedAtUs }) {
    const { eventId, timestamp, locationId, locationType } = event;
    return (
      textsFault({ sourceId, eventId, timestamp, locationId, locationType }) ??
      locationTypeFault(locationType) ??
      timestampFault(observedAtUs, nowMs) ??
      valuesFault(event)
    );
  },

  identifiers: (event) => ({ nodeIds: [event.locationId] }),

  classify(event, context) {
    const { sourceId, observedAtUs, receivedAtMs } = context;
    const node = classifyNode(event, context);
    if (isRefusal(node)) return node;
    // Adding 0 turns -0 into 0.
    const count = event.occupancy == null ? null : event.occupancy + 0;
    const occupied = event.occupied ?? (count !== null && count > 0);
    return {
      observedAtUs,
      eventDigest: digest([sourceId, event.eventId, node.nodeId, String(observedAtUs), occupied, count]),
      locationId: node.locationId,
      nodeId: node.nodeId,
      occupied,
      occupancy: count,
      eventId: event.eventId,
      sourceId,
      receivedAtMs,
    };
  },

  table: 'occupancy_events',
  insert: occupancyEventsInsert,
};

function valuesFault({ occupied, occupancy }: OccupancyEvent): Fault | undefined {
  if (occupied == null && occupancy == null) return invalid('occupied or occupancy must be given');
  if (occupancy == null) return undefined;
  // JSON may contain 1e999, which JavaScript reads as Infinity.
  if (!Number.isFinite(occupancy)) return invalid('occupancy must be a finite number');
  return occupancy < 0 ? invalid('occupancy must not be negative') : undefined;
}

function invalid(message: string): Fault {
  return { cause: 'invalidValue', message };
}
