// Compiles src/ to dist/esm and dist/cjs, each with its own types. Only the types keep the comments.
import { execFile } from 'node:child_process';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const packageDir = fileURLToPath(new URL('..', import.meta.url));
const typescript = dirname(createRequire(import.meta.url).resolve('typescript/package.json'));

const compile = (...args) =>
  promisify(execFile)(process.execPath, [join(typescript, 'bin/tsc'), ...args], { cwd: packageDir });

await rm(join(packageDir, 'dist'), { recursive: true, force: true });
try {
  await Promise.all(
    ['tsconfig.json', 'tsconfig.cjs.json'].flatMap((project) => [
      compile('-p', project, '--removeComments', '--declaration', 'false'),
      compile('-p', project, '--emitDeclarationOnly'),
    ]),
  );
} catch (error) {
  console.error(error.stdout || error);
  process.exit(1);
}
// The compiler changes `.ts` to `.js` in the imports of programs only. Some readers of types do not accept `.ts`.
for (const kind of ['dist/esm', 'dist/cjs'])
  for (const name of await readdir(join(packageDir, kind))) {
    if (!name.endsWith('.d.ts')) continue;
    const path = join(packageDir, kind, name);
    await writeFile(path, (await readFile(path, 'utf8')).replaceAll(/(from '\.\/[\w.-]+)\.ts'/g, "$1.js'"));
  }
await writeFile(join(packageDir, 'dist/cjs/package.json'), '{ "type": "commonjs" }\n');
