import type { Operations } from './types.gen.ts';

type Body<Key extends keyof Operations> = Operations[Key] extends { body: infer B } ? B : never;
type QueryOf<Key extends keyof Operations> = Operations[Key] extends { query: infer Q } ? Q : never;
type Row<Key extends keyof Operations> = Operations[Key]['reply'] extends Array<infer R> ? R : never;
type AttendanceOrDeleted = Row<'GET /v1/analytics/user-booking-attendance'>;

/**
 * An instant or a day. It is text as the API defines it, or a `Date`, which the client sends as an ISO 8601
 * instant.
 */
export type DateLike = string | Date;

/** A request value in which some members may be a `Date` instead of text. */
type Dated<T> = {
  [Name in keyof T]: Name extends 'timestamp' | 'startDate' | 'endDate' | 'day' | 'applyFrom'
    ? T[Name] | Date
    : T[Name];
};

/** A query in which some members may be a list instead of text with commas. */
type Listed<T> = {
  [Name in keyof T]: Name extends 'locationIds' | 'userIds' | 'groupIds'
    ? T[Name] | readonly string[]
    : T[Name];
};

/** A user was detected at a node. `userId`, `userEmail` (case sensitive) or `sourceUserId` names the user. */
export type PresenceEvent = Dated<Body<'POST /v1/presence'>['presenceEvents'][number]>;
/**
 * How many people are at a node: `occupancy` is their number, `occupied` says whether there are any. Send one
 * or both.
 */
export type OccupancyEvent = Dated<Body<'POST /v1/occupancy'>['occupancyEvents'][number]>;
/** Leave of a user, `scheduled` or `cancelled`, from `startDate` to `endDate`. Both days are included. */
export type TimeOffEvent = Dated<Body<'POST /v1/timeoff'>['timeOffEvents'][number]>;
/** A visitor came to an office. `hostUserId` or `hostUserEmail` may name the host. */
export type VisitorArrival = Dated<Body<'POST /v1/visitor-arrival'>['visitorArrivals'][number]>;
/** Cards of the user `username`. Cards that the update does not name stay as they are. */
export type AccessCredentialUpdate = Body<'POST /v1/access-credentials'>['data'][number];
/** A group and its parent. The parent of a top-level group is null. */
export type GroupRelationship =
  Body<'PUT /v1/directory-management/group-relationships'>['groupRelationships'][number];
/**
 * Attributes of the user `userName`. Null removes an attribute; attributes that are not named stay as they
 * are.
 */
export type UserAttributes = Body<'POST /v1/directory-management/user-attributes'>['userAttributes'][number];

/**
 * The result of an event. `resultCode`: 0 stored, 1 user not found, 2 location not found, 3 event not
 * acceptable.
 */
export type EventResult = Operations['POST /v1/presence']['reply']['results'][number];
/**
 * The result of an update: `OK`, `PARTIAL_UPDATE`, `CARD_UPDATE_FAILED` or `USER_NOT_FOUND`. `results` has
 * each card.
 */
export type AccessCredentialResult = Exclude<Operations['POST /v1/access-credentials']['reply'], unknown[]>;
/** The result of one user. `resultCode` 0 means stored. Otherwise `message` has the reason. */
export type UserAttributesResult =
  Operations['POST /v1/directory-management/user-attributes']['reply']['results'][number];
/** The number of relationships after the call. */
export type GroupRelationshipsReply = Operations['PUT /v1/directory-management/group-relationships']['reply'];

type LiveRow<K extends keyof Operations> = Exclude<Row<K>, { deleted: true }>;
type ChangedRow<K extends keyof Operations> =
  | (LiveRow<K> & { deleted?: undefined })
  | Extract<Row<K>, { deleted: true }>;

/** A user. */
export type UserRow = LiveRow<'GET /v1/analytics/users'>;
/** A change of users: a row, or the key of a user who was erased. `deleted` tells them apart. */
export type ChangedUser = ChangedRow<'GET /v1/analytics/users'>;
/** A group. */
export type GroupRow = Row<'GET /v1/analytics/groups'>;
/** An office. */
export type LocationRow = Row<'GET /v1/analytics/locations'>;
/** A desk, with its zone, level and office. */
export type DeskRow = Row<'GET /v1/analytics/desks'>;
/** A room or booth, with its level and office. `capacity` is a number of people. */
export type SpaceRow = Row<'GET /v1/analytics/spaces'>;
/** The plan and booking of a user on a day, and the attendance. */
export type UserBookingAttendanceRow = Exclude<AttendanceOrDeleted, { deleted: true }>;
/** The key of a deleted row of attendance. An absent `attendanceLocationId` counts as a value of the key. */
export type DeletedUserBookingAttendance = Exclude<
  Extract<AttendanceOrDeleted, { deleted: true }>,
  RemovedDays
>;
/**
 * All rows of these days were removed, both days included, because their retention has ended. Changes begin with such rows:
 * delete the days before you store the rows that follow.
 */
export type RemovedDays = Extract<AttendanceOrDeleted, { removedFrom: string }>;
/** A change of rows that end by day only: a row, or days that were removed. `deleted` tells them apart. */
export type Changed<T> = (T & { deleted?: undefined }) | RemovedDays;
/** A change of attendance: a row, the key of a deleted row, or days that were removed. `deleted` tells rows from the others. */
export type ChangedUserBookingAttendance = Changed<UserBookingAttendanceRow> | DeletedUserBookingAttendance;
/** A presence event. `timestamp` is an instant in UTC; `day` is the local day of the office. */
export type PresenceRow = LiveRow<'GET /v1/analytics/presence'>;
/** A change of presence: a row, or the key of a row that has another user now. `deleted` tells them apart. */
export type ChangedPresence = ChangedRow<'GET /v1/analytics/presence'>;
/** A change of a plan or a booking. `before` and `after` have the values that changed. */
export type ChangeLogRow = LiveRow<'GET /v1/analytics/change-log/user'>;
/**
 * A change of the log: a row or, with `userIds`, the key of a row that has another user now. `deleted` tells them apart.
 */
