import type { FastifyBaseLogger } from 'fastify';
import type { MasterKeys } from '../auth/master-keys.ts';
import { pruneOldSignIns } from '../auth/prune-sign-ins.ts';
import { MasterKeyError } from '../auth/secrets.ts';
import { redateOffices } from '../directory/redating.ts';
import { serializeError } from '../http/logging.ts';
import { pruneActivity } from '../ingest/prune-activity.ts';
import { erasePeople } from '../privacy/erase-people.ts';
import { pruneAudit, sealAudit } from '../privacy/keep-audit.ts';
import { enforceRetention } from '../privacy/retention.ts';
import { Database, type DatabaseTarget } from '../store/connections/db.ts';
import { withJobLock } from '../store/connections/job-lock.ts';
import type { JobWork } from '../store/connections/job-work.ts';
import { readMasterKeyChecks } from '../store/schema/instance.ts';
import { noteJobEnd, noteJobStart } from '../store/schema/job-runs.ts';
import { keepMonths } from '../store/schema/months.ts';
import { advanceAllAggregates } from '../warehouse/aggregates.ts';
import { pruneAttendanceChanges } from '../warehouse/attendance-retention.ts';
import { runHorizon } from '../workday/horizon.ts';

/** The dependencies of a task. `database` connects as the restricted role or as the owner. */
export interface JobDeps extends JobWork {
  /** Connects as the owner of the schema, which the changes of tables need. */
  target: DatabaseTarget;
  /** For the jobs that sign. They fail without it. */
  masterKey?: MasterKeys;
  log: FastifyBaseLogger;
}

/** Repeated work, in one replica at a time. A run does the missing work, so a second run does no harm. */
export interface JobTask {
  name: string;
  /** For `rollcall jobs list`. */
  description: string;
  /** Five fields of cron, in UTC. It also runs whenever a replica starts. */
  cron: string;
  /** The unit of its progress. */
  unit: string;
  run(deps: JobDeps): Promise<void>;
}

/** Runs a task as the owner: the restricted role may not move, remove or sign what is stored. */
function asOwner(work: (deps: JobDeps) => Promise<void>): JobTask['run'] {
  return async (deps) => {
    const database = new Database({ target: deps.target, as: 'owner', poolSize: 2, exportPoolSize: 1 });
    try {
      await work({ ...deps, database });
    } finally {
      await database.close();
    }
  };
}

/** All tasks of this release. */
export const TASKS: readonly JobTask[] = [
  {
    name: 'horizon',
    description: 'Make plans and bookings from the week plans, up to the horizon of each office',
    // Offsets of time zones are multiples of 15 minutes, so a day can begin at each quarter of an hour.
    cron: '2,17,32,47 * * * *',
    unit: 'days',
    run: async (deps) => {
      await runHorizon(deps);
    },
  },
  {
    name: 'redate',
    description: 'Re-date the events of offices whose time zone has changed',
    cron: '* * * * *',
    unit: 'events',
    run: redateOffices,
  },
  {
    name: 'erase',
    description: 'Erase the people whose erasure was requested',
    cron: '* * * * *',
    unit: 'slices',
    run: asOwner(erasePeople),
  },
  {
    name: 'prune',
    description: 'Delete keys of deleted rows that no cursor may ask for any more',
    cron: '41 3 * * *',
    unit: 'changes',
    run: pruneAttendanceChanges,
  },
  {
    name: 'retention',
    description: 'Remove rows whose retention has ended',
    cron: '53 1 * * *',
    unit: 'rows',
    run: asOwner(enforceRetention),
  },
  {
    name: 'sign-ins',
    description:
      'Delete sessions and one-time links that are over, networks without a recent sign-in or login, and old failures',
    cron: '23 * * * *',
    unit: 'rows',
    run: pruneOldSignIns,
  },
  {
    name: 'activity',
    description:
      'Delete silent sources and counts of events after 31 days, and answered requests after a day',
    cron: '37 * * * *',
    unit: 'rows',
    run: pruneActivity,
  },
  {
    name: 'aggregates',
    description: 'Bring the aggregates of metrics up to date',
    cron: '11 * * * *',
    unit: 'organisations',
    run: advanceAllAggregates,
  },
  {
    name: 'months',
    description: 'Make the partitions of the coming months, and partition the tables of an older release',
    cron: '29 * * * *',
    unit: 'tables',
    run: ({ target, clock, ...options }) => keepMonths(target, new Date(clock()), options),
  },
  {
    name: 'audit',
    description: 'Put new entries of the audit trail into signed batches',
    cron: '* * * * *',
    unit: 'organisations',
    run: asOwner(withCurrentKeys(sealAudit)),
  },
  {
    name: 'audit-prune',
    description: 'Delete entries of the audit trail that are older than their organisation keeps them',
    cron: '53 3 * * *',
    unit: 'entries',
    run: asOwner(withCurrentKeys(pruneAudit)),
  },
];

/** Runs work that needs the master keys. If they were rotated since this process read them, it reads them again. */
function withCurrentKeys(work: (deps: JobDeps & { masterKey: MasterKeys }) => Promise<void>): JobTask['run'] {
  return async ({ masterKey, ...others }) => {
    if (!masterKey) throw new Error('This job needs the master key.');
    const deps = { ...others, masterKey };
    try {
      await work(deps);
    } catch (error) {
      if (!(error instanceof MasterKeyError)) throw error;
      await deps.masterKey.reload(await deps.database.inSystem(readMasterKeyChecks));
      await work(deps);
    }
  };
}

/**
 * Runs `task` unless another process runs it already; returns whether it ran. Records its start and its outcome. Throws
 * the task's error.
 */
export function runTask(task: JobTask, deps: JobDeps): Promise<boolean> {
  const { database, clock } = deps;
  return withJobLock(database, `job ${task.name}`, async () => {
    await database.inSystem((tx) => noteJobStart(tx, task.name, new Date(clock())));
    const noteEnd = (failure: string | null) =>
      database.inSystem((tx) => noteJobEnd(tx, task.name, new Date(clock()), failure));
    try {
      await task.run(deps);
    } catch (error) {
      // The database itself may have failed.
      await noteEnd(failureOf(error)).catch(() => undefined);
      throw error;
    }
    await noteEnd(deps.signal.aborted ? 'stopped before its end' : null);
  });
}

/** An error in one line, without data of organisations. */
function failureOf(error: unknown): string {
  const { type, code, message } = serializeError(error);
  const [line] = String(message ?? code ?? '').split('\n');
  return [type, line].filter(Boolean).join(': ');
}
