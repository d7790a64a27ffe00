import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ArrayParser } from '../src/array-parser.ts';
import { TransferError } from '../src/errors.ts';
import { windowsOf } from '../src/windows.ts';

/** Cuts a text at positions that `cuts` gives as fractions of its length. */
function piecesOf(text: string, cuts: number[]): string[] {
  const places = [0, ...cuts.map((cut) => Math.floor(cut * text.length)).sort((a, b) => a - b), text.length];
  return places.slice(1).map((place, index) => text.slice(places[index], place));
}

function parse(pieces: string[]): unknown[] {
  const parser = new ArrayParser();
  const rows = pieces.flatMap((piece) => [...parser.push(piece)]);
  parser.end();
  return rows;
}

const anyRows = fc.array(
  fc.dictionary(
    fc.string(),
    fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.constantFrom('[{"\\', '}]\\"', '\\\\')),
  ),
);
const anyCuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 20 });

test('the parser gives the same rows wherever the answer is cut', () => {
  fc.assert(
    fc.property(anyRows, anyCuts, fc.constantFrom(undefined, 2), (rows, cuts, space) => {
      const text = JSON.stringify(rows, null, space);
      expect(parse(piecesOf(text, cuts))).toEqual(JSON.parse(text));
    }),
  );
});

test('an answer that breaks off throws a TransferError after the correct rows before the break', () => {
  fc.assert(
    fc.property(anyRows, fc.double({ min: 0, max: 0.999, noNaN: true }), (rows, part) => {
      const text = JSON.stringify(rows);
      const parser = new ArrayParser();
      const read = [...parser.push(text.slice(0, Math.floor(part * text.length)))];
      expect(() => parser.end()).toThrow(TransferError);
      expect(read).toEqual(JSON.parse(text).slice(0, read.length));
    }),
  );
});

test.each([
  '',
  '{}',
  '{"a":1}',
  '[1]',
  '["a"]',
  '[{},]',
  '[,{}]',
  '[{}{}]',
  '[{}]]',
  '[{]',
  '[{"a":}]',
  '[]x',
  '<html>',
  'null',
  '[[]]',
])('a text that is not a list of rows throws a TransferError: %s', (text) =>
  expect(() => parse([text])).toThrow(TransferError),
);

test('windows cover each day of a range once, and none has more than 30 days', () => {
  const anyDay = fc.integer({ min: 10_000, max: 30_000 });
  fc.assert(
    fc.property(anyDay, fc.nat({ max: 800 }), (first, length) => {
      const name = (day: number) => new Date(day * 86_400_000).toISOString().slice(0, 10);
      const windows = windowsOf({ startDate: name(first), endDate: name(first + length) });
      const days = windows.flatMap(({ startDate, endDate }) => {
        const [from, to] = [startDate, endDate].map((each) => Date.parse(String(each)) / 86_400_000);
        return Array.from({ length: (to ?? 0) - (from ?? 0) + 1 }, (_, index) => (from ?? 0) + index);
      });
      expect(days).toEqual(Array.from({ length: length + 1 }, (_, index) => first + index));
      expect(windows).toHaveLength(Math.ceil((length + 1) / 30));
    }),
  );
});

test.each([
  ['2026-01-31', '20260131'],
  ['2026-01-31T23:59:59+14:00', new Date('2026-01-31T23:59:59Z')],
])('days may be written as %s and %s', (startDate, endDate) =>
  expect(windowsOf({ startDate, endDate })).toEqual([{ startDate: '2026-01-31', endDate: '2026-01-31' }]),
);

test.each([
  ['2026-02-30', '2026-03-01'],
  ['yesterday', '2026-03-01'],
  ['2026-03-02', '2026-03-01'],
])('the client leaves an invalid range to the server: %s to %s', (startDate, endDate) =>
  expect(windowsOf({ startDate, endDate })).toEqual([{ startDate, endDate }]),
);
