import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CSV_KINDS } from '../../src/csv-import/kinds.ts';
import { csvExample } from '../../src/csv-import/template.ts';
import { lockTable, untilSomeoneWaits } from './locks.ts';
import {
  expectOneSentence,
  type Key,
  logIn,
  type Outcome,
  postJson,
  processesNaming,
  type Rollcall,
  until,
  Workspace,
} from './support.ts';

let work: Workspace;
let data: string[];
let server: Rollcall;
let baseUrl: string;
let token: string;
beforeAll(async () => {
  work = await Workspace.create();
  data = ['--data-dir', work.path('data')];
  ({ server, baseUrl } = await work.start(['serve', ...data]));
  const properties = ['--role', 'all', '--authentication', 'hmac', '--name', 'test'];
  ({ token } = await logIn(baseUrl, await work.json<Key>(['keys', 'create', ...data, ...properties])));
});
afterAll(async () => {
  await server.stop();
  await work.close();
});

describe('import', () => {
  const importFile = async (kind: string, text: string, ...more: string[]): Promise<Outcome> => {
    const file = work.path(`${kind}.csv`);
    await writeFile(file, text);
    return work.rollcall(['import', kind, file, ...data, ...more]);
  };

  test('the output of --template can be imported, and a second import changes nothing', async () => {
    for (const kind of ['locations', 'users'] as const) {
      const { stdout: example } = await work.rollcall(['import', kind, '--template']);
      expect(example.trimEnd()).toBe(csvExample(CSV_KINDS[kind]).trimEnd());
      expect(await importFile(kind, example)).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('1 created, 0 updated, 0 unchanged, 0 refused.\n'),
        stderr: '',
      });
    }
    const again = await importFile('users', csvExample(CSV_KINDS.users));
    expect(again.stdout).toContain('0 created, 0 updated, 1 unchanged, 0 refused.\n');
  });

  test('a refused row is named by its line and gives exit code 1, and with --strict nothing is stored', async () => {
    const rows = 'userName,primaryLocationName\ngood@example.com,Harbour House\nbad@example.com,Nowhere\n';
    const strict = await importFile('users', rows, '--strict');
    expect(strict).toMatchObject({ code: 1, stdout: 'Nothing was stored: 1 refused.\n' });
    const lenient = await importFile('users', rows, '--json');
    expect(lenient.code).toBe(1);
    expect(JSON.parse(lenient.stdout)).toMatchObject({ created: 1, refused: [{ line: 3 }] });
    const again = await importFile('users', rows);
    expect(again.stderr).toBe('line 3: primaryLocationName "Nowhere" is not known\n');
    expect(again.stdout).toContain('0 created, 0 updated, 1 unchanged, 1 refused.\n');
  });

  test('an unreadable or missing file is refused in one sentence', async () => {
    const [missing, directory, none] = await Promise.all([
      work.rollcall(['import', 'users', work.path('nothing.csv'), ...data]),
      work.rollcall(['import', 'users', work.dir, ...data]),
      work.rollcall(['import', 'users', ...data]),
    ]);
    expectOneSentence(missing, /^rollcall: The file \S+nothing\.csv cannot be read \(ENOENT\)\.\n$/);
    expectOneSentence(directory, /^rollcall: The file \S+ cannot be read \(EISDIR\)\.\n$/);
    expectOneSentence(none, /^rollcall: Name a file; /);
  });
});

