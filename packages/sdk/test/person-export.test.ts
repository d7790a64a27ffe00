import { unzipSync } from 'fflate';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { NotFoundError, TransferError, ValidationError } from '../src/index.ts';
import { type Setup, setUp } from './support/setup.ts';

let setup: Setup;
beforeAll(async () => {
  setup = await setUp();
});
afterAll(() => setup.close());

test('the export of a person comes as a stream while the server still sends it, and fails if it breaks off', async () => {
  const { users } = setup.client().manage;
  const { userId } = setup.site.user;
  let breakOff = () => {};
  const breakAfter = new Promise<void>((resolve) => {
    breakOff = resolve;
  });
  setup.proxy.fate = ({ path }) => (path.endsWith('/export') ? { breakAfter } : 'pass');
  const reader = (await users.exportStream(userId)).getReader();
  const first = await reader.read();
  expect(first.value?.length).toBeGreaterThan(0);
  breakOff();
  const rest = async () => {
    while (!(await reader.read()).done);
  };
  await expect(rest()).rejects.toBeInstanceOf(TransferError);

  setup.proxy.reset();
  const whole = new Uint8Array(await (await users.export(userId)).arrayBuffer());
  const streamed = new Uint8Array(await new Response(await users.exportStream(userId)).arrayBuffer());
  expect(Object.keys(unzipSync(streamed))).toEqual(Object.keys(unzipSync(whole)));
  await expect(users.exportStream('x')).rejects.toBeInstanceOf(NotFoundError);
  setup.proxy.reset();
});

test('the export of a person is a whole ZIP file, also if the transfer breaks off once', async () => {
  const { users } = setup.client().manage;
  const { userId } = setup.site.user;
  let breaks = 1;
  setup.proxy.fate = ({ path }) => (path.endsWith('/export') && breaks-- > 0 ? 'break' : 'pass');
  const counts: number[] = [];
  const file = await users.export(userId, { onBytes: (bytes) => counts.push(bytes) });
  expect(file.type).toBe('application/zip');
  expect(counts.at(-1)).toBe(file.size);
  const files = unzipSync(new Uint8Array(await file.arrayBuffer()));
  expect(JSON.parse(new TextDecoder().decode(files['user.json']))).toMatchObject([{ userId }]);
  expect(setup.proxy.count(`/v1/manage/users/${userId}/export`)).toBe(2);

  expect(new Uint8Array(await (await users.export(userId)).arrayBuffer()).length).toBeGreaterThan(0);
  await expect(users.export('x')).rejects.toBeInstanceOf(NotFoundError);
});

test('the export of a visitor is a ZIP file, whole or as a stream', async () => {
  const { visitors } = setup.client().manage;
  const visitor = { name: 'Grace Hopper', day: '2026-03-10' };
  const whole = new Uint8Array(await (await visitors.export(visitor)).arrayBuffer());
  const streamed = new Uint8Array(await new Response(await visitors.exportStream(visitor)).arrayBuffer());
  const files = unzipSync(streamed);
  expect(Object.keys(files)).toEqual(Object.keys(unzipSync(whole)));
  expect(JSON.parse(new TextDecoder().decode(files['manifest.json']))).toMatchObject({
    visitor: { name: 'grace hopper', day: '2026-03-10' },
  });
  await expect(visitors.exportStream({ name: 'Grace Hopper' })).rejects.toBeInstanceOf(ValidationError);
});
