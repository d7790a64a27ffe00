import type { CallOptions, DownloadOptions, ExportOptions } from './options.ts';
import { type Query, readBlob, type Transport } from './request.ts';
import { ExportRows, Rows, readRows } from './rows.ts';
import type {
  ArrivalMetricsRow,
  AuditRow,
  Changed,
  ChangedChangeLog,
  ChangedPresence,
  ChangedUser,
  ChangedUserBookingAttendance,
  ChangeLogRow,
  ComparisonMetricsRow,
  Dataset,
  DaysPerWeekMetricsRow,
  DeskRow,
  DwellMetricsRow,
  ExportRange,
  FileFormat,
  FileQuery,
  GroupRow,
  LocationRow,
  MetricsRow,
  OccupancyMetricsRow,
  OccupancyRow,
  PeopleMetricsRow,
  PresenceRow,
  Range,
  SpaceRow,
  UsageMetricsRow,
  UserBookingAttendanceRow,
  UserRow,
  VisitorRow,
  WeekdayMetricsRow,
} from './types.ts';
import { type Window, windowsOf } from './windows.ts';

/** The rows of a range. Changes may have days that were removed. */
type RowsOf<R, T> = 'changedSince' extends keyof R ? Changed<T> : T;

/**
 * Exports. Iterate over the rows as they arrive, `for await (const row of …)`, or await them as an
 * array. A range may have any length, except for metrics: the client requests it in windows of 30 days, one
 * after the other.
 */
export class Analytics {
  readonly #transport: Transport;
  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /**
   * Users, including inactive and deleted users, and pseudonyms. With `changedSince`, the rows include the keys of users who
   * were erased.
   */
  users<O extends ExportOptions>(
    options?: O,
  ): ExportRows<O extends { changedSince: string } ? ChangedUser : UserRow> {
    return this.#all('users', options);
  }

  /** Groups, including inactive groups. */
  groups(options?: ExportOptions): ExportRows<GroupRow> {
    return this.#all('groups', options);
  }

  /** Offices. */
  locations(options?: ExportOptions): ExportRows<LocationRow> {
    return this.#all('locations', options);
  }

  /** Desks, with their zone, level and office. */
  desks(options?: ExportOptions): ExportRows<DeskRow> {
    return this.#all('desks', options);
  }

  /** Rooms and booths, with their level and office. */
  spaces(options?: ExportOptions): ExportRows<SpaceRow> {
    return this.#all('spaces', options);
  }

  /**
   * Attendance: plans and bookings, and whether users came. Days are local days of the office. `locationId`
   * selects one office. With `changedSince`, the rows include the keys of deleted rows, and days that were removed.
   */
  userBookingAttendance<R extends ExportRange<'GET /v1/analytics/user-booking-attendance'>>(
    range: R,
    options?: CallOptions,
  ): ExportRows<'changedSince' extends keyof R ? ChangedUserBookingAttendance : UserBookingAttendanceRow> {
    return this.#ranged('user-booking-attendance', range, options);
  }

  /**
   * Presence events. Days are local days of the office. `locationIds` selects nodes with everything below
   * them, and `userIds` selects users. The server refuses an empty list, because it selects nothing. With `changedSince`, the
   * rows include the keys of rows that have another user now: the pseudonym of a person who was erased,
   * or whose names have ended.
   */
  presence<R extends ExportRange<'GET /v1/analytics/presence'>>(
    range: R,
    options?: CallOptions,
  ): ExportRows<'changedSince' extends keyof R ? ChangedPresence : PresenceRow> {
    return this.#ranged('presence', range, options);
  }

  /** Changes of plans and bookings. Days are the UTC dates of the changes. `userIds` selects users. */
  changeLog<R extends ExportRange<'GET /v1/analytics/change-log/user'>>(
    range: R,
    options?: CallOptions,
  ): ExportRows<'changedSince' extends keyof R ? ChangedChangeLog : ChangeLogRow> {
    return this.#ranged('change-log/user', range, options);
  }

  /**
   * Occupancy events. Days are local days of the office. `locationIds` selects nodes with everything below
   * them.
   */
  occupancy<R extends ExportRange<'GET /v1/analytics/occupancy'>>(
    range: R,
    options?: CallOptions,
  ): ExportRows<RowsOf<R, OccupancyRow>> {
    return this.#ranged('occupancy', range, options);
  }

  /**
   * Visitor arrivals. Days are local days of the office. `locationIds` selects nodes with everything below
   * them.
   */
  visitors<R extends ExportRange<'GET /v1/analytics/visitors'>>(
    range: R,
    options?: CallOptions,
  ): ExportRows<RowsOf<R, VisitorRow>> {
    return this.#ranged('visitors', range, options);
  }

  /**
   * The audit trail: who did and read what. Days are UTC dates. `actions` selects actions. Only keys with all permissions and
   * administrators may read it.
   */
  audit(range: ExportRange<'GET /v1/analytics/audit'>, options?: CallOptions): ExportRows<AuditRow> {
    return this.#ranged('audit', range, options);
  }

