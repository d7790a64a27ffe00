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
  work.rollcall(['admins', ...args, '--data-dir', work.path('data')]);

const redeem = (body: object) =>
  fetch(`${baseUrl}/v1/session/link`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' },
    body: JSON.stringify(body),
  });
const tokenIn = (text: string) => /#token=([\w-]{43})$/m.exec(text)?.[1] ?? '';

test('the operator invites an administrator, resets the password, disables and enables', async () => {
  const created = await run('create', 'ada@example.com', '--name', 'Ada', '--url', 'https://desk.example/');
  expect(created.stdout).toMatch(
    /^ada@example\.com is invited\. .*:\n {2}https:\/\/desk\.example\/console\/sign-in#token=[\w-]{43}\nIt expires at \S+Z\.\n$/,
  );
  const session = await redeem({ token: tokenIn(created.stdout), password: 'correct horse battery' });
  expect(await session.json()).toMatchObject({
    account: { email: 'ada@example.com', name: 'Ada' },
    organisations: [{ organisation: 'default', role: 'administrator' }],
  });
  const cookie = session.headers.getSetCookie()[0]?.split(';', 1)[0] ?? '';
  const status = async () => (await fetch(`${baseUrl}/v1/session`, { headers: { cookie } })).status;
  expect(await status()).toBe(200);

  expect((await run('disable', 'ADA@example.com')).stdout).toBe('The account ADA@example.com is disabled.\n');
  expect(await status()).toBe(401);
  expect((await run('list')).stdout).toMatch(
    /^ada@example\.com +Ada +default: administrator +set +0 +0 +disabled$/m,
  );
  await run('enable', 'ada@example.com');

  const reset = await run('reset', 'ada@example.com', '--port', '8123');
  expect(reset.stdout).toMatch(
    /^All sessions of ada@example\.com have ended, and the password does not work any more\. Disconnected identities: 0; removed passkeys: 0\.$/m,
  );
  expect((await run('list')).stdout).toMatch(
    /^ada@example\.com +Ada +default: administrator +- +0 +0 +active$/m,
  );
  expect(reset.stdout).toContain('http://localhost:8123/console/sign-in#token=');
  const again = { token: tokenIn(reset.stdout), password: 'another horse battery' };
  expect((await redeem(again)).status).toBe(200);
  expect((await redeem(again)).status).toBe(401);
});

test('a person who has not accepted gets a new invitation', async () => {
  await run('create', 'late@example.com', '--role', 'viewer');
  expect((await run('list')).stdout).toMatch(
    /^late@example\.com +- +default: viewer \(invited\) +- +0 +0 +active$/m,
  );
  const { link, token } = JSON.parse((await run('reset', 'late@example.com', '--json')).stdout);
  expect(link).toBe(`http://localhost:8080/console/sign-in#token=${token}`);
  const reply = await redeem({ token, password: 'correct horse battery' });
  expect(await reply.json()).toMatchObject({ organisations: [{ role: 'viewer' }] });
});

test('an impossible request is refused in one sentence', async () => {
  for (const [args, message] of [
    [['create', 'nobody'], /^rollcall: "nobody" is not an e-mail address\.\n$/],
    [
      ['reset', 'nobody@example.com'],
      /^rollcall: There is no account with the address nobody@example\.com\.\n$/,
    ],
    [['create', 'a@example.com', '--org', 'none'], /^rollcall: There is no organisation none; .*\.\n$/],
  ] as const) {
    expectOneSentence(await run(...args), message);
  }
  await run('create', 'twice@example.com');
  expectOneSentence(
    await run('create', 'twice@example.com'),
    /has a role in this organisation already; .*\.\n$/,
  );
});
