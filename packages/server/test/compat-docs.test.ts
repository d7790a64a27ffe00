import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestServer, type TestServer } from './support/server.ts';
import { titlesIn } from './support/titles.ts';

const page = await readFile(new URL('../../../docs/compat.md', import.meta.url), 'utf8');
/** The cells of every row. A bar inside a cell is escaped. */
const rows = page
  .split('\n')
  .filter((line) => line.startsWith('|') && !/^\|[\s|:-]+\|$/.test(line))
  .map((line) =>
    line
      .slice(1, -1)
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim()),
  )
  .filter((cells) => cells.at(-1) !== 'test');

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

/** The tests that the last cell of a row names: `file` "words of a title". */
const NAMED = /`([^`]+)` "([^"]+)"/g;
function titlesOf(name: string): string[] {
  const file = new URL(`${name}.test.ts`, import.meta.url);
  return existsSync(file) ? titlesIn(file) : [];
}

test('every row of the compatibility page names tests, and each of them exists', () => {
  expect(rows.length).toBeGreaterThan(280);
  const namedBy = (cells: string[]) => [...(cells.at(-1) ?? '').matchAll(NAMED)];
  const isListOfNames = (cells: string[]) =>
    cells.at(-1) ===
      namedBy(cells)
        .map(([named]) => named)
        .join(', ') && cells.at(-1) !== '';
  expect(rows.filter((cells) => !isListOfNames(cells))).toEqual([]);
  const missing = rows
    .flatMap(namedBy)
    .filter(([, name = '', words = '']) => !titlesOf(name).some((title) => title.includes(words)))
    .map(([named]) => named);
  expect(missing).toEqual([]);
});

test('every path that the server has from the vendor is on the compatibility page', () => {
  const paths = new Set(
    server.app.routeTable
      .map(({ url }) => url.replace(/\/basic$/, '').replace(/:(\w+)/g, '{$1}'))
      .filter((url) => url.startsWith('/v1/')),
  );
  expect(paths.size).toBeGreaterThan(15);
  const isThere = (path: string) =>
    page.includes(path) || page.includes(`\`${path.replace('/v1/analytics/', '')}\``);
  expect([...paths].filter((path) => !isThere(path))).toEqual([]);
});
