import { existsSync } from 'node:fs';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { SUBMIT_KINDS, type SubmitKindName } from '../../src/cli/submit/kinds.ts';
import { type PresenceRow, presenceRows } from '../support/presence.ts';
import { Submitting } from './submit-support.ts';
import { expectOneSentence } from './support.ts';

const setup = Submitting.forEachTest();
const { connection, submit } = setup;

async function fileOf(name: string, ...lines: string[]): Promise<string> {
  await writeFile(setup.work.path(name), lines.map((line) => `${line}\n`).join(''));
  return setup.work.path(name);
}

/** The stored events of a source, over March 2026. */
async function stored(sourceId: string): Promise<PresenceRow[]> {
  return (await presenceRows(setup.server, setup.site)).filter((row) => row.sourceId === sourceId);
}

const HEADER = 'timestamp,locationId,locationType,userEmail,badge colour';

describe('a CSV file', () => {
  test('is sent; refused rows go to a file for correction, and sending the file again stores nothing twice', async () => {
    const { locationId } = setup.site.office;
    const file = await fileOf(
      'door.csv',
      HEADER,
      `2026-03-02T09:00:00Z,${locationId},location,${setup.site.user.email},red`,
      `2026-03-02T09:01:00Z,${locationId},location,nobody@example.com,"bl""ue, dark"`,
      `,${locationId},location,${setup.site.user.email},green`,
      `2026-03-02T09:03:00Z,${locationId},location,${setup.site.user.email},red,blue`,
      `2026-03-02T09:04:00Z,${locationId},location,${setup.site.user.email},red`,
    );
    const first = await submit('presence', file, '--source-id', 'door');
    expect([first.code, first.stdout]).toEqual([2, '2 new, 0 there already, 3 refused.\n']);
    expect(first.stderr).toContain(`${file}.rejected.csv`);
    expect(existsSync(`${file}.submitting`)).toBe(false);

    const rejected = await readFile(`${file}.rejected.csv`, 'utf8');
    const [header, unknown, missing, long] = rejected.split('\r\n');
    expect(header).toBe(`${HEADER},rejectedReason`);
    expect(unknown).toMatch(
      /^2026-03-02T09:01:00Z,[^,]+,location,nobody@example\.com,"bl""ue, dark",line 3: userEmail: no active user/,
    );
    expect(missing).toMatch(/^,.*,green,line 4: timestamp is missing$/);
    expect(long).toMatch(/,"red,blue",line 5: the row has 6 cells where the header has 5$/);

    // A repeat would overwrite refused rows that still need correction.
    expectOneSentence(await submit('presence', file, '--source-id', 'door'), /rejected\.csv exists already/);
    const again = await submit(
      'presence',
      file,
      '--source-id',
      'door',
      '--refused',
      setup.work.path('again.csv'),
    );
    expect([again.code, again.stdout]).toEqual([2, '0 new, 2 there already, 3 refused.\n']);
    expect(await readFile(setup.work.path('again.csv'), 'utf8')).toBe(rejected);
    expect(await stored('door')).toHaveLength(2);

    const mended = setup.work.path('mended.csv');
    const text = rejected
      .replace('nobody@example.com', setup.site.user.email)
      .replace('\r\n,', '\r\n2026-03-02T09:02:00Z,');
    await writeFile(mended, text);
    const third = await submit('presence', mended, '--source-id', 'door', '--json');
    expect(third.code).toBe(0);
    expect(JSON.parse(third.stdout)).toEqual({ rows: 3, new: 3, known: 0, rejected: 0, rejectedFile: null });
    expect(await stored('door')).toHaveLength(5);
  });

  test('without a required column is refused in one sentence, and nothing is sent', async () => {
    const file = await fileOf('short.csv', 'timestamp,locationId', '2026-03-02T09:00:00Z,x');
    expectOneSentence(
      await submit('presence', file),
      /needs the column locationType\. --map says which column it is\.$/m,
    );
    expect(setup.proxy.seen.filter(({ path }) => path === '/v1/presence')).toEqual([]);
  });

  test('has the format that --template prints', async () => {
    const kinds = Object.keys(SUBMIT_KINDS) as SubmitKindName[];
    const reasons = kinds.map(async (kind) => {
      const { stdout: example } = await setup.work.rollcall(['submit', kind, '--template']);
      const file = await fileOf(`template-${kind}.csv`, example.trimEnd());
      expect(await submit(kind, file)).toMatchObject({
        code: 2,
        stdout: '0 new, 0 there already, 1 refused.\n',
      });
      return readFile(`${file}.rejected.csv`, 'utf8');
    });
    // The server knows neither this node nor this user. The command found no fault.
    for (const reason of await Promise.all(reasons)) expect(reason).toMatch(/: no active (user|location)/);
  });
});

