import type { Tx } from '../connections/db.ts';

/** The last run of a job. */
export interface JobRun {
  name: string;
  startedAt: Date;
  /** Null while the job runs, and if its process was killed. */
  endedAt: Date | null;
  /** Null if the run succeeded. */
  failure: string | null;
}

/** Records the start of a run. */
export async function noteJobStart(tx: Tx, name: string, at: Date): Promise<void> {
  await tx.query('SELECT note_job_start($1, $2)', [name, at]);
}

/** Records the end of a run. `failure` must not contain data of organisations. */
export async function noteJobEnd(tx: Tx, name: string, at: Date, failure: string | null): Promise<void> {
  await tx.query('SELECT note_job_end($1, $2, $3)', [name, at, failure]);
}

/** What servers show of a job, whichever server ran it. */
export interface JobState {
  name: string;
  /** When a run last succeeded; null if none has. */
  succeededAt: Date | null;
  /** How long the last run took that ended; null if none has. */
  durationS: number | null;
}

/** The state of each job that has run at least once. */
export async function readJobStates(tx: Tx): Promise<JobState[]> {
  const { rows } = await tx.query<JobState>(
    `SELECT name, succeeded_at AS "succeededAt", extract(epoch FROM duration)::float8 AS "durationS" FROM job_states()`,
  );
  return rows;
}

/** The last run of each job that has run at least once. Owner only. */
export async function listJobRuns(tx: Tx): Promise<JobRun[]> {
  const { rows } = await tx.query<JobRun>(
    'SELECT name, started_at AS "startedAt", ended_at AS "endedAt", failure FROM job_runs',
  );
  return rows;
}
