import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { AUDIT_ACTIONS } from '../src/http/audit/actions.ts';

/** The table of the page, from the registry in the code. */
function actionsTable(): string {
  const rows = Object.entries(AUDIT_ACTIONS).map(([name, { title, version, metadata }]) => {
    const members = Object.keys(metadata.properties).map((member) => `\`${member}\``);
    return `| \`${name}\` | ${title} | ${version} | ${members.join(', ')} |`;
  });
  return ['| action | what | version | metadata |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

test('docs/audit.md has all actions, as the code says them', async () => {
  const text = await readFile(new URL('../../../docs/audit.md', import.meta.url), 'utf8');
  const shown = /<!-- actions -->\n(.*)<!-- \/actions -->/s.exec(text)?.[1];
  expect(shown?.trim()).toBe(actionsTable());
});