test('--rejected, the former name of --refused, still works, but not together with --refused', async () => {
  const file = await fileOf('earlier.csv', HEADER, `,${setup.site.office.locationId},location,a,red`);
  const [earlier, now] = [setup.work.path('earlier-name.csv'), setup.work.path('name-of-now.csv')];
  expect(await submit('presence', file, '--rejected', earlier)).toMatchObject({ code: 2 });
  expect(await readFile(earlier, 'utf8')).toContain('timestamp is missing');
  const both = await submit('presence', file, '--rejected', earlier, '--refused', now);
  expectOneSentence(both, /--rejected <path>' cannot be used with option '--refused <path>'/);
  expect(existsSync(now)).toBe(false);
  const { stdout: help } = await setup.work.rollcall(['submit', '--help']);
  expect(help).toContain('--refused <path>');
  expect(help).not.toContain('--rejected');
});

test('NDJSON is accepted on standard input, an event keeps its id, and a line that is not JSON is kept unchanged', async () => {
  const at = { locationId: setup.site.office.placeId, locationType: 'place' };
  const lines = [
    JSON.stringify({ eventId: 'mine', timestamp: '2026-03-03T09:00:00Z', ...at, occupied: true }),
    JSON.stringify({ timestamp: '2026-03-03T10:00:00Z', ...at, occupancy: 3, room: 'kept' }),
    JSON.stringify({ timestamp: '2026-03-03T10:00:00Z', ...at, occupancy: 'three', room: 'kept' }),
    '{"timestamp": ',
  ];
  const rejected = setup.work.path('sensors.rejected');
  const run = () =>
    setup.work.rollcall(
      ['submit', 'occupancy', '-', '--format', 'ndjson', '--rejected', rejected, ...connection()],
      { ...setup.secret, input: lines.join('\n') },
    );
  for (const stored of ['2 new, 0', '0 new, 2']) {
    await rm(rejected, { force: true });
    expect(await run()).toMatchObject({ code: 2, stdout: `${stored} there already, 2 refused.\n` });
  }
  const [three, broken] = (await readFile(rejected, 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(three).toEqual({
    ...JSON.parse(lines[2] ?? ''),
    rejectedReason: 'line 3: occupancy is not a number',
  });
  expect(broken).toEqual({
    rejectedText: '{"timestamp": ',
    rejectedReason: 'line 4: the line is not a JSON object',
  });
  const reply = await setup.server.app.inject({
    url: '/v1/analytics/occupancy/basic?startDate=2026-03-01&endDate=2026-03-31',
    headers: setup.site.headers,
  });
  const ids = (reply.json() as { eventId: string }[]).map(({ eventId }) => eventId);
  expect(ids.toSorted()).toEqual(['mine', expect.stringMatching(/^row-.{22}$/)]);
});

describe('one sentence refuses a submission', () => {
  test('with a wrong secret, also from standard input', async () => {
    const file = await fileOf(
      'good.csv',
      HEADER,
      `2026-03-02T09:00:00Z,x,location,${setup.site.user.email},red`,
    );
    const wrong = await setup.work.rollcall(['submit', 'presence', file, ...connection()], {
      input: 'wrong\n',
    });
    expectOneSentence(wrong, /AuthenticationError/);
    await rename(file, setup.work.path('good.txt'));
    expectOneSentence(await submit('presence', setup.work.path('good.txt')), /--format/);
  });

  test('without a server, a key, a file or a secret', async () => {
    const file = await fileOf('any.csv', HEADER);
    const run = (...args: string[]) => setup.work.rollcall(['submit', 'presence', ...args]);
    const [server, key, missing, secretless, taken] = await Promise.all([
      run(file),
      run(file, '--base-url', setup.proxy.baseUrl),
      run(setup.work.path('none.csv'), ...connection()),
      run(file, ...connection()),
      run('-', '--format', 'csv', ...connection()),
    ]);
    expectOneSentence(server, /--base-url/);
    expectOneSentence(key, /--key/);
    expectOneSentence(missing, /none\.csv cannot be read \(ENOENT\)/);
    expectOneSentence(secretless, /secret is empty/);
    expectOneSentence(taken, /ROLLCALL_SECRET/);
  });
});
