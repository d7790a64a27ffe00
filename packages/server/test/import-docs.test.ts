import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { CSV_KINDS, type ImportKind } from '../src/csv-import/kinds.ts';
import { describeColumns } from '../src/csv-import/template.ts';

const GUIDE = fileURLToPath(new URL('../../../docs/import.md', import.meta.url));

test('docs/import.md describes the columns that the command reads (vitest run -u writes it)', async () => {
  const text = await readFile(GUIDE, 'utf8');
  const kinds: string[] = [];
  const expected = text.replaceAll(
    /<!-- columns: ([\w-]+) -->[\s\S]*?<!-- end -->/g,
    (_block: string, kind: ImportKind) => {
      kinds.push(kind);
      return `<!-- columns: ${kind} -->\n${describeColumns(CSV_KINDS[kind])}\n<!-- end -->`;
    },
  );
  expect(kinds).toEqual(Object.keys(CSV_KINDS));
  await expect(expected).toMatchFileSnapshot(GUIDE);
});
