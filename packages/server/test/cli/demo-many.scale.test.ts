import { afterAll, beforeAll, expect, test } from 'vitest';
import { query } from '../embedded/support.ts';
import { basicKey, readDataset, startDemo } from './demo-support.ts';
import { logIn, processesNaming, superuserOf, until, Workspace } from './support.ts';

let work: Workspace;
beforeAll(async () => {
  work = await Workspace.create();
});
afterAll(() => work.close());

test('two demos with one seed have the same data, and do not affect each other', async () => {
  const [left, right] = await Promise.all([startDemo(work, 'left'), startDemo(work, 'right')]);
  const [leftKey, rightKey] = [basicKey(left.credentials), basicKey(right.credentials)];
  for (const dataset of ['users/basic', 'locations/basic', 'desks/basic', 'spaces/basic']) {
    const rows = await readDataset(left.baseUrl, dataset, leftKey);
    expect(rows.length).toBeGreaterThanOrEqual(3);
    expect(await readDataset(right.baseUrl, dataset, rightKey)).toEqual(rows);
  }
  expect(await logIn(left.baseUrl, leftKey)).toMatchObject({ status: 200 });
  expect(await logIn(right.baseUrl, leftKey)).toMatchObject({ status: 401 });
  await Promise.all([left.server.stop(), right.server.stop()]);
  expect([...processesNaming(work.path('left')), ...processesNaming(work.path('right'))]).toEqual([]);
});

const LARGER = ['--users', '60', '--days', '12', '--seed', '3', '--no-live'];

/** Starts a demo, and waits until a part of its history is written. */
async function interruptable() {
  const dataDir = work.path('interrupted');
  const server = work.spawn(['demo', '--port', '0', '--data-dir', dataDir, ...LARGER]);
  const before = await countEvents(dataDir);
  await until(async () => (await countEvents(dataDir)) > before);
  return { server, dataDir };
}

test('an unfinished demo ends properly on Ctrl-C, and the next start completes one that was killed', async () => {
  const stopped = await interruptable();
  stopped.server.signalGroup('SIGINT');
  stopped.server.signalGroup('SIGINT');
  expect(await stopped.server.exited).toMatchObject({ code: 0, stdout: '' });
  expect(processesNaming(stopped.dataDir)).toEqual([]);

  const killed = await interruptable();
  killed.server.signal('SIGKILL');
  expect(await killed.server.exited).toMatchObject({ code: null, stdout: '' });

  const completed = await startDemo(work, 'interrupted', LARGER);
  expect(completed.server.stdout).toContain('a new demo organisation');
  expect(completed.credentials.keys).toHaveLength(6);
  const [span] = await query<{ first: number; last: number; ahead: number }>(
    await superuserOf(killed.dataDir),
    `SELECT current_date - (SELECT min(day) FROM rollcall.presence_events) AS first,
            current_date - (SELECT max(day) FROM rollcall.presence_events) AS last,
            (SELECT max(day) FROM rollcall.day_plans WHERE set_by = 'week') - current_date AS ahead`,
  );
  // Few people come on a weekend, and the dates of offices differ by up to a day.
  expect(span?.first).toBeGreaterThanOrEqual(9);
  expect(span?.last).toBeLessThanOrEqual(3);
  expect(span?.ahead).toBeGreaterThanOrEqual(11);
  await completed.server.stop();
});

/** The number of events in its history; 0 without a database. */
async function countEvents(dataDir: string): Promise<number> {
  try {
    const [row] = await query<{ count: number }>(
      await superuserOf(dataDir),
      'SELECT count(*)::int AS count FROM rollcall.presence_events',
    );
    return row?.count ?? 0;
  } catch {
    return 0;
  }
}
