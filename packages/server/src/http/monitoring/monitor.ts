import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { PoolState } from '../../store/connections/db.ts';
import type { FallbackReason, ReadSource } from '../../store/warehouse/warehouse-reads.ts';
import type { MetLimit } from '../rates/met-limit.ts';
import { watchPools } from './pool-gauges.ts';

/** The part of a resource that an organisation holds, from 0 to 1. */
export interface ShareUse {
  resource: string;
  organisation: string;
  part: number;
}

/** The name of the metric of shares. It has only as many organisations for each resource as `MOST_ORGANISATIONS`. */
export const SHARES = 'rollcall_organisation_share_ratio';
export const MOST_ORGANISATIONS = 10;

/** What a monitor reads of a database. */
interface MonitoredDatabase {
  poolStates(): PoolState[];
  connectionParts(): Iterable<[tenantId: string, part: number]>;
}

/** The values that labels of counters may have. */
export interface LabelValues {
  /** The rules of access. */
  rules: readonly string[];
  /** The ways of a login. */
  logins: readonly string[];
  limits: readonly MetLimit[];
  /** The kinds of events, and the causes of their refusals. */
  kinds: readonly string[];
  causes: readonly string[];
  /** The servers that an answer is read from, and the reasons for which it is not the standby. */
  reads: readonly ReadSource[];
  fallbacks: readonly FallbackReason[];
  /** The answers of the warehouse. */
  datasets: readonly string[];
  formats: readonly string[];
}

interface Answered {
  method: string;
  /** The pattern of the route. */
  route: string;
  status: number;
  durationMs: number;
}

/** The methods that OpenTelemetry knows. All others are `_OTHER`, so that callers cannot add values. */
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
/** The buckets that OpenTelemetry recommends. */
const REQUEST_BUCKETS_S = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
const WAIT_BUCKETS_S = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
const SLOT_WAIT_BUCKETS_S = [0.005, 0.1, 0.5, 1, 2.5, 5, 10, 15, 20];
const MERGE_BUCKETS = [1, 2, 4, 8, 16, 32, 64];
const SECRETS = ['checked', 'refused unchecked'] as const;
const LOOK_UP_SOURCES = ['memory', 'database'] as const;
const QUEUES = ['events', 'directory'] as const;
const SLOTS = ['exports', 'lists', 'images'] as const;
const HOUR_S = 3_600;
const AGE_BUCKETS_S = [60, 600, ...[1, 6, 24, 48, 168, 720, 2_160].map((hours) => hours * HOUR_S)];

/**
 * Counts what a server process does, for Prometheus. Each label has few values, whatever callers send. No label has a name or
 * an address of a person, or a text of a caller.
 */
