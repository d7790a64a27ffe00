import { X509Certificate } from 'node:crypto';
import { statfs } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { Gauge, Registry } from 'prom-client';
import { type DatabaseState, readDatabaseState } from '../../store/connections/database-state.ts';
import type { Database } from '../../store/connections/db.ts';
import { runForTenants } from '../../store/connections/tenant-batches.ts';
import { organisationIds } from '../../store/directory/organisations.ts';
import { SOURCE_HABIT } from '../../store/events/source-lists.ts';
import { readSourceStates, type SourceState, sourceStates } from '../../store/events/source-states.ts';
import { VERSION } from '../../store/release.ts';
import { readJobStates } from '../../store/schema/job-runs.ts';
import { JobMonitor } from './job-monitor.ts';

export interface InstanceMonitorOptions {
  /** Connections of its own, so that a scrape makes no request wait. */
  database: Database;
  /** Milliseconds since the epoch. */
  clock: () => number;
  /** A monotonic clock, in milliseconds. */
  stopwatch: () => number;
  /** The longest time between two runs of each job, in seconds. Called once, so that its code may be loaded late. */
  jobIntervals: () => Promise<ReadonlyMap<string, number>>;
  /** By name: a path on each volume to watch. */
  volumes: Readonly<Record<string, string>>;
  /** The chain of the server's TLS certificate, PEM. */
  certificate?: string | Buffer | undefined;
}

/** What was read of the database counts as current for this time. */
const CURRENT_MS = 15_000;
/** A scrape waits no longer for the database, and then answers with what was read before. */
const PATIENCE_MS = 2_000;
/** A reading looks at the sources of so many organisations. The next reading goes on with further ones. */
const ORGANISATIONS_AT_ONCE = 100;

/** Watches what the server stands on: its database, its sources, its jobs, its volumes and its certificate. */
export class InstanceMonitor {
  readonly registry = new Registry();
  readonly #options: InstanceMonitorOptions;
  readonly #sources = new Map<string, SourceState[]>();
  #position = '';
  #readAtMs = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | undefined;
  #jobs: Promise<JobMonitor> | undefined;

