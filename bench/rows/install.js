import { execFileSync } from 'node:child_process';
import { cpSync, lstatSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { newDirectory, removeDirectory } from '../environment.js';
import { maximum } from './common.js';

const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url));

/** `npm ci` on a warm cache, in a copy of the checkout, and the installed size without development dependencies. */
export async function install(context) {
  const dir = newDirectory();
  try {
    const tracked = execFileSync('git', ['ls-files', '-z'], { cwd: CHECKOUT, encoding: 'utf8' });
    for (const file of tracked.split('\0').filter(Boolean)) cpSync(join(CHECKOUT, file), join(dir, file));
    const npm = (...args) => {
      rmSync(join(dir, 'node_modules'), { recursive: true, force: true });
      const beganMs = performance.now();
      execFileSync('npm', args, { cwd: dir, stdio: 'ignore' });
      return (performance.now() - beganMs) / 1_000;
    };
    context.progress('filling the cache');
    npm('ci');
    const seconds = [];
    for (let round = 0; round < Math.min(context.runs, 3); round++) {
      context.progress(`npm ci, ${round + 1}`);
      seconds.push(npm('ci', '--prefer-offline'));
    }
    npm('ci', '--prefer-offline', '--omit=dev', '--ignore-scripts');
    const sizeMb = sizeOf(join(dir, 'node_modules')) / 1e6;
    return [
      maximum({
        row: 'install',
        what: '`npm ci` on a warm cache, build included',
        unit: 's',
        values: seconds,
      }),
      maximum({
        row: 'install',
        what: 'installed size without development dependencies, PostgreSQL included',
        unit: 'MB',
        values: [sizeMb],
      }),
    ];
  } finally {
    await removeDirectory(dir);
  }
}

function sizeOf(path) {
  const stats = lstatSync(path);
  if (!stats.isDirectory()) return stats.size;
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0);
}
