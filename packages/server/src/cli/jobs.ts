import { Cron } from 'croner';
import type { MasterKeys } from '../auth/master-keys.ts';
import type { DataConfig } from '../config.ts';
import { createLogger } from '../http/logging.ts';
import { type JobTask, runTask, TASKS } from '../jobs/tasks.ts';
import { Database, type DatabaseTarget } from '../store/connections/db.ts';
import { type JobRun, listJobRuns } from '../store/schema/job-runs.ts';
import { withContext } from './context.ts';
import { CliError } from './errors.ts';
import { catchInterruption } from './interruption.ts';
import { formatTable, formatTime, print } from './output.ts';
import { showProgress } from './progress.ts';

/** Prints the jobs with their purpose, the result of the last run, and the time of the next run while a server runs. */
export async function listJobs({ json, ...config }: DataConfig & { json?: true }): Promise<void> {
  const runs = await withContext(config, 'rollcall jobs', ({ owner }) => owner.inSystem(listJobRuns));
  const jobs = TASKS.map(({ name, cron, description }) => {
    const run = runs.find((each) => each.name === name);
    return { name, cron, run, nextAt: new Cron(cron, { timezone: 'UTC' }).nextRun(), description };
  });
  if (json) {
    for (const { run, ...job } of jobs)
      print(JSON.stringify({ ...job, lastRun: run ? { ...run, outcome: outcomeOf(run) } : null }));
    return;
  }
  const rows = jobs.map(({ name, cron, run, nextAt, description }) => ({
    name,
    cron,
    'last run': formatTime(run?.startedAt ?? null),
    length: run?.endedAt ? formatLength(run.endedAt.getTime() - run.startedAt.getTime()) : '-',
    outcome: run ? outcomeOf(run) : 'never ran',
    next: formatTime(nextAt),
    description,
  }));
  print(formatTable(rows));
}

function outcomeOf({ endedAt, failure }: JobRun): string {
  if (endedAt === null) return 'runs now, or was killed';
  return failure === null ? 'done' : `failed: ${failure}`;
}

function formatLength(ms: number): string {
  return ms < 60_000 ? `${(ms / 1_000).toFixed(1)} s` : `${Math.round(ms / 60_000)} min`;
}

/** Runs a job to its end. Throws `CliError` if there is no such job, or another process runs it now. */
export async function runJob(name: string, config: DataConfig): Promise<void> {
  const task = TASKS.find((one) => one.name === name);
  if (!task)
    throw new CliError(`There is no job ${name}; the jobs are ${TASKS.map((one) => one.name).join(', ')}.`);
  const ran = await withContext(config, 'rollcall jobs', async ({ target, role, masterKey }) => {
    const database = new Database({ target, as: role, poolSize: 2, exportPoolSize: 1 });
    try {
      return await runHere(task, database, target, masterKey);
    } finally {
      await database.close();
    }
  });
  if (!ran) throw new CliError(`Another process runs the job ${name} now.`);
  print(`The job ${name} has run.`);
}

async function runHere(
  task: JobTask,
  database: Database,
  target: DatabaseTarget,
  masterKey: MasterKeys,
): Promise<boolean> {
  const progress = showProgress(task.description, task.unit);
  try {
    return await runTask(task, {
      database,
      target,
      masterKey,
      clock: Date.now,
      log: createLogger('warn', process.stderr),
      signal: catchInterruption(),
      onProgress: progress.update,
    });
  } finally {
    progress.stop();
  }
}
