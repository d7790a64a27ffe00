import type { Static } from 'typebox';
import { Type } from 'typebox';
import { Maybe } from '../http/schema.ts';
import {
  lateArrivalsInsert,
  type VisitorArrivalRow,
  visitorArrivalsInsert,
} from '../store/events/visitor-arrivals.ts';
import { namesKeptForMs } from '../store/privacy/retention-kinds.ts';
import { digest } from '../store/values/digest.ts';
import type { EventKind } from './batch.ts';
import { classifyNode } from './event-node.ts';
import { classifyNamedUser } from './event-user.ts';
import { isRefusal } from './refusal-causes.ts';
import { textsFault, timestampFault } from './values.ts';

export const VISITOR_ARRIVALS_PER_CALL = 100;

export const VisitorArrival = Type.Object({
  eventId: Type.String({ description: 'any text; echoed' }),
  timestamp: Type.String({ description: 'ISO 8601; UTC without an offset; may be in the past' }),
  locationId: Type.String({ description: 'id of a node of the tree, of any kind' }),
  visitorName: Type.String({ description: 'not empty' }),
  visitorEmail: Maybe(Type.String()),
  visitorCompany: Maybe(Type.String()),
  hostUserId: Maybe(Type.String()),
  hostUserEmail: Maybe(
    Type.String({ description: 'e-mail or userName; exact, else the only one that differs by case' }),
  ),
});
export type VisitorArrival = Static<typeof VisitorArrival>;

export const VisitorArrivalSubmission = Type.Object({
  sourceId: Type.String({ description: 'any text; kept for troubleshooting' }),
  visitorArrivals: Type.Array(VisitorArrival, { maxItems: VISITOR_ARRIVALS_PER_CALL }),
});
export type VisitorArrivalSubmission = Static<typeof VisitorArrivalSubmission>;

/** How visitor arrivals are looked up, classified and written. */
export const visitorArrival: EventKind<VisitorArrival, VisitorArrivalRow> = {
  endpoint: 'visitor-arrival',
  retention: 'visitors',

  fault({ event, sourceId, nowMs, observedAtUs }) {
    return (
      textsFault({ sourceId, ...textMembers(event) }) ??
      timestampFault(observedAtUs, nowMs) ??
      (event.visitorName.trim() === ''
        ? { cause: 'invalidValue', message: 'visitorName is empty' }
        : undefined)
    );
  },

  identifiers: (event) => ({
    userIds: event.hostUserId == null ? [] : [event.hostUserId],
    namesInAnyCase: event.hostUserEmail == null ? [] : [event.hostUserEmail],
    nodeIds: [event.locationId],
  }),

  classify(event, context) {
    const { sourceId, observedAtUs, receivedAtMs, resolved } = context;
    const host = classifyNamedUser(
      [
        { member: 'hostUserId', text: event.hostUserId, find: (userId) => resolved.userById(userId) },
        {
          member: 'hostUserEmail',
          text: event.hostUserEmail,
          find: (name) => resolved.userByNameInAnyCase(name),
        },
      ],
      'no active user matches, or several differ only by case',
    );
    if (isRefusal(host)) return host;
    const node = classifyNode({ locationId: event.locationId }, context);
    if (isRefusal(node)) return node;
    return {
      observedAtUs,
      eventDigest: digest([sourceId, event.eventId, node.nodeId, String(observedAtUs), event.visitorName]),
      locationId: node.locationId,
      nodeId: node.nodeId,
      visitorName: event.visitorName,
      visitorEmail: event.visitorEmail ?? null,
      visitorCompany: event.visitorCompany ?? null,
      hostUserId: host?.userId ?? null,
      eventId: event.eventId,
      sourceId,
      receivedAtMs,
    };
  },

  table: 'visitor_arrivals',
  insert: visitorArrivalsInsert,
  late: { afterMs: namesKeptForMs('visitorNames'), insert: lateArrivalsInsert },
};

function textMembers(event: VisitorArrival) {
  const { eventId, timestamp, locationId, visitorName, visitorEmail, visitorCompany } = event;
  const { hostUserId, hostUserEmail } = event;
  return {
    eventId,
    timestamp,
    locationId,
    visitorName,
    visitorEmail,
    visitorCompany,
    hostUserId,
    hostUserEmail,
  };
}
