import { stringify } from 'csv-stringify/sync';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readCsv } from '../../src/files/csv-rows.ts';
import { toCsv } from '../../src/files/csv-text.ts';
import { guard, unguard } from '../../src/files/formula-guard.ts';
import { inChunks } from '../support/import.ts';

/** The delimiter, the header, and each row as `line: cells` or `line! reason`. */
async function read(file: string | string[]) {
  const text = typeof file === 'string' ? file : file.join('\r\n');
  const { delimiter, header, rows } = await readCsv(inChunks(Buffer.from(text)));
  const read: string[] = [];
  for await (const row of rows) {
    read.push('reason' in row ? `${row.line}! ${row.reason}` : `${row.line}: ${row.cells.join('/')}`);
  }
  return { delimiter, header: header?.cells, rows: read };
}

const STRAY = /^\d+! the row has a quote in the middle of a value/;

describe('the delimiter of a file', () => {
  test.each([
    ['the comma', ',', 'a,b;c,d'],
    ['the semicolon', ';', 'a;b;c,d'],
    ['the tab', '\t', 'a\tb'],
    ['the bar', '|', 'a|b'],
    ['the comma of one column', ',', 'a'],
    ['not a character in quotes', ';', '"a,,,b";c'],
  ])('is %s, as in the header', async (_, delimiter, header) => {
    expect((await read(header)).delimiter).toBe(delimiter);
  });

  test.each([
    ['sep=;', ';'],
    ['SEP=|', '|'],
    ['sep=\t', '\t'],
    ['sep=\\t', '\t'],
    ['"sep=;"', ';'],
    ['sep=;,,', ';'],
    ['sep=^', '^'],
  ])('is that of the first line %j', async (line, delimiter) => {
    const rows = [`a,x${delimiter}b`, `1${delimiter}2`];
    expect(await read([line, ...rows])).toEqual({ delimiter, header: ['a,x', 'b'], rows: ['3: 1/2'] });
  });

  test('is not set by a column with the name sep', async () => {
    expect(await read(['sep', 'x'])).toEqual({ delimiter: ',', header: ['sep'], rows: ['2: x'] });
  });
});

describe('a row', () => {
  test('gets missing cells, and loses empty cells beyond the header', async () => {
    const { header, rows } = await read(['a,b,c,,', '1', '1,2,3,,,', ',,3', ',,,,', '', '1,"",3']);
    expect(header).toEqual(['a', 'b', 'c']);
    expect(rows).toEqual(['2: 1//', '3: 1/2/3', '4: //3', '7: 1//3']);
  });

  test('with a value beyond the header is refused, and no other', async () => {
    expect((await read(['a,b', '1,2,,x', '3,4'])).rows).toEqual([
      '2! the row has 4 cells where the header has 2',
      '3: 3/4',
    ]);
  });

  test.each([
    ['a quote in a value', '24" disk,x'],
    ['a blank before a quote', '1, "x"'],
    ['text after a closing quote', '"1"x,2'],
    ['an unclosed quote', '1,"x'],
    ['a quote that no later quote closes', '"1,x'],
  ])('with %s is refused, and no other', async (_, bad) => {
    const { rows } = await read(['a,b', '1,2', bad, '3,"4', '5"', '"6","7"', '8,9', '']);
    const [before, refused, ...after] = rows;
    expect(before).toBe('2: 1/2');
    expect(refused).toMatch(/^3! the row has a quote (in the middle of a value|that is never closed)/);
    expect(after).toEqual(['4: 3/4\r\n5', '6: 6/7', '7: 8/9']);
  });

  test('whose open quote includes the next rows is refused if it then has too many cells', async () => {
    const { rows } = await read(['a,b', '1,"x', '3,4', '5,6",7,8,9', '1,2']);
    expect(rows[0]).toBe('2! the row has 5 cells where the header has 2: is a quote left open?');
    expect(rows.slice(1)).toEqual(['3: 3/4', expect.stringMatching(STRAY), '5: 1/2']);
  });

  test('whose quote stays open in a long file is refused, and the next rows are read', async () => {
    const long = 'x'.repeat(200);
    const { rows } = await read(`a,b\n1,"x\n${`3,${long}\n`.repeat(6_000)}`);
    expect(rows).toHaveLength(6_001);
    expect(rows.slice(0, 2)).toEqual(['2! the row has a quote that is never closed', `3: 3/${long}`]);
  });
});

