import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { KEYS_OF_KEYS, KEYS_OF_PEOPLE } from '../src/auth/managed-keys.ts';
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

/** The table of who manages which keys, from the tables in the code. */
function managedKeysTable(): string {
  const tokensOf = (role: string) => {
    const may = (operation: string) => PEOPLE_ACCESS[operation]?.some((each) => each === role) ?? false;
    return may('POST /v1/manage/scim-tokens') ? 'creates, revokes' : 'lists';
  };
  const rowOf = (caller: string, role: string, roles: readonly string[], tokens: string) =>
    `| ${caller}${role} | ${roles.map((each) => `\`${each}\``).join(', ')} | ${tokens} |`;
  const people = Object.entries(KEYS_OF_PEOPLE).filter(([, roles]) => roles.length > 0);
  const keys = Object.entries(KEYS_OF_KEYS).filter(([, roles]) => roles.length > 0);
  return [
    '| caller | keys with these roles | SCIM tokens |',
    '| --- | --- | --- |',
    ...people.map(([role, roles]) => rowOf('a person: ', role, roles, tokensOf(role))),
    ...keys.map(([role, roles]) => rowOf('a key: ', `\`${role}\``, roles, 'creates, revokes')),
  ].join('\n');
}

test('docs/access.md has the table of who manages which keys', async () => {
  const text = await readFile(new URL('../../../docs/access.md', import.meta.url), 'utf8');
  const shown = /<!-- managed keys -->\n(.*)<!-- \/managed keys -->/s.exec(text)?.[1];
  expect(shown?.trim()).toBe(managedKeysTable());
});
