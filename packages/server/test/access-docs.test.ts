import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { PEOPLE_ACCESS } from '../src/auth/people-access.ts';
import { ACCOUNT_ROLES } from '../src/store/auth/account-roles.ts';

/** The table of the page, from the table in the code. */
function accessTable(): string {
  const rows = Object.entries(PEOPLE_ACCESS).map(([operation, roles]) => {
    const cells = ACCOUNT_ROLES.map((role) => (roles.includes(role) ? 'yes' : ''));
    return `| \`${operation.replace(/:(\w+)/g, '{$1}')}\` | ${cells.join(' | ')} |`;
  });
  return [
    `| operation | ${ACCOUNT_ROLES.join(' | ')} |`,
    `| --- |${' --- |'.repeat(ACCOUNT_ROLES.length)}`,
    ...rows,
  ].join('\n');
}

test('docs/access.md has the table of what people may call', async () => {
  const text = await readFile(new URL('../../../docs/access.md', import.meta.url), 'utf8');
  const shown = /<!-- access -->\n(.*)<!-- \/access -->/s.exec(text)?.[1];
  expect(shown?.trim()).toBe(accessTable());
});
