import { readFile, writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { presenceRows } from '../support/presence.ts';
import { Submitting } from './submit-support.ts';
import { expectOneSentence, type Outcome, until } from './support.ts';

const setup = Submitting.forEachTest();

const utf16be = (text: string) => Buffer.from(text, 'utf16le').swap16();

async function fileOf(name: string, content: Buffer | string): Promise<string> {
  await writeFile(setup.work.path(name), content);
  return setup.work.path(name);
}

const lines = (...rows: string[]) => rows.map((row) => `${row}\r\n`).join('');

/** The reported encodings, each report once. */
const encodingIn = ({ stderr }: Outcome) =>
  [...stderr.matchAll(/^The file is read as (.*)\.$/gm)].map(([, encoding]) => encoding).join();

/** The rows of a file of refused rows, without the header. */
const rejectedOf = async (file: string) =>
  (await readFile(`${file}.rejected.csv`, 'utf8')).trimEnd().split('\r\n').slice(1);

async function storedIds(sourceId: string): Promise<string[]> {
  const rows = await presenceRows(setup.server, setup.site);
  return rows
    .filter((row) => row.sourceId === sourceId)
    .map(({ eventId }) => eventId)
    .toSorted();
}

const HEADER = ['eventId', 'timestamp', 'locationId', 'locationType', 'userEmail', 'note'];
const row = (eventId: string, minute: number, note = '') => [
  eventId,
  `2026-03-02T09:0${minute}:00Z`,
  setup.site.office.locationId,
  'location',
  setup.site.user.email,
  note,
];
const table = (delimiter: string) => [
  HEADER.join(delimiter),
  row('Tür 1', 1).join(delimiter),
  row('Tür 2', 2, `a${delimiter === ',' ? ';' : ','}b`).join(delimiter),
];

describe('a CSV file', () => {
  test.each<[string, () => Buffer | string, string]>([
    ['with a byte order mark and a line sep=;', () => `\ufeff${lines('sep=;', ...table(';'))}`, ''],
    [
      'with padded and short rows',
      () => lines(...table(',').map((line) => ` ${line.replaceAll(',', ' , ').replace(/[ ,]+$/, '')} `)),
      '',
    ],
    [
      'with empty cells and rows too many',
      () => lines('', ...table(',').map((line) => `${line},,`), ',,'),
      '',
    ],
    ['of UTF-16 with a mark', () => Buffer.from(`\ufeff${lines(...table(';'))}`, 'utf16le'), 'UTF-16LE'],
    ['of UTF-16 without a mark', () => Buffer.from(lines(...table('\t')), 'utf16le'), 'UTF-16LE'],
    ['of Windows-1252', () => Buffer.from(lines(...table(';')), 'latin1'), 'Windows-1252'],
  ])('%s is read like any other', async (name, content, encoding) => {
    const file = await fileOf('form.csv', content());
    const outcome = await setup.submit('presence', file, '--source-id', name);
    expect(outcome).toMatchObject({ code: 0, stdout: '2 new, 0 there already, 0 refused.\n' });
    expect(encodingIn(outcome)).toBe(encoding);
    expect(await storedIds(name)).toEqual(['Tür 1', 'Tür 2']);
  });

  test.each(['', '\ufeff', '\r\n\r\n'])('without a header row is refused (%j)', async (text) => {
    const file = await fileOf('empty.csv', text);
    expectOneSentence(await setup.submit('presence', file), /The file is empty\.$/m);
    expect(setup.proxy.seen).toEqual([]);
  });

  test('is accepted on standard input in any encoding', async () => {
    const outcome = await setup.work.rollcall(
      ['submit', 'presence', '-', '--format', 'csv', '--source-id', 'input', ...setup.connection()],
      { ...setup.secret, input: Buffer.from(`\ufeff${lines('sep=;', ...table(';'))}`, 'utf16le') },
    );
    expect([outcome.code, encodingIn(outcome)]).toEqual([0, 'UTF-16LE']);
    expect(await storedIds('input')).toEqual(['Tür 1', 'Tür 2']);
  });

  test("from an export or a spreadsheet loses one ' that guards a value, and no other", async () => {
    const ids = ["'+49", "''x", "'90s", "'=1", '-7'];
    const rows = ids.map((id, index) => row(id, index).join(','));
    const file = await fileOf('guarded.csv', lines(HEADER.join(','), ...rows));
    const outcome = await setup.submit('presence', file, '--source-id', 'guarded');
    expect(outcome).toMatchObject({ code: 0, stdout: '5 new, 0 there already, 0 refused.\n' });
    expect(await storedIds('guarded')).toEqual(['+49', "'x", "'90s", '=1', '-7'].toSorted());
  });

  test('has booleans in any spelling, and the error for a wrong one lists the choices', async () => {
    const spellings = ['yes', 'No', '1', '0', 'TRUE', 'false', 'maybe'];
    const header = 'timestamp,locationId,locationType,occupied';
    const rows = spellings.map((each, index) => `2026-03-02T09:0${index}:00Z,x,place,${each}`);
    const file = await fileOf('booleans.csv', lines(header, ...rows));
    const { stdout } = await setup.work.rollcall(['submit', 'occupancy', file, '--preview', '9']);
    const found = stdout.split('\n').map((line) => /"occupied":(\w+)|refused: .*/.exec(line));
    expect(found.slice(0, 6).map((match) => match?.[1])).toEqual([
      'true',
      'false',
      'true',
      'false',
      'true',
      'false',
    ]);
    expect(found[6]?.[0]).toBe('refused: occupied "maybe" is none of yes, no, true, false, 1 or 0');
  });
});

describe('an unreadable row', () => {
  test('is refused alone, with its line and reason, and keeps its cells in their columns for correction', async () => {
    const [, at, place, kind, who] = row('', 1);
    const file = await fileOf(
      'stray.csv',
      lines(
        `${HEADER.join(';')};size`,
        row('1', 1).join(';'),
        `gate 24";${at};${place};${kind};${who}`,
        `3; "2026-03-02T09:03:00Z";${place};${kind};${who};"a, b"`,
        `4;${at};${place};${kind};"${who}`,
        `5;${at};${place};${kind};${who};"c;d";XL;more`,
        row('6', 6, '"e;f"').join(';'),
      ),
    );
    const outcome = await setup.submit('presence', file, '--source-id', 'stray');
    expect([outcome.code, outcome.stdout]).toEqual([2, '2 new, 0 there already, 4 refused.\n']);
    expect(await storedIds('stray')).toEqual(['1', '6']);
    const middle = (line: number) =>
      `line ${line}: the row has a quote in the middle of a value; quote the whole value and double each quote in it`;
    expect(await rejectedOf(file)).toEqual([
      `"gate 24""",${at},${place},${kind},${who},,,${middle(3)}`,
      `3," ""2026-03-02T09:03:00Z""",${place},${kind},${who},"""a, b""",,${middle(4)}`,
      expect.stringMatching(`^4,${at},${place},${kind},"""${who}",,,"?line 5: the row has a quote `),
      `5,${at},${place},${kind},${who},c;d,"XL,more",line 6: the row has 8 cells where the header has 7`,
    ]);

    const text = await readFile(`${file}.rejected.csv`, 'utf8');
    const mended = await fileOf('mended.csv', text.replaceAll(/ ?""|(?<=XL),more/g, ''));
    expect(await setup.submit('presence', mended, '--source-id', 'stray')).toMatchObject({
      code: 0,
      stdout: '4 new, 0 there already, 0 refused.\n',
    });
    expect(await storedIds('stray')).toEqual(['1', '3', '4', '5', '6', 'gate 24']);
  });

  test('is counted once if a run continues, also in a file of another encoding', async () => {
    const CHUNK_ROWS = 4_000;
    const at = (index: number) => new Date(Date.parse('2026-03-03') + index * 1_000).toISOString();
    const rows = Array.from(
      { length: CHUNK_ROWS + 20 },
      (_, index) => `${at(index)};${setup.site.office.placeId};place;${index % 5};a\nb`,
    ).map((each) => each.replace(/a\nb$/, '"a\nb"'));
    const bad = (note: string) => `${note} "quote";;;;${'x'.repeat(1_000)}`;
    rows.splice(7, 0, bad('first'));
    rows.splice(CHUNK_ROWS + 3, 0, ...[1, 2, 3, 4, 5].map((each) => bad(`${each}`)));
    const text = ['sep=;', 'timestamp;locationId;locationType;occupancy;note', ...rows].join('\n');
    const file = await fileOf('resumed.csv', Buffer.from(text, 'utf16le'));
    const run = (fileBlocks?: number) =>
      setup.work.rollcall(['submit', 'occupancy', file, ...setup.connection()], {
        ...setup.secret,
        ...(fileBlocks === undefined ? {} : { fileBlocks }),
      });
    // Larger than the state of a submission, and smaller than the refused rows.
    const full = await run(6);
    expect(full.stderr).toMatch(/\(EFBIG\)\.$/m);
    expect(full.stderr).toContain('The server has answered 4000 rows. Run the same command to continue.');
    const rest = await run();
    expect(rest.stderr).toContain('Continuing after the first 4000 rows.');
    // The events beside the last refused rows were stored before the disk was full.
    expect([rest.code, rest.stdout]).toEqual([2, '3,999 new, 21 there already, 6 refused.\n']);
    // Each earlier row has two lines.
    const before = [2 + 7 * 2 + 1, ...[0, 1, 2, 3, 4].map((each) => 2 + (CHUNK_ROWS + 2) * 2 + 2 + each)];
    expect((await rejectedOf(file)).map((each) => /line (\d+): the row has a quote/.exec(each)?.[1])).toEqual(
      before.map(String),
    );
  });
});

describe('NDJSON', () => {
  const event = (index: number) => {
    const [, timestamp = '', locationId = '', locationType = '', userEmail = ''] = row('', index);
    return JSON.stringify({ eventId: `ü${index}`, timestamp, locationId, locationType, userEmail });
  };

  test.each<[string, (text: string) => Buffer, string]>([
    ['UTF-16 with a mark', (text) => Buffer.from(`\ufeff${text}`, 'utf16le'), 'UTF-16LE'],
    ['UTF-16 without a mark, the high byte first', utf16be, 'UTF-16BE'],
    ['Windows-1252', (text) => Buffer.from(text, 'latin1'), 'Windows-1252'],
  ])('of %s is read', async (name, encode, encoding) => {
    const file = await fileOf('events.ndjson', encode(`${event(1)}\n${event(2)}\n`));
    const outcome = await setup.submit('presence', file, '--source-id', name);
    expect(outcome).toMatchObject({ code: 0, stdout: '2 new, 0 there already, 0 refused.\n' });
    expect(encodingIn(outcome)).toBe(encoding);
    expect(await storedIds(name)).toEqual(['ü1', 'ü2']);
  });

  test('that is damaged is refused in one sentence with the line, and nothing is sent', async () => {
    const damaged = Buffer.concat([
      Buffer.from(`${event(1)}\n${event(2)}\n`),
      Buffer.from([0x22, 0x81, 0x0a]),
    ]);
    const file = await fileOf('damaged.ndjson', damaged);
    expectOneSentence(await setup.submit('presence', file), /Line 3 is not valid UTF-8/);
    expect(setup.proxy.seen).toEqual([]);
  });
});

test('Ctrl-C ends a run that waits for standard input', async () => {
  const run = setup.work.spawn(
    ['submit', 'presence', '-', '--format', 'csv', '--source-id', 'waits', ...setup.connection()],
    { ...setup.secret, input: Buffer.from(lines(...table(',')), 'utf16le'), isInputOpen: true },
  );
  // The command reports this when it has read all input.
  await until(() => run.stderr.includes('UTF-16LE') || run.hasEnded);
  run.signal('SIGINT');
  const { code, stderr } = await run.exited;
  expect([code, stderr]).toEqual([
    130,
    expect.stringContaining('You can send all of it again: the server stores nothing twice.'),
  ]);
});
