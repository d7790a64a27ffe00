import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { query } from '../embedded/support.ts';
import { expectOneSentence, superuserOf, until, Workspace } from './support.ts';

let work: Workspace;
let dataDir: string;
beforeAll(async () => {
  work = await Workspace.create();
  dataDir = work.path('data');
});
afterAll(() => work.close());

const QUEUE = "SELECT to_regclass('rollcall_jobs.jobs') IS NOT NULL AS found";
const LISTENING =
  "SELECT count(*)::int AS connections FROM pg_stat_activity WHERE application_name = 'rollcall jobs'";

test('serve runs jobs, unless a setting turns them off', async () => {
  const without = await work.start(['serve', '--data-dir', dataDir], { env: { ROLLCALL_JOBS: 'off' } });
  expect(await query(await superuserOf(dataDir), QUEUE)).toEqual([{ found: false }]);
  await without.server.stop();
  // An empty variable counts as not set: jobs are on by default.
  const { server: withJobs } = await work.start(['serve', '--data-dir', dataDir], {
    env: { ROLLCALL_JOBS: '' },
  });
  expect(await query(await superuserOf(dataDir), QUEUE)).toEqual([{ found: true }]);
  const [activity] = await query<{ connections: number }>(await superuserOf(dataDir), LISTENING);
  expect(activity?.connections).toBeLessThanOrEqual(2);
  const { stderr } = await withJobs.stop();
  expect(stderr).not.toMatch(/error/i);
});

test('a server that is stopped while it prepares for jobs ends properly', async () => {
  // Some stops come before the preparation and some during it. The last one has an existing queue.
  for (const delayMs of [0, 110, 140, 180, 240, 140]) {
    const server = work.spawn(['serve', '--data-dir', work.path('stopped'), '--port', '0'], {
      env: { ROLLCALL_JOBS: '' },
    });
    await until(() => server.stdout.includes('listening on'));
    await delay(delayMs);
    const { stderr } = await server.stop();
    expect(stderr).not.toMatch(/error/i);
  }
});

test('the list of jobs has their last and next run, and a command runs a job at once', async () => {
  const fresh = ['--data-dir', work.path('listed')];
  const before = await work.rollcall(['jobs', 'list', ...fresh]);
  expect(before.stdout).toMatch(/^redate +\* \* \* \* \* +- +- +never ran +\d{4}-\d\d-\d\dT[\d:]+Z +\S/m);
  expect(await work.rollcall(['jobs', 'run', 'redate', ...fresh])).toEqual({
    code: 0,
    stdout: 'The job redate has run.\n',
    stderr: '',
  });
  const after = await work.rollcall(['jobs', 'list', ...fresh]);
  expect(after.stdout).toMatch(/^redate +\* \* \* \* \* +\d{4}-\d\d-\d\dT[\d:]+Z +[\d.]+ s +done +\d{4}-/m);
  const { stdout } = await work.rollcall(['jobs', 'list', '--json', ...fresh]);
  const jobs = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { name: string });
  expect(jobs.find(({ name }) => name === 'redate')).toMatchObject({
    lastRun: { outcome: 'done', failure: null },
    nextAt: expect.stringMatching(/Z$/),
  });
});

test('an unknown job is refused in one sentence', async () => {
  expectOneSentence(
    await work.rollcall(['jobs', 'run', 'laundry', '--data-dir', dataDir]),
    /^rollcall: There is no job laundry; the jobs are horizon, .*\.\n$/,
  );
});
