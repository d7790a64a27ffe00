import { expect, test } from 'vitest';
import { SharedReads } from '../src/warehouse/shared-reads.ts';

function reader() {
  const clock = { nowMs: 0 };
  const reads = new SharedReads<number>({ stopwatch: () => clock.nowMs, freshMs: 500 });
  let count = 0;
  const get = (read = async () => ++count) => reads.get('organisation', 'key', read);
  return { clock, get };
}

test('a read that takes long is kept for ten times as long', async () => {
  const { clock, get } = reader();
  const slow = get(async () => {
    clock.nowMs += 200;
    return 1;
  });
  expect(await slow).toBe(1);
  clock.nowMs = 1_999;
  expect(await get(async () => 2)).toBe(1);
  clock.nowMs = 2_000;
  expect(await get(async () => 2)).toBe(2);
});

test('a read that is under way is shared, however long it takes', async () => {
  const { clock, get } = reader();
  let end = (_: number) => {};
  const first = get(() => new Promise((resolve) => (end = resolve)));
  clock.nowMs = 60_000;
  const second = get(async () => 2);
  end(1);
  expect(await Promise.all([first, second])).toEqual([1, 1]);
});

test('a failed read fails for all who share it, and the next caller reads again', async () => {
  const { get } = reader();
  const failure = get(() => Promise.reject(new Error('down')));
  const shared = get(async () => 2);
  await expect(failure).rejects.toThrow('down');
  await expect(shared).rejects.toThrow('down');
  expect(await get(async () => 3)).toBe(3);
});

test('an organisation that asks for very many things takes no answer from another one', async () => {
  const reads = new SharedReads<number>({ stopwatch: () => 0, freshMs: 500 });
  await reads.get('small', 'key', async () => 1);
  for (let key = 0; key < 2_000; key++) await reads.get('large', String(key), async () => 2);
  expect(await reads.get('small', 'key', async () => 3)).toBe(1);
});
