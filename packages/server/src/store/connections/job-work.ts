import type { Database } from './db.ts';

/** What repeated work uses. Each piece of work adds what else it needs. */
export interface JobWork {
  database: Database;
  /** Milliseconds since the epoch. */
  clock: () => number;
  /** Once it is aborted, the work ends soon, and the next run does the rest. */
  signal: AbortSignal;
  /** Receives what is done, of all that is to be done, in the unit of the job. */
  onProgress?: (done: number, total: number) => void;
}