export type ChangedChangeLog = ChangedRow<'GET /v1/analytics/change-log/user'>;
/** An occupancy event. `occupancy` is a number of people. */
export type OccupancyRow = Exclude<Row<'GET /v1/analytics/occupancy'>, { deleted: true }>;
/**
 * Attendance and utilisation of the organisation, an office, level, zone or group over a period. A ratio with the
 * divisor 0 is null.
 */
export type MetricsRow = Row<'GET /v1/analytics/metrics'>;
/** The metrics of a unit over a period, beside those of the period before. */
export type ComparisonMetricsRow = Row<'GET /v1/analytics/metrics/comparison'>;
/** The number of different people who came to a unit over a period. */
export type PeopleMetricsRow = Row<'GET /v1/analytics/metrics/people'>;
/** How many people came to a unit on so many days of a week. */
export type DaysPerWeekMetricsRow = Row<'GET /v1/analytics/metrics/days-per-week'>;
/** The metrics of a unit on one weekday of a period. */
export type WeekdayMetricsRow = Row<'GET /v1/analytics/metrics/weekdays'>;
/** How many people arrived at a unit, and left it, in one hour of the office's local time. */
export type ArrivalMetricsRow = Row<'GET /v1/analytics/metrics/arrivals'>;
/** How many minutes people stayed at a unit. */
export type DwellMetricsRow = Row<'GET /v1/analytics/metrics/dwell'>;
/** On how many days of a period a desk or zone was used and booked. */
export type UsageMetricsRow = Row<'GET /v1/analytics/metrics/usage'>;
/** Occupancy of a node in one hour of its office's local time. Averages are numbers of people. */
export type OccupancyMetricsRow = Row<'GET /v1/analytics/metrics/occupancy'>;
/** An entry of the audit trail. */
export type AuditRow = Row<'GET /v1/analytics/audit'>;
/** A visitor arrival. */
export type VisitorRow = Exclude<Row<'GET /v1/analytics/visitors'>, { deleted: true }>;

/**
 * `startDate` and `endDate` are days; both are included. A day is `YYYY-MM-DD`, `YYYYMMDD` or an instant. The date
 * of an instant counts as it is written. The date of a `Date` counts in UTC.
 */
export type Range<Key extends keyof Operations> = Listed<Filters<Key>> & Days;

interface Days {
  startDate: DateLike;
  endDate: DateLike;
}

type Filters<Key extends keyof Operations> = Omit<
  QueryOf<Key>,
  'startDate' | 'endDate' | 'changedSince' | 'limit' | 'after' | 'format'
>;

/** The name of a dataset: the part of its path after `/v1/analytics/`. */
export type Dataset = DatasetOf<keyof Operations>;
type DatasetOf<Key> = Key extends `GET /v1/analytics/${infer D}`
  ? D extends `${string}/basic`
    ? never
    : D
  : never;

/** A format of files. */
export type FileFormat = 'csv' | 'parquet' | 'ndjson' | 'json';

/** The parameters of a dataset, without the format. */
export type FileQuery<D extends Dataset> = Omit<QueryOf<`GET /v1/analytics/${D}`>, 'format'>;

/** Options of every export, besides its filters. */
export interface Increment {
  /**
   * The `cursor` of an earlier export of any dataset. The server then sends only rows that are new or changed
   * since; a few unchanged rows may be among them. A row replaces the rows with the same key. Only Rollcall
   * supports this.
   */
  changedSince?: string | undefined;
  /**
   * The number of rows of a page, 1 to 10,000. The client requests all pages, and sends the request of a page
   * again if the answer breaks off. By default, and on servers without pages, all rows come in one answer.
   */
  limit?: number | undefined;
}

/**
 * The days of a `Range`, and filters. With `changedSince` you may leave out the days: the rows are then the
 * changes of all days.
 */
export type ExportRange<Key extends keyof Operations> = Listed<Filters<Key>> &
  Increment &
  (Days | { changedSince: string; startDate?: undefined; endDate?: undefined });

/** The filters of a list, without the paging parameters. */
export type Filter<Key extends keyof Operations> = Omit<Dated<QueryOf<Key>>, 'limit' | 'after'>;

/** One item of a body `{items}`. */
export type Item<Key extends keyof Operations> =
  Body<Key> extends { items: Array<infer I> } ? Dated<I> : never;

/** One item of a reply `{items}`. */
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

/** Selects one page of a list. */
export interface PageWindow {
  /** Items of the page, 1 to 1,000; by default 100. */
  limit?: number | undefined;
  /** `next` of the previous page. On the last page, `next` is null. */
  after?: string | undefined;
}

/** A kind of CSV file that can be imported: the last part of its path. */
export type ImportKind = keyof Operations extends infer Key
  ? Key extends `POST /v1/manage/imports/${infer Kind}`
    ? Kind
    : never
  : never;

/** What the import of a CSV file changed, or would change. */
export type ImportReport = Reply<'POST /v1/manage/imports/locations'>;

/** What a change does to bookings: how many become bookings of the office, are removed, or are made, and on which days. */
export type BookingEffects = Reply<'POST /v1/manage/desks/{deskId}/effects'>;

/** A row with its version, an opaque text. */
export type Versioned<Row> = { row: Row; version: string };
