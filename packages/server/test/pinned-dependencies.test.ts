import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

/** Packages of which this one uses what their authors may change in any release: only an exact version is sure to have it. */
const USED_INSIDE = [
  {
    name: 'pg',
    file: 'src/store/connections/pipeline.ts',
    uses: /connection as unknown as Wire/,
    why: 'the pipeline calls methods of its connection that are in no documentation and in no type',
  },
  {
    name: 'hyparquet-writer',
    file: 'src/warehouse/parquet/column-chunk.ts',
    uses: /from 'hyparquet-writer\/src\//,
    why: 'the writer of Parquet imports two files of its source',
  },
];

const packageFile = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');

test.each(USED_INSIDE)('$name has an exact version, since $why', ({ name, file, uses }) => {
  const { dependencies } = JSON.parse(packageFile('package.json')) as {
    dependencies: Record<string, string>;
  };
  expect(dependencies[name]).toMatch(/^\d+\.\d+\.\d+$/);
  // Where the code no longer relies on the inside of the package, the pin may go.
  expect(packageFile(file)).toMatch(uses);
});
