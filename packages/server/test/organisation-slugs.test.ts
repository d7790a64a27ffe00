import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { afterAll, expect, test } from 'vitest';
import { insertOrganisation, listOrganisations } from '../src/store/directory/organisations.ts';
import { RESERVED_SLUGS, slugFault } from '../src/store/values/slugs.ts';
import { createTestDatabase } from './support/database.ts';

const db = await createTestDatabase();
afterAll(() => db.drop());

const insert = (slug: string) =>
  db.owner.inSystem((tx) =>
    insertOrganisation(tx, {
      tenantId: randomUUID(),
      slug,
      name: 'Acme',
      timeZone: 'UTC',
      isDemo: false,
      createdAt: new Date('2026-03-10T12:00:00Z'),
    }),
  );

test.each(RESERVED_SLUGS)(
  'no organisation gets the slug %s, which is an address of the console',
  async (slug) => {
    await expect(insert(slug)).rejects.toThrow('is an address of the console');
    expect(await db.owner.inSystem(listOrganisations)).toEqual([]);
  },
);

test.each(['', 'Acme', '-acme', 'a b', 'a'.repeat(64)])('%j is no slug', (slug) => {
  expect(slugFault(slug)).toContain('is not a slug');
});

test('the list has all addresses of the console that name no organisation', async () => {
  const routes = await readFile(new URL('../../console/src/routes.tsx', import.meta.url), 'utf8');
  const first = [...routes.matchAll(/path="\/([^":/]+)/g)].map(([, part]) => part);
  // The server has the files of the console at this address.
  expect([...new Set([...first, 'assets'])].sort()).toEqual([...RESERVED_SLUGS].sort());
  expect(slugFault('acme')).toBeUndefined();
});
