import {
  type Category,
  DELETED,
  DERIVED,
  isOneOf,
  NODE_NAMES,
  nodeOf,
  OF_OTHERS,
  ofPersonOrPseudonyms,
  PSEUDONYM,
  READERS_OF_DATASETS,
  type Seers,
  settable,
  settableWithNames,
} from './category.ts';

const SEERS_OF_REFUSED: Seers = { people: ['administrator', 'integrations'], keys: ['all'] };
const REFUSED_KEPT_FOR =
  '30 days at most (`refusedEvents`), and the newest 10,000 of the organisation (`--refused-events-kept`)';

/** What all kinds of events have in common. */
const EVENT = {
  observed_at: 'timestamp',
  day: 'day',
  location_id: 'locationId',
  node_id: 'nodeId',
  event_id: 'eventId',
  source_id: 'sourceId',
  received_at: 'receivedAt',
};

/** The category whose rows `privacy/refused-events.ts` selects: SQL cannot read all texts that are kept. */
export const REFUSED_EVENTS = 'refused-events';

export const VISITS: Category = {
  name: 'visits',
  title: "arrivals as a visitor with one of the person's e-mail addresses",
  table: 'visitor_arrivals',
  purpose: 'to count visitors, and to tell whom a visitor comes to',
  source: 'the system that `sourceId` names',
  ...settableWithNames('visitors', 'visitorNames'),
  erasure:
    'name, e-mail address and company are removed, also where the name or the company names the person',
  seenBy: READERS_OF_DATASETS,
  from: `JOIN visitor_arrivals AS t ON t.tenant_id = person.tenant_id AND ${isOneOf('t.visitor_email', 'addresses')}
    ${nodeOf('node_id')}`,
  columns: {
    ...EVENT,
    visitor_name: 'visitorName',
    visitor_email: 'visitorEmail',
    visitor_company: 'visitorCompany',
  },
  joined: NODE_NAMES,
  leftOut: { event_digest: DERIVED, host_user_id: OF_OTHERS },
  order: 't.observed_at, t.event_digest',
};

export const REFUSED: Category = {
  name: REFUSED_EVENTS,
  title: 'refused events that name the person',
  table: 'refused_events',
  purpose: 'to show the sender of an event why it was refused, and to try it again',
  source: 'the system that `sourceId` names',
  keptFor: REFUSED_KEPT_FOR,
  erasure: DELETED,
  seenBy: SEERS_OF_REFUSED,
  from: 'JOIN refused_events AS t ON t.tenant_id = person.tenant_id AND t.event IS NOT NULL',
  columns: {
    refused_at: 'refusedAt',
    refusal_id: 'refusalId',
    endpoint: 'endpoint',
    source_id: 'sourceId',
    event_id: 'eventId',
    result_code: 'resultCode',
    cause: 'cause',
    reason: 'reason',
    event: 'event',
    obstacle: 'obstacle',
    tried_at: 'triedAt',
    mended: 'mended',
  },
  leftOut: {
    api_key_folded: 'the key or the colleague who sent it',
    sender: 'whether a key or a colleague sent it',
    tried_by: 'the key or the colleague who tried it again',
    claimed_until: 'a lock of the server',
  },
  order: 't.refused_at, t.refusal_id',
};

/** What systems sent about a person. */
export const EVENT_CATEGORIES: readonly Category[] = [
  {
    name: 'presence',
    title: 'presence events: when and where the person was detected',
    table: 'presence_events',
    purpose: 'to tell who is where, and to count attendance',
    source: 'the system that `sourceId` names',
    ...settableWithNames('attendance', 'names'),
    erasure: `${PSEUDONYM}, without the id of the source`,
    seenBy: READERS_OF_DATASETS,
    ...ofPersonOrPseudonyms('presence_events', nodeOf('node_id')),
    columns: { ...EVENT, source_user_id: 'sourceUserId' },
    joined: NODE_NAMES,
    leftOut: { event_digest: DERIVED },
    order: 't.observed_at, t.event_digest',
  },
  {
    name: 'visitors',
    title: 'arrivals of visitors whose host is the person',
    table: 'visitor_arrivals',
    purpose: 'to count visitors, and to tell whom a visitor comes to',
    source: 'the system that `sourceId` names',
    ...settable('visitors'),
    erasure: 'the host is a pseudonym',
    seenBy: READERS_OF_DATASETS,
    ...ofPersonOrPseudonyms('visitor_arrivals', nodeOf('node_id'), 'host_user_id'),
    columns: { ...EVENT, host_user_id: 'hostUserId' },
    joined: NODE_NAMES,
    leftOut: {
      event_digest: DERIVED,
      visitor_name: OF_OTHERS,
      visitor_email: OF_OTHERS,
      visitor_company: OF_OTHERS,
    },
    order: 't.observed_at, t.event_digest',
  },
  VISITS,
  REFUSED,
  {
    name: 'refused-events-sent',
    title: 'refused events that the person sent or tried again',
    table: 'refused_events',
    purpose: 'to show the sender of an event why it was refused, and to try it again',
    source: 'the server, at each refusal and each later try',
    keptFor: REFUSED_KEPT_FOR,
    erasure: 'deleted; the name is removed from later tries',
    seenBy: SEERS_OF_REFUSED,
    from: `JOIN refused_events AS t ON t.tenant_id = person.tenant_id
      AND (t.sender = 'account' AND t.api_key_folded = ANY (person.names) OR ${isOneOf('t.tried_by', 'names')})`,
    columns: {
      refused_at: 'refusedAt',
      refusal_id: 'refusalId',
      endpoint: 'endpoint',
      tried_at: 'triedAt',
    },
    joined: {
      sentBy:
        "CASE WHEN t.sender = 'account' AND t.api_key_folded = ANY (person.names) THEN t.api_key_folded END",
      triedBy: `CASE WHEN ${isOneOf('t.tried_by', 'names')} THEN t.tried_by END`,
    },
    leftOut: {
      api_key_folded: `${OF_OTHERS}, unless it names the person`,
      sender: 'whether a key or an account sent it',
      tried_by: `${OF_OTHERS}, unless it names the person`,
      source_id: OF_OTHERS,
      event_id: OF_OTHERS,
      result_code: OF_OTHERS,
      cause: OF_OTHERS,
      reason: OF_OTHERS,
      event: OF_OTHERS,
      obstacle: OF_OTHERS,
      mended: OF_OTHERS,
      claimed_until: 'a lock of the server',
    },
    order: 't.refused_at, t.refusal_id',
  },
];