test('line numbers are those of the file, with any line ends and with line ends in quotes', async () => {
  for (const end of ['\n', '\r\n', '\r']) {
    const file = ['sep=,', '', 'a,b', '1,"x', '', 'y"', '', 'bad",', '2,z', ''].join(end);
    expect((await read(file)).rows).toEqual([`4: 1/x${end}${end}y`, expect.stringMatching(/^8! /), '9: 2/z']);
  }
});

test('every table is read as written', async () => {
  const cell = fc.string({ unit: fc.constantFrom(...'a,;|\t"\'\r\n =+-@é'), maxLength: 6 });
  const table = fc.record({
    delimiter: fc.constantFrom(',', ';', '\t', '|'),
    rows: fc.array(fc.tuple(cell, cell, cell), { maxLength: 8 }),
  });
  await fc.assert(
    fc.asyncProperty(table, async ({ delimiter, rows }) => {
      const guarded = rows.map((cells) => cells.map(guard));
      const file = stringify([['one', 'two', 'three'], ...guarded], { delimiter });
      const found: string[][] = [];
      for await (const row of (await readCsv(inChunks(Buffer.from(file)))).rows)
        found.push('cells' in row ? row.cells.map(unguard) : [row.reason]);
      expect(found).toEqual(rows.filter((_, at) => guarded[at]?.some((each) => each.trim() !== '')));
    }),
  );
});

test("every table of the product's own writer is read as written", async () => {
  const cell = fc.string({ unit: fc.constantFrom(...'a,"\'\r\n =-\t'), maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 6 }), async (rows) => {
      const found: string[][] = [];
      const file = toCsv([['one', 'two'], ...rows]);
      for await (const row of (await readCsv(inChunks(Buffer.from(file)))).rows)
        found.push('cells' in row ? row.cells.map(unguard) : [row.reason]);
      expect(found).toEqual(rows.filter((cells) => cells.some((each) => guard(each).trim() !== '')));
    }),
  );
});

test('a guarded text differs from every other text', () => {
  const texts = fc.string({ unit: fc.constantFrom(..."'=+-@\t\ra"), maxLength: 5 });
  fc.assert(
    fc.property(texts, (text) => {
      expect(unguard(guard(text))).toBe(text);
      expect(guard(text)).not.toMatch(/^[=+\-@\t\r]/);
    }),
  );
  expect(['-1 Basement', '@Window', "'quoted'", "'90s", 'plain', ''].map(guard)).toEqual([
    "'-1 Basement",
    "'@Window",
    "''quoted'",
    "''90s",
    'plain',
    '',
  ]);
  expect(unguard("'90s")).toBe("'90s");
});

test('a file without quotes has the same rows as with a quoted header, which takes another path', async () => {
  const cell = fc.string({ unit: fc.constantFrom('a', 'é', ' ', "'", ';'), maxLength: 3 });
  const lines = fc.array(fc.tuple(fc.array(cell, { maxLength: 5 }), fc.constantFrom('\n', '\r\n', '\r')), {
    maxLength: 12,
  });
  await fc.assert(
    fc.asyncProperty(lines, fc.boolean(), async (rows, endsWithLine) => {
      const text = rows.map(([cells, end]) => cells.join(',') + end).join('');
      const body = endsWithLine ? text : text.replace(/[\r\n]+$/, '');
      const plain = await read(`head,b,c\n${body}`);
      expect(plain).toEqual(await read(`"head",b,c\n${body}`));
    }),
    { numRuns: 300 },
  );
});
