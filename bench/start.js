import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/*
 * Installs the dependencies of the benchmark if they are missing, and runs main.js, or the script that the first
 * argument names.
 */

const here = fileURLToPath(new URL('.', import.meta.url));
const changedMs = (path) => statSync(new URL(path, import.meta.url), { throwIfNoEntry: false })?.mtimeMs ?? 0;

if (changedMs('node_modules/.package-lock.json') < changedMs('package-lock.json')) {
  execFileSync('npm', ['ci'], { cwd: here, stdio: ['ignore', 2, 2] });
}
const isNamed = process.argv[2]?.endsWith('.js');
await import(`./${isNamed ? process.argv.splice(2, 1)[0] : 'main.js'}`);
