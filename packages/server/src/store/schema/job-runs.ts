import type { Tx } from '../connections/db.ts';

/** The last run of a job. */
export interface JobRun {
  name: string;
  startedAt: Date;
  /** Null while it runs, and where its process was killed. */
  endedAt: Date | null;
  /** Null where it succeeded. */
  failure: string | null;
}

/** Notes that a run begins. */
export async function noteJobStart(tx: Tx, name: string, at: Date): Promise<void> {
  await tx.query('SELECT note_job_start($1, $2)', [name, at]);
}

/** Notes how a run ended; `failure` must say nothing of organisations' data. */
export async function noteJobEnd(tx: Tx, name: string, at: Date, failure: string | null): Promise<void> {
  await tx.query('SELECT note_job_end($1, $2, $3)', [name, at, failure]);
}

/** The last run of each job that has ever run. Owner only. */
export async function listJobRuns(tx: Tx): Promise<JobRun[]> {
  const { rows } = await tx.query<JobRun>(
    'SELECT name, started_at AS "startedAt", ended_at AS "endedAt", failure FROM job_runs',
  );
  return rows;
}
