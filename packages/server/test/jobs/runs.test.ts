import pino from 'pino';
import { afterAll, expect, test } from 'vitest';
import { type JobTask, runTask } from '../../src/jobs/tasks.ts';
import { listJobRuns } from '../../src/store/schema/job-runs.ts';
import { createTestDatabase } from '../support/database.ts';
import { TestClock } from '../support/server.ts';

const db = await createTestDatabase();
afterAll(() => db.drop());
const clock = new TestClock();

const deps = {
  database: db.restricted,
  target: db.target,
  clock: clock.read,
  log: pino({ level: 'silent' }),
  signal: new AbortController().signal,
};
const task = (run: JobTask['run']): JobTask => ({
  name: 'test',
  description: 'test',
  cron: '* * * * *',
  unit: 'things',
  run,
});
const lastRun = async () => (await db.owner.inSystem(listJobRuns)).find(({ name }) => name === 'test');

test('a run is recorded at its start and at its end, with its failure, if any', async () => {
  const startedAt = new Date(clock.nowMs);
  const during = async () => {
    expect(await lastRun()).toEqual({ name: 'test', startedAt, endedAt: null, failure: null });
    clock.advanceS(5);
  };
  expect(await runTask(task(during), deps)).toBe(true);
  expect(await lastRun()).toMatchObject({ startedAt, endedAt: new Date(clock.nowMs), failure: null });

  const failing = async () => {
    throw new Error('no day for ada@example.com\nand more');
  };
  await expect(runTask(task(failing), deps)).rejects.toThrow();
  expect(await lastRun()).toMatchObject({
    startedAt: new Date(clock.nowMs),
    failure: 'Error: no day for [email]',
  });
});
