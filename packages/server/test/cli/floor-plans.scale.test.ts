import { afterAll, beforeAll, expect, test } from 'vitest';
import { Workspace } from './support.ts';

let work: Workspace;
beforeAll(async () => {
  work = await Workspace.create();
});
afterAll(() => work.close());

test('The commands write the floor plans of an organisation into a folder, and import it again', async () => {
  const data = ['--data-dir', work.path('data')];
  const from = (kind: string, ...lines: string[]) =>
    work.rollcall(['import', kind, '-', ...data], { input: lines.join('\n') });
  await from('locations', 'locationName,timeZone', 'London,Europe/London');
  await from('desks', 'deskName,zoneName,levelName,locationName', 'N1,North,L3,London');
  await from('floor-positions', 'name,x,y', 'N1,0.5,0.5');
  const folder = work.path('plans');
  const command = (...args: string[]) => work.rollcall(['floor-plans', ...args, ...data]);
  expect(await command('export', folder)).toEqual({
    code: 0,
    stdout: `${folder}: 1 plans, 0 images, 1 positions.\n`,
    stderr: '',
  });
  const same =
    'plans: 0 created, 0 updated, 1 unchanged, 0 refused.\npositions: 0 created, 0 updated, 1 unchanged, 0 refused.\n';
  expect(await command('import', folder, '--dry-run')).toEqual({
    code: 0,
    stdout: `${same}Nothing was stored: it was a dry run.\n`,
    stderr: '',
  });
  expect(await command('import', folder)).toEqual({ code: 0, stdout: same, stderr: '' });
  await from('desks', 'deskName,zoneName,levelName,locationName,status', 'N1,North,L3,London,inactive');
  expect(await command('import', folder)).toMatchObject({
    code: 1,
    stderr: 'floor-positions.csv line 2: name "N1" is retired, or its level is\n',
  });
  expect(await command('export', folder)).toMatchObject({
    code: 1,
    stderr: `rollcall: The folder ${folder} is not empty. Name a new folder: the export overwrites nothing.\n`,
  });
});
