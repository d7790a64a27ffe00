import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

/** Packages of which the code uses parts that may change in any release. Only an exact version is sure to have them. */
const USED_INSIDE = [
  {
    name: 'pg',
    file: 'src/store/connections/pipeline.ts',
    uses: /connection as unknown as Wire/,
    why: 'the pipeline calls methods of its connection that are in no documentation and no type',
  },
  {
    name: 'hyparquet-writer',
    file: 'src/warehouse/parquet/hybrid.ts',
    uses: /from 'hyparquet-writer\/src\//,
    why: 'the writer of Parquet imports a file of its source',
  },
];

const packageFile = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');

test.each(USED_INSIDE)('$name has an exact version, since $why', ({ name, file, uses }) => {
  const { dependencies } = JSON.parse(packageFile('package.json')) as {
    dependencies: Record<string, string>;
  };
  expect(dependencies[name]).toMatch(/^\d+\.\d+\.\d+$/);
  // If the code no longer uses these parts, the exact version is unnecessary.
  expect(packageFile(file)).toMatch(uses);
});
