import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { describeSubmitColumns, SUBMIT_KINDS, type SubmitKindName } from '../src/cli/submit/kinds.ts';

const GUIDE = fileURLToPath(new URL('../../../docs/bulk.md', import.meta.url));

test('docs/bulk.md describes the columns that the command reads (vitest run -u writes it)', async () => {
  const text = await readFile(GUIDE, 'utf8');
  const kinds: string[] = [];
  const expected = text.replaceAll(
    /<!-- columns (\w+) -->[\s\S]*?<!-- \/columns -->/g,
    (_block: string, kind: SubmitKindName) => {
      kinds.push(kind);
      return `<!-- columns ${kind} -->\n${describeSubmitColumns(SUBMIT_KINDS[kind])}\n<!-- /columns -->`;
    },
  );
  expect(kinds).toEqual(Object.keys(SUBMIT_KINDS));
  await expect(expected).toMatchFileSnapshot(GUIDE);
});
