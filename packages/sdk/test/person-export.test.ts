import { unzipSync } from 'fflate';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { NotFoundError } from '../src/index.ts';
import { type Setup, setUp } from './support/setup.ts';

let setup: Setup;
beforeAll(async () => {
  setup = await setUp();
});
afterAll(() => setup.close());

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
