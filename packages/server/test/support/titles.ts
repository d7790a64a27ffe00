import { readFileSync } from 'node:fs';

/** The title of a test, or of a group of tests, that is not skipped. It is the first text in the call. */
const TITLE = /(?:\b(?:test|describe)(?:\.(?!skip|todo)\w+)*|\))\(\s*(['"`])((?:\\.|(?!\1).)*)\1,/gs;
/** The first text of a case in a table of cases. It is a part of the title of a test if that title has `%s`. */
const CASE = /\[\s*(['"`])((?:\\.|(?!\1).)*)\1,/gs;

/** The titles of the tests in a file. */
export function titlesIn(file: URL): string[] {
  const source = readFileSync(file, 'utf8');
  const textsOf = (pattern: RegExp) => [...source.matchAll(pattern)].map(([, , text = '']) => text);
  const titles = textsOf(TITLE);
  return (titles.some((title) => title.includes('%s')) ? [...titles, ...textsOf(CASE)] : titles).map(
    (title) => title.replace(/\\(['"`])/g, '$1'),
  );
}
