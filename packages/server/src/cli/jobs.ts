import type { DataConfig } from '../config.ts';
import { createLogger } from '../http/logging.ts';
import { type JobTask, runTask, TASKS } from '../jobs/tasks.ts';
import { Database } from '../store/db.ts';
import { withContext } from './context.ts';
import { CliError } from './errors.ts';
import { catchInterruption } from './interruption.ts';
import { formatTable, print } from './output.ts';
import { showProgress } from './progress.ts';

/** Prints what jobs there are. */
export function listJobs(): void {
  print(formatTable(TASKS.map(({ name, cron, description }) => ({ name, cron, description }))));
}

/** Does what a job does, to its end. Throws `CliError` where there is no such job, or a server is at it. */
export async function runJob(name: string, config: DataConfig): Promise<void> {
  const task = TASKS.find((one) => one.name === name);
  if (!task)
    throw new CliError(`There is no job ${name}; the jobs are ${TASKS.map((one) => one.name).join(', ')}.`);
  const ran = await withContext(config, 'rollcall jobs', async ({ target, role }) => {
    const database = new Database({ target, as: role, poolSize: 2, exportPoolSize: 1 });
    try {
      return await runHere(task, database);
    } finally {
      await database.close();
    }
  });
  if (!ran) throw new CliError(`Another process is at the job ${name} right now.`);
  print(`The job ${name} has run.`);
}

async function runHere(task: JobTask, database: Database): Promise<boolean> {
  const progress = showProgress(task.description, task.unit);
  try {
    return await runTask(task, {
      database,
      clock: Date.now,
      log: createLogger('warn', process.stderr),
      signal: catchInterruption(),
      onProgress: progress.update,
    });
  } finally {
    progress.stop();
  }
}
