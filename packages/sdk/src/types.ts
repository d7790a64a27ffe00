import type { Operations } from './types.gen.ts';

type Body<Key extends keyof Operations> = Operations[Key] extends { body: infer B } ? B : never;
type QueryOf<Key extends keyof Operations> = Operations[Key] extends { query: infer Q } ? Q : never;
type Row<Key extends keyof Operations> = Operations[Key]['reply'] extends Array<infer R> ? R : never;

/** An instant or a day: text as the contract has it, or a `Date`, which is sent as an ISO instant. */
export type DateLike = string | Date;

/** What is sent, where a `Date` does in place of text. */
type Dated<T> = {
  [Name in keyof T]: Name extends 'timestamp' | 'startDate' | 'endDate' | 'day' | 'applyFrom'
    ? T[Name] | Date
    : T[Name];
};

/** A query, where a list does in place of text with commas. */
type Listed<T> = {
  [Name in keyof T]: Name extends 'locationIds' | 'userIds' ? T[Name] | readonly string[] : T[Name];
};

export type PresenceEvent = Dated<Body<'POST /v1/presence'>['presenceEvents'][number]>;
export type OccupancyEvent = Dated<Body<'POST /v1/occupancy'>['occupancyEvents'][number]>;
export type TimeOffEvent = Dated<Body<'POST /v1/timeoff'>['timeOffEvents'][number]>;
export type VisitorArrival = Dated<Body<'POST /v1/visitor-arrival'>['visitorArrivals'][number]>;
export type AccessCredentialUpdate = Body<'POST /v1/access-credentials'>['data'][number];
export type GroupRelationship =
  Body<'PUT /v1/directory-management/group-relationships'>['groupRelationships'][number];
export type UserAttributes = Body<'POST /v1/directory-management/user-attributes'>['userAttributes'][number];

/** Of one event: `resultCode` 0 stored, 1 user not found, 2 location not found, 3 the event is not acceptable. */
export type EventResult = Operations['POST /v1/presence']['reply']['results'][number];
export type AccessCredentialResult = Exclude<Operations['POST /v1/access-credentials']['reply'], unknown[]>;
export type UserAttributesResult =
  Operations['POST /v1/directory-management/user-attributes']['reply']['results'][number];
export type GroupRelationshipsReply = Operations['PUT /v1/directory-management/group-relationships']['reply'];

export type UserRow = Row<'GET /v1/analytics/users'>;
export type GroupRow = Row<'GET /v1/analytics/groups'>;
export type LocationRow = Row<'GET /v1/analytics/locations'>;
export type DeskRow = Row<'GET /v1/analytics/desks'>;
export type SpaceRow = Row<'GET /v1/analytics/spaces'>;
export type UserBookingAttendanceRow = Row<'GET /v1/analytics/user-booking-attendance'>;
export type PresenceRow = Row<'GET /v1/analytics/presence'>;
export type ChangeLogRow = Row<'GET /v1/analytics/change-log/user'>;
export type OccupancyRow = Row<'GET /v1/analytics/occupancy'>;
export type VisitorRow = Row<'GET /v1/analytics/visitors'>;

/** `startDate` and `endDate` are days, both included: `YYYY-MM-DD`, `YYYYMMDD`, or an instant, of which the UTC date counts. */
export type Range<Key extends keyof Operations> = Listed<Dated<QueryOf<Key>>>;

/** A page's filter, without what turns pages. */
export type Filter<Key extends keyof Operations> = Omit<Dated<QueryOf<Key>>, 'limit' | 'after'>;

/** One item of a body `{items}`. */
export type Item<Key extends keyof Operations> =
  Body<Key> extends { items: Array<infer I> } ? Dated<I> : never;

/** One thing of a reply `{items}`. */
export type Listing<Key extends keyof Operations> = Operations[Key]['reply'] extends { items: Array<infer I> }
  ? I
  : never;

/** One result of a reply `{results}`. */
export type Result<Key extends keyof Operations> = Operations[Key]['reply'] extends {
  results: Array<infer R>;
}
  ? R
  : never;

/** The body of an operation. */
export type Change<Key extends keyof Operations> = Dated<Body<Key>>;

/** The reply of an operation. */
export type Reply<Key extends keyof Operations> = Operations[Key]['reply'];