  /**
   * Attendance and utilisation by organisation, office, level, zone or group, for each day, week or month or for the
   * whole range. `docs/metrics.md` has the formulas. The client requests the whole range in one call, because
   * windows would cut periods. A range has at most 366 days. The same holds for all metrics of attendance.
   */
  metrics(range: Range<'GET /v1/analytics/metrics'>, options?: CallOptions): Rows<MetricsRow> {
    return this.#metrics('metrics', range, options);
  }

  /** Attendance and utilisation of each period, beside the period before. */
  comparisonMetrics(
    range: Range<'GET /v1/analytics/metrics/comparison'>,
    options?: CallOptions,
  ): Rows<ComparisonMetricsRow> {
    return this.#metrics('metrics/comparison', range, options);
  }

  /** How many different people came, by unit and period. */
  peopleMetrics(
    range: Range<'GET /v1/analytics/metrics/people'>,
    options?: CallOptions,
  ): Rows<PeopleMetricsRow> {
    return this.#metrics('metrics/people', range, options);
  }

  /** On how many days of a week people came, by unit and period. */
  daysPerWeekMetrics(
    range: Range<'GET /v1/analytics/metrics/days-per-week'>,
    options?: CallOptions,
  ): Rows<DaysPerWeekMetricsRow> {
    return this.#metrics('metrics/days-per-week', range, options);
  }

  /** Attendance and utilisation by weekday. By week, the rows are a matrix of weeks and weekdays. */
  weekdayMetrics(
    range: Range<'GET /v1/analytics/metrics/weekdays'>,
    options?: CallOptions,
  ): Rows<WeekdayMetricsRow> {
    return this.#metrics('metrics/weekdays', range, options);
  }

  /** When people came and left, by hour of their office's local time. */
  arrivalMetrics(
    range: Range<'GET /v1/analytics/metrics/arrivals'>,
    options?: CallOptions,
  ): Rows<ArrivalMetricsRow> {
    return this.#metrics('metrics/arrivals', range, options);
  }

  /** How long people stayed, from the first to the last detection of a day. */
  dwellMetrics(
    range: Range<'GET /v1/analytics/metrics/dwell'>,
    options?: CallOptions,
  ): Rows<DwellMetricsRow> {
    return this.#metrics('metrics/dwell', range, options);
  }

  /** On how many days desks or zones were used and booked. `by` is `place`, a desk, or `zone`. */
  usageMetrics(
    range: Range<'GET /v1/analytics/metrics/usage'>,
    options?: CallOptions,
  ): Rows<UsageMetricsRow> {
    return this.#metrics('metrics/usage', range, options);
  }

  /**
   * Occupancy of nodes by hour of their office's local time. `locationIds` selects nodes with everything
   * below them.
   */
  occupancyMetrics(
    range: Range<'GET /v1/analytics/metrics/occupancy'>,
    options?: CallOptions,
  ): Rows<OccupancyMetricsRow> {
    return rangedRows(this.#transport, '/v1/analytics/metrics/occupancy', range, options);
  }

  /**
   * The rows of a dataset as a file, as the server writes it: `csv`, `parquet`, `ndjson` or `json`. The client keeps the
   * whole file in memory, and makes one call, so `timeoutMs` is the limit of the whole transfer.
   */
  file<D extends Dataset>(
    dataset: D,
    query: FileQuery<D>,
    format: FileFormat,
    options: DownloadOptions = {},
  ): Promise<Blob> {
    const request = { method: 'GET', path: `/v1/analytics/${dataset}`, query: { ...query, format } };
    return this.#transport.exchange(request, options, (answer) => readBlob(answer, options.onBytes));
  }

  #metrics<T>(dataset: string, range: object, options: CallOptions = {}): Rows<T> {
    const request = { method: 'GET', path: `/v1/analytics/${dataset}`, query: { ...range } };
    return new Rows((whole) => readRows<T>(this.#transport, request, options, whole));
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

/**
 * The rows of a path with the parameters `startDate` and `endDate`. The client requests one window after the
 * other.
 */
export function rangedRows<T>(
  transport: Transport,
  path: string,
  range: object,
  options: CallOptions = {},
): Rows<T> {
  return new Rows((whole) => readAll<T>(transport, path, queriesOf(range), options, whole));
}

/** One query for each window of the range. */
function queriesOf(range: object): Query[] {
  const { startDate, endDate, ...filters } = range as Window & Query;
  return windowsOf({ startDate, endDate }).map((window) => ({ ...filters, ...window }));
}

/**
 * Yields the rows of all queries, one after the other. At the end, sets `seen.cursor` to the cursor of the
 * first query's last page.
 */
async function* readAll<T>(
  transport: Transport,
  path: string,
  queries: Query[],
  options: CallOptions,
  whole: boolean,
  seen: { cursor?: string | undefined } = {},
): AsyncGenerator<T[], void, undefined> {
  const cursors: (string | undefined)[] = [];
  for (const [index, query] of queries.entries()) {
    const request = { method: 'GET', path, query };
    yield* readRows<T>(transport, request, options, whole, (cursor) => {
      cursors[index] = cursor;
    });
  }
  seen.cursor = cursors[0];
}
