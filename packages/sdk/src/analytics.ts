import type { CallOptions, ExportOptions } from './options.ts';
import type { Query, Transport } from './request.ts';
import { ExportRows, Rows, readRows } from './rows.ts';
import type {
  ChangedUserBookingAttendance,
  ChangeLogRow,
  DeskRow,
  ExportRange,
  GroupRow,
  LocationRow,
  MetricsRow,
  OccupancyMetricsRow,
  OccupancyRow,
  PresenceRow,
  Range,
  SpaceRow,
  UserBookingAttendanceRow,
  UserRow,
  VisitorRow,
} from './types.ts';
import { type Window, windowsOf } from './windows.ts';

/**
 * The warehouse. Each export is walked through as it arrives, `for await (const row of …)`, or awaited, as an array.
 * Ranges may be of any length: they are asked for in windows of 30 days, one after the other.
 */
export class Analytics {
  readonly #transport: Transport;
  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Everybody, those who left included. */
  users(options?: ExportOptions): ExportRows<UserRow> {
    return this.#all('users', options);
  }

  /** Groups, retired ones included. */
  groups(options?: ExportOptions): ExportRows<GroupRow> {
    return this.#all('groups', options);
  }

  /** Offices. */
  locations(options?: ExportOptions): ExportRows<LocationRow> {
    return this.#all('locations', options);
  }

  /** Desks, with the zone, the level and the office that they are in. */
  desks(options?: ExportOptions): ExportRows<DeskRow> {
    return this.#all('desks', options);
  }

  /** Rooms and other spaces, with the level and the office that they are in. */
  spaces(options?: ExportOptions): ExportRows<SpaceRow> {
    return this.#all('spaces', options);
  }

  /**
   * Plans, bookings, and whether people came, by the offices' days; of one office with `locationId`. With `changedSince`,
   * keys of rows that are gone are among them.
   */
  userBookingAttendance<R extends ExportRange<'GET /v1/analytics/user-booking-attendance'>>(
    range: R,
    options?: CallOptions,
  ): ExportRows<'changedSince' extends keyof R ? ChangedUserBookingAttendance : UserBookingAttendanceRow> {
    return this.#ranged('user-booking-attendance', range, options);
  }

  /** Presence events, by the offices' days; below `locationIds`, of `userIds`. An empty list of either is an error: it names nobody. */
  presence(range: ExportRange<'GET /v1/analytics/presence'>, options?: CallOptions): ExportRows<PresenceRow> {
    return this.#ranged('presence', range, options);
  }

  /** Changes of plans and bookings, by the UTC dates on which they were made; of `userIds`. */
  changeLog(
    range: ExportRange<'GET /v1/analytics/change-log/user'>,
    options?: CallOptions,
  ): ExportRows<ChangeLogRow> {
    return this.#ranged('change-log/user', range, options);
  }

  /** Occupancy events, by the offices' days; below `locationIds`. */
  occupancy(
    range: ExportRange<'GET /v1/analytics/occupancy'>,
    options?: CallOptions,
  ): ExportRows<OccupancyRow> {
    return this.#ranged('occupancy', range, options);
  }

  /** Arrivals of visitors, by the offices' days; below `locationIds`. */
  visitors(range: ExportRange<'GET /v1/analytics/visitors'>, options?: CallOptions): ExportRows<VisitorRow> {
    return this.#ranged('visitors', range, options);
  }

  /**
   * Attendance and utilisation, by office, level, zone or group and by day, week or month; `docs/metrics.md` has the
   * formulas. One call for the whole range, of 366 days at most, since a period that is cut is another one.
   */
  metrics(range: Range<'GET /v1/analytics/metrics'>, options: CallOptions = {}): Rows<MetricsRow> {
    const request = { method: 'GET', path: '/v1/analytics/metrics', query: { ...range } };
    return new Rows((whole) => readRows<MetricsRow>(this.#transport, request, options, whole));
  }

  /** How occupied rooms and other places were, by the hours of their office's clock; below `locationIds`. */
  occupancyMetrics(
    range: Range<'GET /v1/analytics/metrics/occupancy'>,
    options?: CallOptions,
  ): Rows<OccupancyMetricsRow> {
    return rangedRows(this.#transport, '/v1/analytics/metrics/occupancy', range, options);
  }

  #all<T>(dataset: string, options: ExportOptions = {}): ExportRows<T> {
    const { changedSince, limit, ...call } = options;
    return this.#export<T>(dataset, [{ changedSince, limit }], call);
  }

  #ranged<T>(dataset: string, range: object, options?: CallOptions): ExportRows<T> {
    return this.#export<T>(dataset, queriesOf(range), options);
  }

  #export<T>(dataset: string, queries: Query[], options: CallOptions = {}): ExportRows<T> {
    const seen: { cursor?: string | undefined } = {};
    const path = `/v1/analytics/${dataset}`;
    return new ExportRows<T>(
      (whole) => readAll<T>(this.#transport, path, queries, options, whole, seen),
      seen,
    );
  }
}

/** The rows of a path that takes `startDate` and `endDate`, window after window. */
export function rangedRows<T>(
  transport: Transport,
  path: string,
  range: object,
  options: CallOptions = {},
): Rows<T> {
  return new Rows((whole) => readAll<T>(transport, path, queriesOf(range), options, whole));
}

/** A query for each window. */
function queriesOf(range: object): Query[] {
  const { startDate, endDate, ...filters } = range as Window & Query;
  return windowsOf({ startDate, endDate }).map((window) => ({ ...filters, ...window }));
}

/** The rows of all queries, one after the other; at their end, the cursor of the first answer. */
async function* readAll<T>(
  transport: Transport,
  path: string,
  queries: Query[],
  options: CallOptions,
  whole: boolean,
  seen: { cursor?: string | undefined } = {},
): AsyncGenerator<T[], void, undefined> {
  const cursors: (string | undefined)[] = [];
  for (const query of queries) {
    const request = { method: 'GET', path, query };
    yield* readRows<T>(transport, request, options, whole, (cursor) => cursors.push(cursor));
  }
  seen.cursor = cursors[0];
}
