import { readdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { withTransitionLock } from '../../src/embedded/transition-lock.ts';
import { Bench } from './support.ts';

let bench: Bench;
let dir: string;
let path: string;
beforeEach(async () => {
  bench = new Bench();
  dir = await bench.dir();
  path = join(dir, 'lock');
});
afterEach(() => bench.clear());

test('only one process at a time holds the lock, even if each finds the lock of a dead process', async () => {
  for (const dead of ['4194303 1 aa', `${process.pid} 1 bb`, 'nonsense']) {
    await symlink(dead, path);
    let inside = 0;
    let most = 0;
    await Promise.all(
      Array.from({ length: 20 }, () =>
        withTransitionLock(path, async () => {
          most = Math.max(most, ++inside);
          await sleep(1);
          inside--;
        }),
      ),
    );
    expect(most).toBe(1);
    expect(await readdir(dir)).toEqual([]);
  }
});

test('a process that was killed while it took the lock over does not block others', async () => {
  await symlink('4194303 1 aa', path);
  await symlink('4194303 1 cc', `${path}.aa`);
  expect(await withTransitionLock(path, async () => 'inside')).toBe('inside');
  expect(await readdir(dir)).toEqual([]);
});

test('the lock is free again after a failure of the work', async () => {
  await expect(withTransitionLock(path, () => Promise.reject(new Error('failed')))).rejects.toThrow('failed');
  expect(await readdir(dir)).toEqual([]);
});
