import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { rolldown } from 'rolldown';
import { expect, test } from 'vitest';

const SDK = fileURLToPath(new URL('../dist/esm/index.js', import.meta.url));

/** Bundles a program that imports the SDK. */
async function bundle(program: string): Promise<string> {
  const build = await rolldown({
    input: 'program',
    plugins: [
      {
        name: 'program',
        resolveId: (id) => (id === 'program' ? id : id === '@rollcall/sdk' ? SDK : undefined),
        load: (id) => (id === 'program' ? program : undefined),
      },
    ],
  });
  const { output } = await build.generate({ format: 'esm', minify: true });
  await build.close();
  return output[0].code;
}

test('a bundle does not have the parts of the SDK that its program does not use', async () => {
  expect((await bundle(`import { Rollcall } from '@rollcall/sdk'; console.log('nothing');`)).trim()).toBe(
    'console.log(`nothing`);',
  );
  const errors = await bundle(
    `import { NotFoundError } from '@rollcall/sdk'; console.log(new NotFoundError('no') instanceof NotFoundError);`,
  );
  expect(errors).toContain('NotFoundError');
  expect(errors).not.toMatch(/ConflictError|analytics|fetch|subtle/);
});

test('a bundle of the whole SDK is smaller than 10 kB compressed', async () => {
  const all = await bundle(`export * from '@rollcall/sdk';`);
  expect(all).toMatch(/analytics.*subtle|subtle.*analytics/s);
  expect(gzipSync(all).length).toBeLessThan(10_000);
  console.log(`The SDK: ${all.length} bytes minified, ${gzipSync(all).length} compressed.`);
});
