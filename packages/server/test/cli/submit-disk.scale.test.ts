import { existsSync } from 'node:fs';
import { readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { Submitting } from './submit-support.ts';
import { expectOneSentence, type Outcome } from './support.ts';

const setup = Submitting.forEachTest();

const CHUNK_ROWS = 4_000;
/** Larger than the state of a submission, and smaller than a few refused rows. */
const FILE_BLOCKS = 4;
const LONG = 'x'.repeat(1_000);

interface Row {
  /** The row itself is wrong, so that the command refuses it. */
  isBad?: boolean;
  note?: string;
}

async function fileOf(name: string, rows: readonly Row[]): Promise<string> {
  const { placeId } = setup.site.office;
  const lines = rows.map(({ isBad, note }, index) =>
    JSON.stringify({
      timestamp: new Date(Date.parse('2026-03-01T00:00:00Z') + index * 60_000).toISOString(),
      locationId: placeId,
      locationType: 'place',
      occupancy: isBad ? 'many' : index % 5,
      note,
    }),
  );
  await writeFile(setup.work.path(name), `${lines.join('\n')}\n`);
  return setup.work.path(name);
}

const submit = (file: string, fileBlocks?: number): Promise<Outcome> =>
  setup.work.rollcall(['submit', 'occupancy', file, '--source-id', file, ...setup.connection()], {
    ...setup.secret,
    ...(fileBlocks === undefined ? {} : { fileBlocks }),
  });

const filesBeside = async (name: string) =>
  (await readdir(setup.work.dir)).filter((each) => each.startsWith(name) && each !== name);

const notesIn = async (file: string) =>
  (await readFile(file, 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as Row).note);

describe('if refused rows cannot be written', () => {
  test('one sentence says so, no part of the file is left, and the same command sends the file', async () => {
    const bad = Array.from({ length: 5 }, (_, index) => ({ isBad: true, note: `${index} ${LONG}` }));
    const file = await fileOf('small.ndjson', [{}, ...bad, {}]);
    expectOneSentence(
      await submit(file, FILE_BLOCKS),
      /small\.ndjson\.rejected\.ndjson cannot be written: .*\(EFBIG\)\.$/m,
    );
    expect(await filesBeside('small.ndjson')).toEqual([]);
    const again = await submit(file);
    expect([again.code, again.stdout]).toEqual([2, '0 new, 2 there already, 5 refused.\n']);
    expect(await notesIn(`${file}.rejected.ndjson`)).toEqual(bad.map(({ note }) => note));
  });

  test('after the first rows were answered, the same command continues after them', async () => {
    const first = Array.from({ length: CHUNK_ROWS }, (_, index) =>
      index === 7 ? { isBad: true, note: 'first' } : {},
    );
    const bad = Array.from({ length: 5 }, (_, index) => ({ isBad: true, note: `${index} ${LONG}` }));
    const file = await fileOf('large.ndjson', [...first, ...bad, {}]);
    const full = await submit(file, FILE_BLOCKS);
    expectOneSentence(full, /cannot be written: .*\(EFBIG\)\.$/m);
    expect(full.stderr).toContain('The server has answered 4000 rows. Run the same command to continue.');
    expect(await notesIn(`${file}.rejected.ndjson`)).toEqual(['first']);
    const again = await submit(file);
    expect(again.stderr).toContain('Continuing after the first 4000 rows.');
    expect([again.code, again.stdout]).toEqual([2, '3,999 new, 1 there already, 6 refused.\n']);
    expect(await notesIn(`${file}.rejected.ndjson`)).toEqual(['first', ...bad.map(({ note }) => note)]);
    expect(await filesBeside('large.ndjson')).toEqual(['large.ndjson.rejected.ndjson']);
  });
});

test('if the command cannot record its progress, nothing is sent, and the same command sends the file', async () => {
  const file = await fileOf('state.ndjson', [{}]);
  await symlink('/dev/full', `${file}.submitting.new`);
  expectOneSentence(
    await submit(file),
    /state\.ndjson\.submitting cannot be written: the disk is full \(ENOSPC\)/,
  );
  expect(setup.proxy.count('/v1/occupancy')).toBe(0);
  expect(existsSync(`${file}.submitting`)).toBe(false);
  await rm(`${file}.submitting.new`, { force: true });
  expect(await submit(file)).toMatchObject({ code: 0, stdout: '1 new, 0 there already, 0 refused.\n' });
});

test('an unreadable row far into a file is refused alone, with its line and reason, as in a small file', async () => {
  const { placeId } = setup.site.office;
  const rows = Array.from(
    { length: 30_000 },
    (_, index) => `${new Date(index * 1000 + Date.parse('2026-03-02')).toISOString()},${placeId},place,1`,
  );
  rows.splice(25_000, 0, 'a "quote" that is wrong,,,');
  const file = setup.work.path('quote.csv');
  await writeFile(file, ['timestamp,locationId,locationType,occupancy', ...rows].join('\n'));
  const outcome = await submit(file);
  expect([outcome.code, outcome.stdout]).toEqual([2, '30,000 new, 0 there already, 1 refused.\n']);
  expect(await readFile(`${file}.rejected.csv`, 'utf8')).toMatch(
    /\r\n"a ""quote"" that is wrong",,,,line 25002: the row has a quote in the middle of a value/,
  );
});
