import { cp, mkdir, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import type { Workspace } from './support.ts';

const SERVER = fileURLToPath(new URL('../../', import.meta.url));
const MODULES = fileURLToPath(new URL('../../../../node_modules', import.meta.url));

/**
 * Makes the program of a release that has one migration more than this one. Servers of this release can live with it if it is
 * `rolling`. Returns the path of the program.
 */
export async function releaseWith(
  work: Workspace,
  migration: string,
  sql: string,
  { rolling = false } = {},
): Promise<string> {
  const folder = work.path(migration);
  await mkdir(folder);
  for (const name of ['package.json', 'dist/bin', 'migrations', 'openapi.json', 'common-passwords.txt.gz'])
    await cp(join(SERVER, name), join(folder, name), { recursive: true });
  await symlink(MODULES, join(folder, 'node_modules'));
  await writeFile(
    join(folder, 'migrations', `${migration}.sql`),
    `-- rolling: ${rolling ? 'yes' : 'no'}\n-- Up Migration\n${sql}\n`,
  );
  return join(folder, 'dist/bin/rollcall.js');
}

/** Expects `folder` to have the documents to which its README links. */
export async function expectDocuments(readme: string, folder: string): Promise<void> {
  const links = [...readme.matchAll(/\]\(([^)#]+)/g)].map(([, link = '']) => link);
  expect(links.length).toBeGreaterThan(3);
  for (const link of links) expect((await stat(join(folder, link))).size).toBeGreaterThan(0);
}
