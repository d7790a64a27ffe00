import type { Static } from 'typebox';
import { Type } from 'typebox';
import { Maybe } from '../http/schema.ts';
import type { Resolved } from '../store/directory/directory-look-up.ts';
import { NODE_KINDS } from '../store/directory/nodes.ts';
import type { UserIdentity } from '../store/directory/users.ts';
import {
  latePresenceInsert,
  type PresenceEventRow,
  presenceEventsInsert,
} from '../store/events/presence-events.ts';
import { namesKeptForMs } from '../store/privacy/retention-kinds.ts';
import { digest } from '../store/values/digest.ts';
import type { EventKind } from './batch.ts';
import { shortenedFault } from './cards.ts';
import { classifyNode, locationTypeFault } from './event-node.ts';
import { classifyNamedUser } from './event-user.ts';
import { isRefusal, type Refusal, refuse } from './refusal-causes.ts';
import { textsFault, timestampFault } from './values.ts';

export const PRESENCE_EVENTS_PER_CALL = 100;

export const PresenceEvent = Type.Object({
  eventId: Type.String({ description: 'any text; echoed' }),
  timestamp: Type.String({ description: 'ISO 8601; UTC without an offset; may be in the past' }),
  locationId: Type.String({ description: 'id of a node of the tree' }),
  locationType: Type.String({ description: `kind of that node: ${NODE_KINDS.join(', ')}` }),
  userId: Maybe(Type.String()),
  userEmail: Maybe(Type.String({ description: 'case sensitive: exact e-mail, else exact userName' })),
  sourceUserId: Maybe(
    Type.String({
      description:
        "the source's own id of the person; without userId and userEmail, scan data or number of an access card",
    }),
  ),
});
export type PresenceEvent = Static<typeof PresenceEvent>;

export const PresenceSubmission = Type.Object({
  sourceId: Type.String({ description: 'any text; kept for troubleshooting' }),
  presenceEvents: Type.Array(PresenceEvent, { maxItems: PRESENCE_EVENTS_PER_CALL }),
});
export type PresenceSubmission = Static<typeof PresenceSubmission>;

/** An event as it is stored, and whether it is at a desk that presence books. */
interface ClassifiedPresence extends PresenceEventRow {
  booksDesk: boolean;
}

/** How presence events are looked up, classified and written. */
export const presence: EventKind<PresenceEvent, ClassifiedPresence> = {
  endpoint: 'presence',
  retention: 'attendance',

  fault({ event, sourceId, nowMs, observedAtUs }) {
    const { eventId, timestamp, locationId, locationType, userId, userEmail, sourceUserId } = event;
    return (
      textsFault({
        sourceId,
        eventId,
        timestamp,
        locationId,
        locationType,
        userId,
        userEmail,
        sourceUserId,
      }) ??
      locationTypeFault(locationType) ??
      timestampFault(observedAtUs, nowMs)
    );
  },

  identifiers: (event) => ({
    userIds: event.userId == null ? [] : [event.userId],
    names: event.userEmail == null ? [] : [event.userEmail],
    cards: isByCard(event) && event.sourceUserId ? [event.sourceUserId] : [],
    nodeIds: [event.locationId],
  }),

  classify(event, context) {
    const { sourceId, observedAtUs, receivedAtMs, resolved } = context;
    const user = classifyUser(event, resolved);
    if (isRefusal(user)) return user;
    const node = classifyNode(event, context);
    if (isRefusal(node)) return node;
    return {
      observedAtUs,
      eventDigest: digest([sourceId, event.eventId, user.userId, node.nodeId, String(observedAtUs)]),
      userId: user.userId,
      locationId: node.locationId,
      nodeId: node.nodeId,
      eventId: event.eventId,
      sourceId,
      receivedAtMs,
      sourceUserId: event.sourceUserId ?? null,
      booksDesk: node.kind === 'place' && node.deskPresence === 'book',
    };
  },

  table: 'presence_events',
  insert: presenceEventsInsert,
  late: { afterMs: namesKeptForMs('names'), insert: latePresenceInsert },

  async afterCommit({ caller, rows }, { desks }) {
    const atDesks = rows.filter(({ booksDesk }) => booksDesk);
    if (atDesks.length > 0) await desks.book(caller, atDesks);
  },
};

/** Whether only `sourceUserId` can name the user. It may then be the number or scan data of a card. */
function isByCard({ userId, userEmail }: PresenceEvent): boolean {
  return userId == null && userEmail == null;
}

function classifyUser(event: PresenceEvent, resolved: Resolved): UserIdentity | Refusal {
  const named = classifyNamedUser(
    [
      { member: 'userId', text: event.userId, find: (userId) => resolved.userById(userId) },
      { member: 'userEmail', text: event.userEmail, find: (name) => resolved.userByName(name) },
    ],
    'no active user matches exactly',
  );
  return named ?? classifyCard(event.sourceUserId, resolved);
}

function classifyCard(sourceUserId: string | null | undefined, resolved: Resolved): UserIdentity | Refusal {
  if (!sourceUserId) return refuse('noUser', 'userId, userEmail and sourceUserId are all absent');
  const [holder, other] = resolved.cardHolders(sourceUserId);
  if (!holder) {
    const shortened = shortenedFault(sourceUserId);
    return refuse(
      shortened ? 'shortenedCard' : 'unknownCard',
      'sourceUserId is no active access credential of an active user; userId and userEmail are not given' +
        (shortened ? `; it ${shortened}` : ''),
    );
  }
  if (other) {
    return refuse('ambiguousCard', 'sourceUserId is ambiguous: access credentials of several people match');
  }
  return holder;
}
