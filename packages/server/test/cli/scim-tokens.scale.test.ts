import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectOneSentence, type Outcome, type Rollcall, Workspace } from './support.ts';

let work: Workspace;
let baseUrl: string;
let server: Rollcall;
beforeAll(async () => {
  work = await Workspace.create();
  ({ server, baseUrl } = await work.start(['serve', '--data-dir', work.path('data')]));
});
afterAll(async () => {
  await server.stop();
  await work.close();
});

/** Runs a command on the data of the running server. */
const run = (...args: string[]): Promise<Outcome> =>
  work.rollcall(['scim-tokens', ...args, '--data-dir', work.path('data')]);
const json = <T>(...args: string[]): Promise<T> =>
  work.json<T>(['scim-tokens', ...args, '--data-dir', work.path('data')]);
const statusWith = async (token: string) =>
  (await fetch(`${baseUrl}/scim/v2/Users`, { headers: { authorization: `Bearer ${token}` } })).status;

test('a token is shown once, works while the server runs, is listed, and can be revoked at once', async () => {
  const created = await run('create', '--name', 'Okta');
  const [, tokenId = '', token = ''] =
    /^The SCIM token is created\. .*:\n {2}id {5}(\S+)\n {2}token {2}(rcs_\S{43})\n$/.exec(created.stdout) ??
    [];
  expect(await statusWith(token)).toBe(200);
  const short = await json<{ token: string; expiresAt: string }>(
    'create',
    '--name',
    'Entra',
    '--expires',
    '90d',
  );
  expect(Date.parse(short.expiresAt)).toBeGreaterThan(Date.now());

  const listed = await run('list');
  expect(listed.stdout).toMatch(new RegExp(`^${tokenId} +Okta +active +\\S+Z +\\S+Z +-$`, 'm'));
  expect(listed.stdout).not.toContain(token.slice(4));
  expect((await run('revoke', tokenId)).stdout).toBe(`The SCIM token ${tokenId} is revoked.\n`);
  expect(await statusWith(token)).toBe(401);
  expect(await statusWith(short.token)).toBe(200);
  expect(await json('list')).toMatchObject([
    { tokenId, name: 'Okta', state: 'revoked' },
    { name: 'Entra', state: 'active', lastUsedAt: expect.any(String) },
  ]);
});

test('an impossible request is refused in one sentence', async () => {
  expectOneSentence(
    await run('revoke', 'nobody'),
    /^rollcall: There is no SCIM token with the id nobody\.\n$/,
  );
  expectOneSentence(await run('create', '--name', ' '), /^rollcall: The name of a token must be .*\.\n$/);
  expectOneSentence(await run('list', '--org', 'none'), /^rollcall: There is no organisation none; .*\.\n$/);
});
