import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WITHHELD_TABLES } from '../src/store/privacy/account-categories.ts';
import { type Category, INTERNAL_COLUMNS } from '../src/store/privacy/category.ts';
import { OTHER_TABLES } from '../src/store/privacy/other-tables.ts';
import { CATEGORIES } from '../src/store/privacy/person-rows.ts';
import { seeingAll } from './support/backup.ts';
import { createTestDatabase, type TestDatabase } from './support/database.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.drop());

/** The tables of the database, with their columns. Generated columns have other columns' values. */
const tables = () =>
  seeingAll(db.target, async (client) => {
    const { rows } = await client.query<{ name: string; columns: string[] }>(
      `SELECT c.relname::text AS name,
              ARRAY(SELECT a.attname::text FROM pg_attribute a
                    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '') AS columns
       FROM pg_class c
       WHERE c.relnamespace = 'rollcall'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition`,
    );
    return new Map(rows.map(({ name, columns }) => [name, columns]));
  });

test('each table of the database either holds data about people or is said to hold none', async () => {
  const ofPeople = new Set(CATEGORIES.map(({ table }) => table));
  const classified = [
    ...ofPeople,
    ...WITHHELD_TABLES.map(({ table }) => table),
    ...Object.keys(OTHER_TABLES),
  ];
  expect(classified.toSorted()).toEqual([...(await tables()).keys()].toSorted());
});

test('each column of a table about people is in the export, or has a reason why not', async () => {
  const columnsOf = await tables();
  for (const { name, table, columns, leftOut = {} } of CATEGORIES) {
    const left = Object.keys(INTERNAL_COLUMNS).filter(
      (column) => !(column in columns) && !(column in leftOut),
    );
    const named = [...Object.keys(columns), ...Object.keys(leftOut)];
    const all = columnsOf.get(table) ?? [];
    expect([name, [...named, ...left.filter((column) => all.includes(column))].toSorted()]).toEqual([
      name,
      all.toSorted(),
    ]);
  }
});

const rowOf = (...cells: string[]) => `| ${cells.join(' | ')} |`;

function seersOf({ seenBy: { people, keys, identityProvider } }: Category): string {
  const seers = [
    ...people,
    ...keys.map((role) => `key \`${role}\``),
    ...(identityProvider ? ['identity provider'] : []),
  ];
  return seers.join(', ') || 'nobody';
}

/** The tables of the page, from the registry in the code. */
function privacyTables(): string[] {
  return [
    [
      rowOf('category', 'what', 'why', 'from', 'kept', 'seen by', 'an erasure'),
      rowOf('---', '---', '---', '---', '---', '---', '---'),
      ...CATEGORIES.map((category) => {
        const { name, title, purpose, source, keptFor, erasure } = category;
        return rowOf(`\`${name}\``, title, purpose, source, keptFor, seersOf(category), erasure);
      }),
    ].join('\n'),
    [
      rowOf('what', 'why', 'kept', 'not in an export, because', 'an erasure'),
      rowOf('---', '---', '---', '---', '---'),
      ...WITHHELD_TABLES.map(({ title, purpose, keptFor, reason, erasure }) =>
        rowOf(title, purpose, keptFor, reason, erasure),
      ),
    ].join('\n'),
  ];
}

test('docs/privacy.md has what is kept, as the code says it', async () => {
  const text = await readFile(new URL('../../../docs/privacy.md', import.meta.url), 'utf8');
  const shown = ['kept', 'withheld'].map(
    (name) => new RegExp(`<!-- ${name} -->\n(.*)<!-- /${name} -->`, 's').exec(text)?.[1]?.trim() ?? '',
  );
  expect(shown).toEqual(privacyTables());
});