describe('events tail', () => {
  const ESCAPES = 'door \u001b[2J\u009b31m\r\n2';

  const submit = async (eventId: string, userEmail: string): Promise<void> => {
    const event = {
      eventId,
      timestamp: new Date().toISOString(),
      locationId: '3f0c5a52-6d0e-4f0e-9d53-0a4f6b0f5c01',
      locationType: 'location',
      userEmail,
    };
    const reply = await postJson(
      `${baseUrl}/v1/presence`,
      { sourceId: ESCAPES, presenceEvents: [event] },
      token,
    );
    expect(reply.status).toBe(200);
  };

  test('shows each event as one line, refused ones with the reason, until Ctrl-C', async () => {
    const [all, refused, asJson] = [[], ['--refused'], ['--json']].map((more) =>
      work.spawn(['events', 'tail', ...data, ...more]),
    ) as [Rollcall, Rollcall, Rollcall];
    for (const tail of [all, refused, asJson])
      await until(() => tail.stderr.includes('Ctrl-C ends the command'));

    await submit('arrived', 'ada@example.com');
    await submit('stranger', 'nobody@example.com');
    await until(() => [all, asJson].every(({ stdout }) => stdout.split('\n').length === 3));
    await until(() => refused.stdout !== '');

    for (const tail of [all, refused, asJson]) {
      tail.signalGroup('SIGINT');
      expect(await tail.exited).toMatchObject({ code: 0 });
      expect(tail.stdout).not.toMatch(/[^\P{Cc}\n]/u);
    }
    const [stored, notStored] = all.stdout.split('\n');
    expect(stored).toMatch(
      /^\S+Z {2}presence {2}"door .*" "arrived" {2}stored {2}ada@example\.com at Harbour House$/,
    );
    expect(notStored).toMatch(/^\S+Z {2}presence {2}"door .*" "stranger" {2}refused \(1\) {2}\S.*user/i);
    expect(refused.stdout).toBe(`${notStored}\n`);
    expect(
      asJson.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toMatchObject([
      { eventId: 'arrived', sourceId: ESCAPES, resultCode: 0, userName: 'ada@example.com' },
      { eventId: 'stranger', sourceId: ESCAPES, resultCode: 1 },
    ]);
  });

  test('ends without an error when its reader closes the pipe', async () => {
    const tail = work.spawn(['events', 'tail', ...data]);
    await until(() => tail.stderr.includes('Ctrl-C ends the command'));
    tail.stopReading();
    await submit('unread', 'ada@example.com');
    const { code, stderr } = await tail.exited;
    expect(code).toBe(0);
    expect(stderr).toMatch(/^Received events of .*; Ctrl-C ends the command\.\n$/);
    expect(processesNaming(`events tail ${data.join(' ')}`)).toEqual([]);
  });
});

describe('events list', () => {
  test('shows refused events, counts them by reason, and restricts them with --since', async () => {
    const refused = {
      eventId: 'of nobody',
      timestamp: new Date().toISOString(),
      locationId: '00000000-0000-4000-8000-000000000000',
      locationType: 'location',
      userEmail: 'nobody@example.com',
    };
    const events = [refused, { ...refused, eventId: 'of nobody again' }];
    await postJson(`${baseUrl}/v1/presence`, { sourceId: 'list', presenceEvents: events }, token);
    const list = (...more: string[]) => work.rollcall(['events', 'list', ...data, ...more]);
    const plain = await list('--since', '1h');
    expect(plain.code).toBe(0);
    expect(plain.stdout).toMatch(/^refused +endpoint +source +event +code +cause +reason\n/);
    expect(plain.stdout).toContain('"of nobody again"');
    const grouped = await list('--since', '1h', '--group-by', 'reason', '--json');
    const groups = grouped.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { count: number; lastSourceId: string });
    const ours = groups.find(({ lastSourceId }) => lastSourceId === 'list');
    expect(ours?.count).toBeGreaterThanOrEqual(2);
    expect(await list('--since', '2999-01-01')).toMatchObject({ stderr: 'Nothing was refused.\n' });
    const causes = await list('--since', '1h', '--group-by', 'cause', '--cause', 'unknownUser');
    expect(causes.stdout).toMatch(
      /^count +can be retried +cause +endpoints +last +last reason\n\d+ +\d+ +unknownUser +presence /,
    );
    expect((await list('--group-by', 'source')).stderr).toContain('Allowed choices are cause, reason.');
  });
});

describe('events retry', () => {
  const eventOf = (eventId: string, userEmail: string) => ({
    eventId,
    timestamp: new Date().toISOString(),
    locationId: '3f0c5a52-6d0e-4f0e-9d53-0a4f6b0f5c01',
    locationType: 'location',
    userEmail,
  });

  test('stores refused events whose cause is mended, and names the others', async () => {
    const presenceEvents = [
      eventOf('of Grace', 'grace@example.com'),
      eventOf('of a stranger', 'stranger@example.com'),
    ];
    const began = new Date().toISOString();
    await postJson(`${baseUrl}/v1/presence`, { sourceId: 'retry', presenceEvents }, token);
    const file = work.path('grace.csv');
    await writeFile(file, 'userName\ngrace@example.com\n');
    await work.rollcall(['import', 'users', file, ...data]);
    const retry = (...more: string[]) => work.rollcall(['events', 'retry', ...data, ...more]);
    const outcome = await retry('--since', began, '--cause', 'unknownUser');
    expect(outcome).toMatchObject({ code: 1, stdout: '1 stored, 1 refused again, 0 not tried.\n' });
    expect(outcome.stderr).toMatch(/^"of a stranger" unknownUser: .*\n$/);
    const listed = await work.rollcall([
      'events',
      'list',
      ...data,
      '--since',
      began,
      '--state',
      'mended',
      '--json',
    ]);
    const mended = JSON.parse(listed.stdout) as { refusalId: string; eventId: string; triedBy: string };
    expect(mended).toMatchObject({ eventId: 'of Grace', triedBy: 'rollcall events retry' });
    const again = await retry(mended.refusalId, '--json');
    expect(JSON.parse(again.stdout)).toMatchObject({
      result: 'skipped',
      reason: 'the event is mended already',
    });
    expectOneSentence(await retry('nonsense'), /^rollcall: "nonsense" is no id of a refused event\.\n$/);
  });

  test('tries no further event after an interruption, and has another exit code', async () => {
    const event = eventOf('of somebody else', 'somebody-else@example.com');
    const began = new Date().toISOString();
    await postJson(`${baseUrl}/v1/presence`, { sourceId: 'interrupted', presenceEvents: [event] }, token);
    const { refusalId } = await work.json<{ refusalId: string }>([
      'events',
      'list',
      ...data,
      '--since',
      began,
    ]);
    const ids = Array.from({ length: 300 }, () => refusalId);
    const unlock = await lockTable(work.path('data'), 'refused_events');
    const retry = work.spawn(['events', 'retry', ...data, ...ids, '--json']);
    await untilSomeoneWaits(work.path('data'), 'refused_events');
    retry.signalGroup('SIGINT');
    await unlock();
    const { code, stdout } = await retry.exited;
    expect(code).toBe(130);
    // The event that the command tries ends, and the signal may reach the command an event later.
    expect(stdout.split('\n').filter(Boolean).length).toBeLessThan(ids.length / 10);
  });
});
