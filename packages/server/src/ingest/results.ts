import type { Static } from 'typebox';
import { Type } from 'typebox';
import { isRefusal, RESULT } from './refusal-causes.ts';

export const EventResult = Type.Object({
  eventId: Type.String(),
  resultCode: Type.Integer({
    description:
      '0 stored (a repeat included), 1 user not found, 2 location not found, 3 the event is not acceptable',
  }),
  message: Type.String(),
});
export type EventResult = Static<typeof EventResult>;

/** The result of an event that is stored as a row of its own. */
export const StoredEventResult = Type.Object({
  ...EventResult.properties,
  isNew: Type.Optional(
    Type.Boolean({
      description:
        'only for a stored event, and only with the header "Prefer: tell-new": true if this request stored it, false if it was stored before',
    }),
  ),
});
export type StoredEventResult = Static<typeof StoredEventResult>;

/** The result of an event: its refusal, or success if the event is stored. */
export function toResult(eventId: string, outcome: object | undefined): EventResult {
  return isRefusal(outcome)
    ? { eventId, resultCode: outcome.resultCode, message: outcome.message }
    : { eventId, resultCode: RESULT.stored, message: 'Success' };
}

export const SubmissionReply = Type.Object({
  sourceId: Type.String(),
  timestamp: Type.String({ format: 'date-time', description: "the server's time" }),
  results: Type.Array(StoredEventResult, { description: 'one per event, in the order of the request' }),
});
export type SubmissionReply = Static<typeof SubmissionReply>;

/** The preference (RFC 7240) by which a client asks for `isNew`. Other clients do not receive the member. */
const TELL_NEW = 'tell-new';

export const SubmissionHeaders = Type.Object({
  prefer: Type.Optional(
    Type.String({
      description: `${TELL_NEW}: results distinguish new events from events that were stored before`,
    }),
  ),
});

/**
 * Whether a `Prefer` header asks for `isNew`. The names of preferences are case-insensitive, and parameters may
 * follow.
 */
export function prefersNew(prefer: string | undefined): boolean {
  if (prefer === undefined) return false;
  return prefer.split(',').some((each) => each.split(';', 1)[0]?.trim().toLowerCase() === TELL_NEW);
}
