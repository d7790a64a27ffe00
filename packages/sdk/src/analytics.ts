import type { CallOptions } from './options.ts';
import type { Query, Transport } from './request.ts';
import { Rows, readRows } from './rows.ts';
import type {
  ChangeLogRow,
  DeskRow,
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
  users(options?: CallOptions): Rows<UserRow> {
    return this.#all('users', options);
  }

  /** Groups, retired ones included. */
  groups(options?: CallOptions): Rows<GroupRow> {
    return this.#all('groups', options);
  }

  /** Offices. */
  locations(options?: CallOptions): Rows<LocationRow> {
    return this.#all('locations', options);
  }

  /** Desks, with the zone, the level and the office that they are in. */
  desks(options?: CallOptions): Rows<DeskRow> {
    return this.#all('desks', options);
  }

  /** Rooms and other spaces, with the level and the office that they are in. */
  spaces(options?: CallOptions): Rows<SpaceRow> {
    return this.#all('spaces', options);
  }

  /** Plans, bookings, and whether people came, by the offices' days; of one office with `locationId`. */
  userBookingAttendance(
    range: Range<'GET /v1/analytics/user-booking-attendance'>,
    options?: CallOptions,
  ): Rows<UserBookingAttendanceRow> {
    return this.#ranged('user-booking-attendance', range, options);
  }

  /** Presence events, by the offices' days; below `locationIds`, of `userIds`. */
  presence(range: Range<'GET /v1/analytics/presence'>, options?: CallOptions): Rows<PresenceRow> {
    return this.#ranged('presence', range, options);
  }

  /** Changes of plans and bookings, by the UTC dates on which they were made; of `userIds`. */
  changeLog(range: Range<'GET /v1/analytics/change-log/user'>, options?: CallOptions): Rows<ChangeLogRow> {
    return this.#ranged('change-log/user', range, options);
  }

  /** Occupancy events, by the offices' days; below `locationIds`. */
  occupancy(range: Range<'GET /v1/analytics/occupancy'>, options?: CallOptions): Rows<OccupancyRow> {
    return this.#ranged('occupancy', range, options);
  }

  /** Arrivals of visitors, by the offices' days; below `locationIds`. */
  visitors(range: Range<'GET /v1/analytics/visitors'>, options?: CallOptions): Rows<VisitorRow> {
    return this.#ranged('visitors', range, options);
  }

  /**
   * Attendance and utilisation, by office, level, zone or group and by day, week or month; `docs/metrics.md` has the
   * formulas. One call for the whole range, of 366 days at most, since a period that is cut is another one.
   */
  metrics(range: Range<'GET /v1/analytics/metrics'>, options: CallOptions = {}): Rows<MetricsRow> {
    const request = { method: 'GET', path: '/v1/analytics/metrics', query: range as Query };
    return new Rows((whole) => readRows<MetricsRow>(this.#transport, request, options, whole));
  }

  /** How occupied rooms and other places were, by the hours of their office's clock; below `locationIds`. */
  occupancyMetrics(
    range: Range<'GET /v1/analytics/metrics/occupancy'>,
    options?: CallOptions,
  ): Rows<OccupancyMetricsRow> {
    return this.#ranged('metrics/occupancy', range, options);
  }

  #all<T>(dataset: string, options: CallOptions = {}): Rows<T> {
    const request = { method: 'GET', path: `/v1/analytics/${dataset}` };
    return new Rows((whole) => readRows<T>(this.#transport, request, options, whole));
  }

  #ranged<T>(dataset: string, range: Window & object, options: CallOptions = {}): Rows<T> {
    return rangedRows<T>(this.#transport, `/v1/analytics/${dataset}`, range, options);
  }
}

/** The rows of a path that takes `startDate` and `endDate`, window after window. */
export function rangedRows<T>(
  transport: Transport,
  path: string,
  range: Window & object,
  options: CallOptions = {},
): Rows<T> {
  const { startDate, endDate, ...filters } = range as Window & Query;
  return new Rows(async function* (whole) {
    for (const window of windowsOf({ startDate, endDate })) {
      const request = { method: 'GET', path, query: { ...filters, ...window } };
      yield* readRows<T>(transport, request, options, whole);
    }
  });
}
