import { existsSync } from 'node:fs';
import { appendFile, open, readFile, writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { presenceRows } from '../support/presence.ts';
import { Submitting } from './submit-support.ts';
import { expectOneSentence, until } from './support.ts';

const setup = Submitting.forEachTest();
const { connection, submit } = setup;

/** The ids of the stored events of a source, over March 2026. */
async function stored(sourceId: string): Promise<string[]> {
  const rows = await presenceRows(setup.server, setup.site);
  return rows.filter((row) => row.sourceId === sourceId).map(({ eventId }) => eventId);
}

/** The numbers of stored rows, new or repeated, and of refused rows, in the output of the command. */
function counted(stdout: string): number[] {
  const [, fresh = '', known = '', rejected = ''] =
    /^([\d,]+) new, ([\d,]+) there already, ([\d,]+) refused\.\n$/.exec(stdout) ?? [];
  const [a, b, c] = [fresh, known, rejected].map((text) => Number(text.replaceAll(',', '')));
  return [(a ?? 0) + (b ?? 0), c ?? 0];
}

test('the next chunk is sent while the last call of a chunk waits, and progress is recorded in order', async () => {
  const file = setup.work.path('pipelined.csv');
  const { placeId } = setup.site.office;
  const lines = Array.from({ length: 8_000 }, (_, index) => {
    const at = new Date(Date.parse('2026-03-04T00:00:00Z') + index * 1000).toISOString();
    return `p${index},${at},${placeId},place,${index % 4_000 === 0 ? 'nobody' : setup.site.user.email}`;
  });
  await writeFile(file, ['eventId,timestamp,locationId,locationType,userEmail', ...lines, ''].join('\n'));
  // The first call waits until all calls of the second chunk are there.
  let release = (): void => undefined;
  const all = new Promise<void>((resolve) => {
    release = resolve;
  });
  setup.proxy.hold = ({ body }) => {
    if (setup.proxy.count('/v1/presence') === 80) release();
    return body.includes('"eventId":"p1"') ? all : undefined;
  };
  const outcome = await submit('presence', file, '--source-id', 'pipelined');
  expect([outcome.code, counted(outcome.stdout)]).toEqual([2, [7_998, 2]]);
  const refused = (await readFile(`${file}.rejected.csv`, 'utf8')).trimEnd().split('\r\n').slice(1);
  expect(refused.map((line) => line.split(',', 1)[0])).toEqual(['p0', 'p4000']);
});

describe('a run that ends early', () => {
  const ROWS = 9_000;
  const CHUNK_CALLS = 40;

  /** A file with an unknown user in every thousandth row. In UTF-16, it has an unreadable row instead. */
  async function history(name: string, encoding: 'utf8' | 'utf16le' = 'utf8'): Promise<string> {
    const { placeId } = setup.site.office;
    const lines = Array.from({ length: ROWS }, (_, index) => {
      const at = new Date(Date.parse('2026-03-04T00:00:00Z') + index * 1000).toISOString();
      const bad = encoding === 'utf8' ? 'nobody' : ' "quoted"';
      return `e${index},${at},${placeId},place,${index % 1000 === 999 ? bad : setup.site.user.email}`;
    });
    await writeFile(
      setup.work.path(name),
      ['eventId,timestamp,locationId,locationType,userEmail', ...lines, ''].join('\n'),
      encoding,
    );
    return setup.work.path(name);
  }

  /** Starts a run. Resolves when it has recorded its first chunk, and gets no more answers to its second. */
  async function begin(file: string, sourceId: string) {
    const isLate = (body: string) => Number(/"eventId":"e(\d+)"/.exec(body)?.[1]) >= 100 * (CHUNK_CALLS + 20);
    setup.proxy.fate = ({ body }) => (isLate(body) ? { delayMs: 60_000 } : 'pass');
    const run = setup.work.spawn(
      ['submit', 'presence', file, '--source-id', sourceId, ...connection()],
      setup.secret,
    );
    const recorded = async () => {
      const state = await readFile(`${file}.submitting`, 'utf8').catch(() => '{}');
      return (JSON.parse(state) as { rows?: number }).rows === 100 * CHUNK_CALLS;
    };
    await until(
      async () => run.hasEnded || (setup.proxy.seen.some(({ body }) => isLate(body)) && (await recorded())),
    );
    return run;
  }

  test.each([
    ['SIGKILL', null, 'utf8'],
    ['SIGINT', 130, 'utf8'],
    ['SIGKILL', null, 'utf16le'],
    ['SIGINT', 130, 'utf16le'],
  ] as const)(
    'by %s (%s, %s) can continue: every row arrives once, and is refused once',
    async (signal, code, encoding) => {
      const sourceId = `${signal}-${encoding}`;
      const file = await history(`${sourceId}.csv`, encoding);
      const run = await begin(file, sourceId);
      run.signal(signal);
      const outcome = await run.exited;
      expect(outcome.code).toBe(code);
      if (signal === 'SIGINT')
        expect(outcome.stderr).toMatch(
          /The server has answered 4000 rows\. Run the same command to continue/,
        );
      // This simulates an end between two of its writes.
      await appendFile(`${file}.rejected.csv`, 'half a row,');

      setup.proxy.reset();
      const rest = await submit('presence', file, '--source-id', sourceId);
      expect([rest.code, counted(rest.stdout)]).toEqual([2, [ROWS - 9, 9]]);
      expect(rest.stderr).toContain('Continuing after the first 4000 rows.');
      expect(setup.proxy.count('/v1/presence')).toBe(ROWS / 100 - CHUNK_CALLS);
      const ids = await stored(sourceId);
      expect(ids).toHaveLength(ROWS - 9);
      expect(new Set(ids).size).toBe(ROWS - 9);
      const rejected = (await readFile(`${file}.rejected.csv`, 'utf8')).trimEnd().split('\r\n');
      expect(rejected.slice(1).map((line) => line.split(',', 1)[0])).toEqual(
        Array.from({ length: 9 }, (_, index) => `e${index * 1000 + 999}`),
      );
      expect(existsSync(`${file}.submitting`)).toBe(false);
    },
  );

  test('does not continue if the file has changed, and --restart begins again', async () => {
    const file = await history('changed.csv');
    const run = await begin(file, 'changed');
    run.signal('SIGKILL');
    await run.exited;
    setup.proxy.reset();
    await appendFile(
      file,
      `more,2026-03-05T00:00:00Z,${setup.site.office.placeId},place,${setup.site.user.email}\n`,
    );
    expectOneSentence(
      await submit('presence', file, '--source-id', 'changed'),
      /the file has changed since then.*--restart/,
    );
    const anew = await submit('presence', file, '--source-id', 'changed', '--restart');
    expect([anew.code, counted(anew.stdout)]).toEqual([2, [ROWS - 8, 9]]);
    expect(await stored('changed')).toHaveLength(ROWS - 8);
  });
});

test('a file of any size needs the same memory, and each of its rows is answered', async () => {
  const ROWS = 400_000;
  const path = setup.work.path('sensors.ndjson');
  const file = await open(path, 'w');
  const place = { locationId: setup.site.office.placeId, locationType: 'place' };
  for (let from = 0; from < ROWS; from += 10_000) {
    const lines = Array.from({ length: 10_000 }, (_, index) => {
      const timestamp = new Date(Date.parse('2025-01-01T00:00:00Z') + (from + index) * 60_000).toISOString();
      return `${JSON.stringify({ timestamp, ...place, occupancy: index % 7 })}\n`;
    });
    await file.write(lines.join(''));
  }
  await file.close();
  // All results of all rows would not fit into memory together.
  const env = { ...setup.secret.env, NODE_OPTIONS: '--max-old-space-size=64' };
  const { code, stdout, stderr } = await setup.work.rollcall(['submit', 'occupancy', path, ...connection()], {
    env,
  });
  expect([code, stdout, stderr]).toEqual([0, '400,000 new, 0 there already, 0 refused.\n', '']);
}, 600_000);
