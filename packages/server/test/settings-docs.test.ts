import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { settingsTable } from '../src/config-table.ts';

test('docs/operations.md has the table of all settings', async () => {
  const text = await readFile(new URL('../../../docs/operations.md', import.meta.url), 'utf8');
  const shown = /<!-- settings -->\n(.*)<!-- \/settings -->/s.exec(text)?.[1];
  expect(shown?.trim()).toBe(settingsTable());
});
