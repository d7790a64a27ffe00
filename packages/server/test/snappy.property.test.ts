import fc from 'fast-check';
import { snappyUncompress } from 'hyparquet/src/snappy.js';
import { expect, test } from 'vitest';
import { SnappyCompressor } from '../src/warehouse/parquet/snappy.ts';

const compressor = new SnappyCompressor();

function uncompressed(compressed: Uint8Array, length: number): Uint8Array {
  const output = new Uint8Array(length);
  snappyUncompress(compressed, output);
  return output;
}

/** Bytes in which parts come again, near and far. */
const repetitive = fc
  .array(
    fc.tuple(
      fc.uint8Array({ minLength: 1, maxLength: 90 }),
      fc.integer({ min: 1, max: 1_500 }),
      fc.uint8Array({ maxLength: 200 }),
    ),
    { maxLength: 12 },
  )
  .map((parts) => Buffer.concat(parts.flatMap(([part, times, rest]) => [...Array(times).fill(part), rest])));

test.each([
  ['any bytes', fc.uint8Array({ maxLength: 3_000 })],
  ['bytes of few values', fc.uint8Array({ max: 2, maxLength: 3_000 })],
  ['repetitive bytes', repetitive],
] as const)('%s are the same after compression, by one compressor for all', (_, bytes) => {
  fc.assert(
    fc.property(bytes, (input) => {
      const output = uncompressed(compressor.compress(input), input.length);
      expect(Buffer.compare(output, input)).toBe(0);
    }),
  );
});

test('literals of every size of their length, and copies from farther than a copy reaches', () => {
  let state = 1;
  const random = (length: number) =>
    Uint8Array.from({ length }, () => {
      state = Math.imul(state, 1_664_525) + 1_013_904_223;
      return state >>> 24;
    });
  for (const length of [0, 1, 4, 5, 59, 60, 61, 255, 256, 257, 65_535, 65_536, 65_537, 200_000]) {
    const part = random(length);
    for (const input of [part, Buffer.concat([part, part]), Buffer.concat([part, random(70_000), part])]) {
      expect(Buffer.compare(uncompressed(compressor.compress(input), input.length), input)).toBe(0);
    }
  }
});

test('text that repeats takes a fraction of its bytes', () => {
  const input = Buffer.from(Array.from({ length: 1_000 }, (_, n) => `person ${n}@example.com`).join());
  expect(compressor.compress(input).length).toBeLessThan(input.length / 3);
});
