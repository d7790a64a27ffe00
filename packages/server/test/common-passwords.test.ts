import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { isCommonPassword } from '../src/auth/common-passwords.ts';

const FILE = new URL('../common-passwords.txt.gz', import.meta.url);

test('the list has more than 10,000 passwords that would be accepted otherwise, in lower case, sorted', async () => {
  const list = gunzipSync(await readFile(FILE))
    .toString()
    .trimEnd()
    .split('\n');
  expect(list.length).toBeGreaterThan(10_000);
  expect(list).toEqual([...new Set(list)].sort());
  expect(list.filter((password) => !/^[!-@[-~]{12,}$/.test(password))).toEqual([]);
  expect(list.filter((password) => new Set(password).size < 5)).toEqual([]);
  expect(list.every(isCommonPassword)).toBe(true);
  expect(isCommonPassword('correct horse battery')).toBe(false);
});
