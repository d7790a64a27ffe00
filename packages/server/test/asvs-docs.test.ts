import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import levels from './support/asvs-levels.json' with { type: 'json' };
import { titlesIn } from './support/titles.ts';

const page = readFileSync(new URL('../../../docs/asvs.md', import.meta.url), 'utf8');
/** The cells of the rows that begin with ids of the standard. */
const rows = page
  .split('\n')
  .filter((line) => /^\| \d/.test(line))
  .map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  );

/** The tests that the last cell of a row names: `file` "words of a title". */
const NAMED = /`([^`]+)` "([^"]+)"/g;
const namedBy = (cell: string) => [...cell.matchAll(NAMED)];

/** The file of a test. The first part of its name may be another package. */
function fileOf(name: string): URL {
  const [, other, rest] = /^(console|sdk)\/(.+)$/.exec(name) ?? [];
  return new URL(
    other === undefined ? `${name}.test.ts` : `../../${other}/test/${rest}.test.ts`,
    import.meta.url,
  );
}

test('docs/asvs.md has each requirement of the levels 1 and 2 once', () => {
  const ids = rows.flatMap(([first = '']) => first.split(', '));
  const wanted = [...levels['1'], ...levels['2']];
  expect(wanted.length).toBe(253);
  expect([...ids].sort()).toEqual([...wanted].sort());
});

test('docs/asvs.md names tests that exist for what is met', () => {
  const tests = rows.filter((cells) => cells.length === 4).map((cells) => cells.at(-1) ?? '');
  expect(tests.length).toBeGreaterThan(150);
  const isList = (cell: string) =>
    cell === '–' ||
    (cell !== '' &&
      cell ===
        namedBy(cell)
          .map(([named]) => named)
          .join(', '));
  expect(tests.filter((cell) => !isList(cell))).toEqual([]);
  const missing = tests
    .flatMap(namedBy)
    .filter(([, name = '', words = '']) => {
      const file = fileOf(name);
      return !existsSync(file) || !titlesIn(file).some((title) => title.includes(words));
    })
    .map(([named]) => named);
  expect(missing).toEqual([]);
});
