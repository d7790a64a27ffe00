import { type Static, Type } from 'typebox';
import { REFUSED_EVENT_STATES } from '../store/events/refused-event-lists.ts';
import { RETRY_OBSTACLES } from '../store/events/refused-events.ts';
import { CAUSES } from './refusal-causes.ts';
import { ENDPOINTS } from './retried-kinds.ts';
import { MOST_RETRIED } from './retry.ts';

const Cause = Type.Union([Type.Enum(CAUSES), Type.Null()], {
  description: 'stable name of the cause; null if an earlier release kept the event',
});
const NullableText = Type.Union([Type.String(), Type.Null()]);
const Instant = Type.String({ format: 'date-time' });

export const RefusedEventView = Type.Object({
  refusalId: Type.String(),
  refusedAt: Instant,
  endpoint: Type.String({ description: `the last part of the path: ${ENDPOINTS.join(', ')}` }),
  apiKey: Type.String({ description: 'id of the key that sent it, or the e-mail address of the account' }),
  sourceId: NullableText,
  eventId: NullableText,
  resultCode: Type.Union([Type.Integer(), Type.Null()], {
    description: 'the code that the sender received; null where the whole request was malformed',
  }),
  cause: Cause,
  reason: Type.String(),
  event: Type.Union([Type.String(), Type.Null()], {
    description: 'the event as it was sent, as JSON text; truncated if it has more than 16 KiB',
  }),
  obstacle: Type.Union([Type.Enum(RETRY_OBSTACLES), Type.Null()], {
    description: 'why the server cannot try the event again; null if it can',
  }),
  triedAt: Type.Union([Instant, Type.Null()], { description: 'the last try' }),
  triedBy: Type.Union([Type.String(), Type.Null()], {
    description: 'the key or the account that asked for the last try',
  }),
  mended: Type.Boolean({ description: 'the last try stored the event' }),
});

const COUNTS = { count: Type.Integer(), firstRefusedAt: Instant, lastRefusedAt: Instant };

export const RefusalReasonRow = Type.Object({
  endpoint: Type.String(),
  resultCode: Type.Union([Type.Integer(), Type.Null()]),
  cause: Cause,
  reason: Type.String(),
  ...COUNTS,
  lastSourceId: NullableText,
  lastEventId: NullableText,
});

export const RefusalCauseRow = Type.Object({
  cause: Cause,
  endpoints: Type.Array(Type.String()),
  ...COUNTS,
  retriable: Type.Integer({ description: 'how many of them the server can try again' }),
  lastReason: Type.String(),
});

export const FILTER = {
  since: Type.Optional(
    Type.String({ description: 'only what was refused at this ISO 8601 instant or later' }),
  ),
  refusalId: Type.Optional(Type.String({ description: 'only this one' })),
  endpoint: Type.Optional(Type.String({ enum: [...ENDPOINTS] })),
  sourceId: Type.Optional(Type.String()),
  cause: Type.Optional(Type.String({ enum: CAUSES })),
  reason: Type.Optional(Type.String({ description: 'exactly this reason' })),
};
export const STATE = {
  state: Type.Optional(
    Type.String({
      enum: [...REFUSED_EVENT_STATES],
      description: 'open: what is not mended yet, the default; mended: what a later try stored',
    }),
  ),
};
/** The query parameters that select refused events. */
export type FilterQuery = Static<ReturnType<typeof Type.Object<typeof FILTER & typeof STATE>>>;

export const RetryRequest = Type.Object({
  ...FILTER,
  limit: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: MOST_RETRIED,
      description: `events to try; by default ${MOST_RETRIED}`,
    }),
  ),
  after: Type.Optional(Type.String({ description: '`next` of the previous step' })),
});

export const RetryReply = Type.Object({
  mended: Type.Integer({ description: 'events that are stored now' }),
  refused: Type.Integer({ description: 'events that were refused again' }),
  skipped: Type.Integer({ description: 'events that the server did not try' }),
  remaining: Type.Integer({ description: 'events that the next steps try' }),
  next: Type.Union([Type.String(), Type.Null()], {
    description: '`after` of the next step; null after the last',
  }),
  results: Type.Array(
    Type.Object({
      refusalId: Type.String(),
      eventId: NullableText,
      result: Type.Enum(['mended', 'refused', 'skipped']),
      cause: Cause,
      reason: Type.Union([Type.String(), Type.Null()], {
        description: 'why the event was refused again, or not tried; null for a mended event',
      }),
    }),
    { description: 'one for each event of this step, the oldest event first' },
  ),
});
