import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { test } from 'vitest';

const PACKAGE_DIR = fileURLToPath(new URL('../', import.meta.url));

test.each([
  ['publint', ['--strict']],
  ['attw', ['--pack', '.']],
])('%s finds no fault in the package', async (tool, args) => {
  const program = fileURLToPath(new URL(`node_modules/.bin/${tool}`, import.meta.url));
  const run = promisify(execFile)(program, args, { cwd: PACKAGE_DIR });
  await run.catch(({ stdout, stderr }) => Promise.reject(new Error(`${stdout}\n${stderr}`)));
});
