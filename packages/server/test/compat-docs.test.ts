import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestServer, type TestServer } from './support/server.ts';

const page = await readFile(new URL('../../../docs/compat.md', import.meta.url), 'utf8');
/** The cells of every row; a bar within a cell is escaped. */
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

test('every row of the compatibility page names tests, and each of them is there', () => {
  expect(rows.length).toBeGreaterThan(80);
  const testsOf = (cells: string[]) =>
    [...(cells.at(-1) ?? '').matchAll(/`([^`]+)`/g)].map(([, name]) => name);
  expect(rows.filter((cells) => testsOf(cells).length === 0)).toEqual([]);
  const missing = rows
    .flatMap(testsOf)
    .filter((name) => !existsSync(new URL(`${name}.test.ts`, import.meta.url)));
  expect(missing).toEqual([]);
});

test('every path of the vendor that is served is on the compatibility page', () => {
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