  readonly #up = this.#gauge(
    'rollcall_database_up',
    'Whether the database answered the last reading: 1 or 0',
  );
  readonly #bytes = this.#gauge('rollcall_database_size_bytes', 'Size of the database');
  readonly #standbys = this.#gauge(
    'rollcall_database_standbys',
    'Standbys of the database that the owner may see',
  );
  readonly #lag = this.#gauge(
    'rollcall_database_replication_lag_seconds',
    'How far the slowest standby of the database is behind; absent if the owner sees none',
  );
  readonly #sourceCount = this.#gauge('rollcall_sources', 'Sources of events', ['kind']);
  readonly #quiet = this.#gauge(
    'rollcall_sources_quiet',
    'Sources that are silent in hours in which they usually send',
    ['kind'],
  );
  readonly #lastEvent = this.#gauge(
    'rollcall_source_last_event_timestamp_seconds',
    'When the last event of a kind came from any source',
    ['kind'],
  );
  readonly #free = this.#gauge(
    'rollcall_volume_free_bytes',
    'Bytes that the server may still write to a volume',
    ['volume'],
  );
  readonly #size = this.#gauge('rollcall_volume_size_bytes', 'Size of a volume', ['volume']);

  constructor(options: InstanceMonitorOptions) {
    this.#options = options;
    this.#gauge('rollcall_build_info', 'The release of the server', ['version']).set({ version: VERSION }, 1);
    const { certificate } = options;
    if (certificate === undefined) return;
    this.#gauge(
      'rollcall_tls_certificate_expiry_timestamp_seconds',
      'When the TLS certificate that the server loaded expires',
    ).set(Date.parse(new X509Certificate(certificate).validTo) / 1_000);
  }

  /** Reads all values again that are no longer current. Never throws, and takes two seconds at most. */
  async refresh(): Promise<void> {
    const { stopwatch } = this.#options;
    if (!this.#reading && stopwatch() - this.#readAtMs >= CURRENT_MS) {
      this.#reading = this.#read().finally(() => {
        this.#readAtMs = stopwatch();
        this.#reading = undefined;
      });
    }
    if (!this.#reading) return;
    const waiting = new AbortController();
    const { signal } = waiting;
    await Promise.race([
      this.#reading,
      delay(PATIENCE_MS, undefined, { signal, ref: false }).catch(() => undefined),
    ]);
    waiting.abort();
  }

  /** What shows the background jobs, also those that other servers run. */
  jobs(): Promise<JobMonitor> {
    this.#jobs ??= this.#options.jobIntervals().then((intervals) => new JobMonitor(this.registry, intervals));
    return this.#jobs;
  }

  close(): Promise<void> {
    return this.#options.database.close();
  }

  async #read(): Promise<void> {
    await Promise.all([
      this.#readDatabase().then(
        () => this.#up.set(1),
        () => this.#up.set(0),
      ),
      ...Object.entries(this.#options.volumes).map(([volume, path]) => this.#readVolume(volume, path)),
    ]);
  }

  async #readVolume(volume: string, path: string): Promise<void> {
    const state = await statfs(path).catch(() => undefined);
    if (!state) return;
    this.#free.set({ volume }, state.bavail * state.bsize);
    this.#size.set({ volume }, state.blocks * state.bsize);
  }

  async #readDatabase(): Promise<void> {
    const { database, clock } = this.#options;
    const jobs = await this.jobs();
    const { state, jobStates, ids } = await database.inSystem(async (tx) => ({
      state: await readDatabaseState(tx),
      jobStates: await readJobStates(tx),
      ids: await organisationIds(tx),
    }));
    this.#setDatabase(state);
    jobs.show(jobStates);
    const next = this.#nextOf(ids.toSorted());
    const now = new Date(clock());
    const failures = await runForTenants(
      database,
      next,
      (tenantId) => [sourceStates(tenantId, now, SOURCE_HABIT)],
      (tenantId, [result]) => this.#sources.set(tenantId, readSourceStates(result)),
    );
    for (const tenantId of this.#sources.keys()) if (!ids.includes(tenantId)) this.#sources.delete(tenantId);
    this.#setSources();
    for (const error of failures.values()) throw error;
  }

  #nextOf(ids: readonly string[]): string[] {
    const after = ids.filter((id) => id > this.#position);
    const next = [...after, ...ids.slice(0, ids.length - after.length)].slice(0, ORGANISATIONS_AT_ONCE);
    this.#position = next.at(-1) ?? '';
    return next;
  }

  #setDatabase({ bytes, standbys, lagS }: DatabaseState): void {
    this.#bytes.set(bytes);
    this.#standbys.set(standbys);
    if (lagS === null) this.#lag.remove();
    else this.#lag.set(lagS);
  }

  #setSources(): void {
    const kinds = new Map<string, SourceState>();
    for (const { endpoint, sources, quiet, lastEventMs } of [...this.#sources.values()].flat()) {
      const of = kinds.get(endpoint) ?? { endpoint, sources: 0, quiet: 0, lastEventMs: 0 };
      of.sources += sources;
      of.quiet += quiet;
      of.lastEventMs = Math.max(of.lastEventMs, lastEventMs);
      kinds.set(endpoint, of);
    }
    for (const gauge of [this.#sourceCount, this.#quiet, this.#lastEvent]) gauge.reset();
    for (const { endpoint: kind, sources, quiet, lastEventMs } of kinds.values()) {
      this.#sourceCount.set({ kind }, sources);
      this.#quiet.set({ kind }, quiet);
      this.#lastEvent.set({ kind }, lastEventMs / 1_000);
    }
  }

  #gauge(name: string, help: string, labelNames: string[] = []): Gauge {
    return new Gauge({ name, help, labelNames, registers: [this.registry] });
  }
}