export class Monitor {
  readonly registry = new Registry();
  readonly #requests = this.#histogram(
    'http_server_request_duration_seconds',
    'Answered requests, by the pattern of the route, and their duration',
    ['http_request_method', 'http_route', 'http_response_status_class'],
    REQUEST_BUCKETS_S,
  );
  readonly #refusedRequests = this.#counter(
    'rollcall_requests_refused_total',
    'Requests with valid credentials that a rule of access refused',
    ['reason'],
  );
  readonly #events = this.#counter('rollcall_events_total', 'Submitted events', ['kind', 'result']);
  readonly #refusedEvents = this.#counter('rollcall_events_refused_total', 'Refused events, by cause', [
    'kind',
    'cause',
  ]);
  readonly #mergeSize = this.#histogram(
    'rollcall_merge_requests',
    'Requests that shared one round trip to the database',
    ['queue'],
    MERGE_BUCKETS,
  );
  readonly #mergeWait = this.#histogram(
    'rollcall_merge_wait_seconds',
    'How long requests waited for such a round trip to begin',
    ['queue'],
    WAIT_BUCKETS_S,
  );
  readonly #lookUps = this.#counter(
    'rollcall_directory_lookups_total',
    'Look-ups of the users and nodes of a request with events, by where they were found',
    ['source'],
  );
  readonly #cursorAge = this.#histogram(
    'rollcall_changes_cursor_age_seconds',
    'Age of the cursors of changedSince',
    [],
    AGE_BUCKETS_S,
  );
  readonly #reads = this.#counter(
    'rollcall_warehouse_reads_total',
    'Answers of exports and metrics, by the server that they were read from',
    ['source'],
  );
  readonly #fallbacks = this.#counter(
    'rollcall_standby_fallbacks_total',
    'Answers of exports and metrics that were read from the primary, although there is a standby',
    ['reason'],
  );
  readonly #exportRows = this.#counter('rollcall_export_rows_total', 'Rows of answers of the warehouse', [
    'dataset',
    'format',
  ]);
  readonly #failedLogins = this.#counter('rollcall_failed_logins_total', 'Failed logins and sign-ins', [
    'by',
    'secret',
  ]);
  readonly #limits = this.#counter(
    'rollcall_limit_refusals_total',
    'Requests that the server refused because of a limit',
    ['limit', 'of'],
  );
  readonly #slotWait = this.#histogram(
    'rollcall_slot_wait_seconds',
    'How long exports, lists and images waited for a slot of their organisation before they began',
    ['resource'],
    SLOT_WAIT_BUCKETS_S,
  );

  /** Prometheus computes no growth from a counter that it sees for the first time: without a 0, it misses the first burst. */
  beginAtZero(values: LabelValues): void {
    for (const reason of values.rules) this.#refusedRequests.inc({ reason }, 0);
    for (const by of values.logins) for (const secret of SECRETS) this.#failedLogins.inc({ by, secret }, 0);
    for (const { limit, of } of values.limits) this.#limits.inc({ limit, of }, 0);
    for (const kind of values.kinds) {
      this.noteEvents({ endpoint: kind, accepted: 0, refused: 0 });
      for (const cause of values.causes) this.#refusedEvents.inc({ kind, cause }, 0);
    }
    for (const source of values.reads) this.#reads.inc({ source }, 0);
    for (const reason of values.fallbacks) this.#fallbacks.inc({ reason }, 0);
    for (const dataset of values.datasets)
      for (const format of values.formats) this.noteRows(dataset, format, 0);
    for (const source of LOOK_UP_SOURCES) this.#lookUps.inc({ source }, 0);
    for (const queue of QUEUES) for (const merge of [this.#mergeSize, this.#mergeWait]) merge.zero({ queue });
    for (const resource of SLOTS) this.#slotWait.zero({ resource });
  }

  /** Notes an answer. `refusal` is the name of the rule that refused its request, and `metLimit` the limit. */
  noteAnswer(
    { method, route, status, durationMs }: Answered,
    { refusal, metLimit }: { refusal: string | null; metLimit: MetLimit | null },
  ): void {
    const labels = {
      http_request_method: METHODS.has(method) ? method : '_OTHER',
      http_route: route,
      http_response_status_class: `${Math.floor(status / 100)}xx`,
    };
    this.#requests.observe(labels, durationMs / 1_000);
    if (refusal) this.#refusedRequests.inc({ reason: refusal });
    if (metLimit) this.#limits.inc({ limit: metLimit.limit, of: metLimit.of });
  }

  /** Notes the events of a request. `endpoint` names their kind. */
  noteEvents({ endpoint, accepted, refused, causes = [] }: NotedEvents): void {
    const kind = endpoint;
    this.#events.inc({ kind, result: 'accepted' }, accepted);
    this.#events.inc({ kind, result: 'refused' }, refused);
    for (const cause of causes) this.#refusedEvents.inc({ kind, cause });
  }

  /** Notes requests that share a round trip, with the time that each has waited, in milliseconds. */
  noteMerge(queue: (typeof QUEUES)[number], waitsMs: readonly number[]): void {
    this.#mergeSize.observe({ queue }, waitsMs.length);
    for (const waitMs of waitsMs) this.#mergeWait.observe({ queue }, waitMs / 1_000);
  }

  noteLookUp(source: (typeof LOOK_UP_SOURCES)[number]): void {
    this.#lookUps.inc({ source });
  }

  /** Notes the age of a cursor of `changedSince`, in milliseconds. */
  noteCursor(ageMs: number): void {
    this.#cursorAge.observe(Math.max(ageMs, 0) / 1_000);
  }

  noteRead(source: ReadSource): void {
    this.#reads.inc({ source });
  }

  noteFallback(reason: FallbackReason): void {
    this.#fallbacks.inc({ reason });
  }

  noteRows(dataset: string, format: string, rows: number): void {
    this.#exportRows.inc({ dataset, format }, rows);
  }

  noteFailedLogin(by: string, secret: (typeof SECRETS)[number]): void {
    this.#failedLogins.inc({ by, secret });
  }

  /** Notes how long an answer waited for a slot, in milliseconds. */
  noteSlotWait(resource: (typeof SLOTS)[number], waitedMs: number): void {
    this.#slotWait.observe({ resource }, waitedMs / 1_000);
  }

  /** Reads the pools of `database`, and the shares that organisations hold of it and of `holders`, at each scrape. */
  watch(database: MonitoredDatabase, holders: readonly { shareUse(): Iterable<ShareUse> }[]): void {
    watchPools(this.registry, () => database.poolStates());
    const shares = new Gauge({
      name: SHARES,
      help: `The part of a resource that an organisation holds now, of the ${MOST_ORGANISATIONS} organisations with the largest part; of the process where it is largest`,
      labelNames: ['resource', 'organisation'],
      registers: [this.registry],
      aggregator: 'max',
      collect: () => {
        shares.reset();
        const uses = holders.flatMap((each) => [...each.shareUse()]);
        for (const [organisation, part] of database.connectionParts())
          uses.push({ resource: 'connections', organisation, part });
        for (const { resource, organisation, part } of largest(uses))
          shares.set({ resource, organisation }, part);
      },
    });
  }

  #counter<T extends string>(name: string, help: string, labelNames: T[]): Counter<T> {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }

  #histogram<T extends string>(name: string, help: string, labelNames: T[], buckets: number[]): Histogram<T> {
    return new Histogram({ name, help, labelNames, buckets, registers: [this.registry] });
  }
}

interface NotedEvents {
  endpoint: string;
  accepted: number;
  refused: number;
  causes?: readonly string[];
}

/** The uses with the largest part, for each resource. */
export function largest<Use extends ShareUse>(uses: readonly Use[]): Use[] {
  const byPart = uses.toSorted((some, other) => other.part - some.part);
  const taken = new Map<string, number>();
  return byPart.filter(({ resource }) => {
    const count = (taken.get(resource) ?? 0) + 1;
    taken.set(resource, count);
    return count <= MOST_ORGANISATIONS;
  });
}
