import type { Operations } from './types.gen.ts';

type Body<Key extends keyof Operations> = Operations[Key] extends { body: infer B } ? B : never;
type QueryOf<Key extends keyof Operations> = Operations[Key] extends { query: infer Q } ? Q : never;
type Row<Key extends keyof Operations> = Operations[Key]['reply'] extends Array<infer R> ? R : never;
type AttendanceOrDeleted = Row<'GET /v1/analytics/user-booking-attendance'>;

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
  [Name in keyof T]: Name extends 'locationIds' | 'userIds' | 'groupIds'
    ? T[Name] | readonly string[]
    : T[Name];
};

/** Somebody was seen: one of `userId`, `userEmail` (case sensitive) and `sourceUserId` says who. */
export type PresenceEvent = Dated<Body<'POST /v1/presence'>['presenceEvents'][number]>;
/** How many people a place holds: `occupied`, or `occupancy` in people from 0, or both. */
export type OccupancyEvent = Dated<Body<'POST /v1/occupancy'>['occupancyEvents'][number]>;
/** Leave of a person, `scheduled` or `cancelled`, from `startDate` to `endDate`, both included. */
export type TimeOffEvent = Dated<Body<'POST /v1/timeoff'>['timeOffEvents'][number]>;
/** A visitor came, to `hostUserId` or `hostUserEmail`. */
export type VisitorArrival = Dated<Body<'POST /v1/visitor-arrival'>['visitorArrivals'][number]>;
/** Cards of the person `username`; cards that are not named stay as they are. */
export type AccessCredentialUpdate = Body<'POST /v1/access-credentials'>['data'][number];
/** A group and its parent, which is null for one at the top. */
export type GroupRelationship =
  Body<'PUT /v1/directory-management/group-relationships'>['groupRelationships'][number];
/** Attributes of the person `userName`; null removes one, what is not named stays. */
export type UserAttributes = Body<'POST /v1/directory-management/user-attributes'>['userAttributes'][number];

/** Of one event: `resultCode` 0 stored, 1 user not found, 2 location not found, 3 the event is not acceptable. */
export type EventResult = Operations['POST /v1/presence']['reply']['results'][number];
/** Of one update: `OK`, `PARTIAL_UPDATE`, `CARD_UPDATE_FAILED` or `USER_NOT_FOUND`, and the result of each card. */
export type AccessCredentialResult = Exclude<Operations['POST /v1/access-credentials']['reply'], unknown[]>;
/** Of one person: `resultCode` 0 is stored, anything else is not, and `message` says why. */
export type UserAttributesResult =
  Operations['POST /v1/directory-management/user-attributes']['reply']['results'][number];
/** How many relationships there are now. */
export type GroupRelationshipsReply = Operations['PUT /v1/directory-management/group-relationships']['reply'];

/** A person. */
export type UserRow = Row<'GET /v1/analytics/users'>;
/** A group. */
export type GroupRow = Row<'GET /v1/analytics/groups'>;
/** An office. */
export type LocationRow = Row<'GET /v1/analytics/locations'>;
/** A desk, and where it is. */
export type DeskRow = Row<'GET /v1/analytics/desks'>;
/** A room or other space, and where it is; `capacity` in people. */
export type SpaceRow = Row<'GET /v1/analytics/spaces'>;
/** A person's plan and booking of a day, and what it came to. */
export type UserBookingAttendanceRow = Exclude<AttendanceOrDeleted, { deleted: true }>;
/** The key of a row of attendance that is not there any more; absent `attendanceLocationId` is a value of it. */
export type DeletedUserBookingAttendance = Extract<AttendanceOrDeleted, { deleted: true }>;
/** What attendance that has changed comes as: a row, or the key of one that is gone, which `deleted` tells. */
export type ChangedUserBookingAttendance =
  | (UserBookingAttendanceRow & { deleted?: undefined })
  | DeletedUserBookingAttendance;
/** A presence event; `timestamp` is an instant in UTC, `day` the day at the office. */
export type PresenceRow = Row<'GET /v1/analytics/presence'>;
/** A change of a plan or a booking; `before` and `after` are what changed. */
export type ChangeLogRow = Row<'GET /v1/analytics/change-log/user'>;
/** An occupancy event; `occupancy` in people. */
export type OccupancyRow = Row<'GET /v1/analytics/occupancy'>;
/** Attendance and utilisation of an office, level, zone or group over a period; what would be divided by 0 is null. */
export type MetricsRow = Row<'GET /v1/analytics/metrics'>;
/** How occupied a place was in an hour of its office's clock; averages in people. */
export type OccupancyMetricsRow = Row<'GET /v1/analytics/metrics/occupancy'>;
/** An arrival of a visitor. */
export type VisitorRow = Row<'GET /v1/analytics/visitors'>;

/** `startDate` and `endDate` are days, both included: `YYYY-MM-DD`, `YYYYMMDD`, or an instant, of which the UTC date counts. */
export type Range<Key extends keyof Operations> = Listed<Filters<Key>> & Days;

interface Days {
  startDate: DateLike;
  endDate: DateLike;
}

type Filters<Key extends keyof Operations> = Omit<
  QueryOf<Key>,
  'startDate' | 'endDate' | 'changedSince' | 'limit' | 'after' | 'format'
>;

/** What any export can be asked for beside its filters. */
export interface Increment {
  /**
   * The `cursor` of an earlier export, of any dataset: only what is new or changed since then. What comes takes the place of what has
   * the same key. On Rollcall only.
   */
  changedSince?: string | undefined;
  /**
   * Rows a page, 1 to 10,000: they come in many answers, each of which is repeated where it breaks off. All rows come
   * nevertheless. By default, and on servers without pages, they come as one stream.
   */
  limit?: number | undefined;
}

/** Days as of a `Range`, with filters; with `changedSince` also without days, which then is what has changed on any. */
export type ExportRange<Key extends keyof Operations> = Listed<Filters<Key>> &
  Increment &
  (Days | { changedSince: string; startDate?: undefined; endDate?: undefined });

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
