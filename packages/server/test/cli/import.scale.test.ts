import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectOneSentence, type Outcome, type Rollcall, Workspace } from './support.ts';

let work: Workspace;
let data: string[];
let server: Rollcall;
beforeAll(async () => {
  work = await Workspace.create();
  data = ['--data-dir', work.path('data')];
  ({ server } = await work.start(['serve', ...data]));
});
afterAll(async () => {
  await server.stop();
  await work.close();
});

const run = (args: string[], input?: string): Promise<Outcome> =>
  work.rollcall([...args, ...data], input === undefined ? {} : { input });

async function importFile(kind: string, content: string | Buffer, ...more: string[]): Promise<Outcome> {
  const file = work.path(`${kind}.csv`);
  await writeFile(file, content);
  return run(['import', kind, file, ...more]);
}

const ID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;
const withoutIds = (text: string) => text.replace(ID, 'ID');

test('a command that writes nothing needs an organisation, and creates none', async () => {
  const rows = 'userName\nada\n';
  expectOneSentence(await importFile('users', rows, '--dry-run'), /There is no organisation yet/);
  expectOneSentence(await run(['users', 'list']), /There is no organisation yet/);
  expect((await run(['orgs', 'list'])).stdout).toMatch(/There is no organisation yet/);
});

describe('an import', () => {
  test('prints an id for each row and the counts; a dry run prints the changes, and changes nothing', async () => {
    const rows = 'locationName,timeZone\nNorth Wharf,Europe/Berlin\nBad,Mars/Base\n-1,UTC\n';
    await run(['orgs', 'create', 'default']);
    const dry = await importFile('locations', rows, '--dry-run');
    expect(dry).toMatchObject({
      code: 1,
      stdout:
        'line 2: location North Wharf would be created\nline 4: location -1 would be created\n' +
        '2 created, 0 updated, 0 unchanged, 1 refused.\nNothing was stored: it was a dry run.\n',
    });
    expect(dry.stderr).toMatch(/^line 3: timeZone "Mars\/Base" .*\n$/);
    expect((await run(['locations', 'list', '--format', 'json'])).stdout).toBe('[]\n');

    const real = await importFile('locations', rows);
    expect(withoutIds(real.stdout)).toBe(
      'created location ID North Wharf\ncreated location ID -1\n2 created, 0 updated, 0 unchanged, 1 refused.\n',
    );
    const [north] = real.stdout.match(ID) ?? [];
    const listed = JSON.parse((await run(['locations', 'list', '--format', 'json'])).stdout);
    expect(listed.map(({ locationName }: { locationName: string }) => locationName)).toEqual([
      '-1',
      'North Wharf',
    ]);
    expect(listed[1]).toMatchObject({ locationId: north, timeZone: 'Europe/Berlin', address: null });
    const update = await importFile('locations', rows.replace('Berlin', 'Paris'), '--dry-run');
    expect(update.stdout).toContain(
      `line 2: location ${north} North Wharf would be updated\n0 created, 1 updated`,
    );
  });

  test('writes all ids to a file, or to standard output, as CSV', async () => {
    const rows = `userName\n${Array.from({ length: 25 }, (_, n) => `=user${n}`).join('\n')}\n`;
    const shown = await importFile('users', rows);
    expect(shown.stdout.match(ID)).toHaveLength(20);
    expect(shown.stderr).toBe('5 more rows are not shown; "--ids FILE" writes the ids of all.\n');
    const file = work.path('ids.csv');
    const written = await importFile('users', rows, '--ids', file);
    expect(written).toMatchObject({
      code: 0,
      stdout: '0 created, 0 updated, 25 unchanged, 0 refused.\n',
      stderr: '',
    });
    const ids = await readFile(file, 'utf8');
    expect(withoutIds(ids)).toMatch(/^line,result,id,name\r\n2,unchanged,ID,'=user0\r\n/);
    expect(ids.match(ID)).toHaveLength(25);
    const piped = await importFile('users', rows, '--ids', '-');
    expect(piped).toMatchObject({ stdout: ids, stderr: '0 created, 0 updated, 25 unchanged, 0 refused.\n' });
    const report = JSON.parse((await importFile('users', rows, '--json')).stdout);
    expect(report).toMatchObject({ unchanged: 25, dryRun: false, rows: { 0: { line: 2, name: '=user0' } } });
  });

  test('reads standard input, and reports once an encoding other than UTF-8', async () => {
    const rows = 'userName\nzoë\n';
    expect(await run(['import', 'users', '-'], rows)).toMatchObject({ code: 0, stderr: '' });
    const windows = await importFile('users', Buffer.from(rows, 'latin1'));
    expect(windows).toMatchObject({ code: 0, stderr: 'The file is read as Windows-1252.\n' });
    expect(windows.stdout).toMatch(/0 created, 0 updated, 1 unchanged/);
    expectOneSentence(await importFile('users', 'PK\x03\x04'), /^rollcall: The file is an Excel workbook/);
    expectOneSentence(await run(['import', 'users', work.dir]), /cannot be read \(EISDIR\)/);
  });

  test.each([
    [['users', 'f', '--replace-days'], '--replace-days has no effect with a file'],
    [['users', 'f', '--dry-run', '--ids', 'x'], '--ids has no effect with --dry-run'],
    [['users', '--template', '--dry-run'], '--dry-run has no effect with --template'],
    [['--from-export', 'f', '--strict'], '--strict has no effect with --from-export'],
  ])('refuses an option that has no effect: %j', async (args, message) => {
    expectOneSentence(await run(['import', ...args]), new RegExp(`The option ${message}: leave it out`));
  });

  test('does not follow a symbolic link in a folder', async () => {
    const folder = work.path('export');
    await mkdir(folder);
    await writeFile(join(folder, 'manifest.json'), '{}');
    await symlink('/etc', join(folder, 'users'));
    expectOneSentence(await run(['import', '--from-export', folder]), /export\/users is a symbolic link/);
  });
});

describe('a list', () => {
  beforeAll(async () => {
    await importFile('locations', 'locationName,timeZone\nHQ,UTC\n');
    await importFile(
      'desks',
      'deskName,zoneName,levelName,locationName\n"-1 ""a"", b",@z,+l,HQ\nD2,@z,+l,HQ\n',
    );
    await importFile('spaces', "spaceName,levelName,locationName,capacity\n'''Jetty',+l,HQ,4\n");
    await importFile('groups', 'groupName,groupType,parentGroupName\nRed,team,Coast\nCoast,team,\n');
    await importFile('users', 'userName,firstName,onboarded,primaryLocationName\nlin,Lin,yes,HQ\n');
  });

  test.each(['desks', 'spaces', 'users', 'groups'])(
    'of %s is, as CSV, valid input of an import',
    async (kind) => {
      const { stdout: csv } = await run([kind, 'list']);
      const [header = '', ...rows] = csv.trimEnd().split('\r\n');
      const word = kind.slice(0, -1);
      expect(header.split(',').slice(0, 2)).toEqual([`${word}Id`, `${word}Name`]);
      expect((await importFile(kind, csv)).stdout).toContain(
        `0 created, 0 updated, ${rows.length} unchanged, 0 refused.`,
      );
    },
  );

  test('can be searched in any case, and is shown as a table with id and name first', async () => {
    // No id contains a quote.
    const table = await run(['desks', 'list', '--search', '"A"', '--format', 'table']);
    const [header = '', row = '', ...others] = table.stdout.trimEnd().split('\n');
    expect(header.split(/ {2,}/)).toEqual([
      'deskId',
      'deskName',
      'zoneName',
      'levelName',
      'locationName',
      'status',
    ]);
    expect(withoutIds(row).split(/ {2,}/)).toEqual(['ID', '-1 "a", b', '@z', '+l', 'HQ', 'active']);
    expect(others).toEqual([]);
    const found = await run(['users', 'list', '--search', 'LIN', '--format', 'json']);
    expect(JSON.parse(found.stdout)).toMatchObject([
      { userName: 'lin', onboarded: true, primaryLocationName: 'HQ' },
    ]);
    const none = await run(['groups', 'list', '--search', 'xyz', '--format', 'table']);
    expect(none).toMatchObject({ code: 0, stdout: '', stderr: 'There are no such groups.\n' });
  });
});

test.each([
  [['import', 'people', 'f'], /Allowed choices are locations, desks, spaces, users, groups, week-plans/],
  [['submit'], /missing required argument 'kind'\nAllowed choices are presence, /],
  [
    ['keys', 'create', '--authentication', 'hmac', '--name', 'x'],
    /'--role <role>' not specified\nAllowed choices are .*warehouse/,
  ],
  [
    ['keys', 'drop'],
    /unknown command 'drop'\nAllowed choices are create, import, list, change, rotate, revoke/,
  ],
  [['users', 'list', '--org', 'none'], /There is no organisation none; there are default\./],
])('an error about a choice lists the choices: %j', async (args, message) => {
  const { code, stderr } = await work.rollcall(args, { env: { ROLLCALL_DATA_DIR: work.path('data') } });
  expect([code, stderr]).toEqual([1, expect.stringMatching(message)]);
});
