import { afterEach, beforeEach, expect, test } from 'vitest';
import { createSetUpLink } from '../src/auth/set-up.ts';
import { listOrganisations } from '../src/store/directory/organisations.ts';
import { expectProblem } from './support/problems.ts';
import { startTestServer, type TestServer } from './support/server.ts';
import { browserOf, SAME_ORIGIN } from './support/sessions.ts';

const ANSWERS = {
  organisationName: 'Ärzte & Söhne',
  timeZone: 'Europe/Berlin',
  email: 'Ada@example.com',
  name: 'Ada',
  password: 'correct horse battery staple',
};

let server: TestServer;
beforeEach(async () => {
  server = await startTestServer();
});
afterEach(() => server.close());

const link = () => createSetUpLink(server.db.owner, server.clock.nowMs);
const token = async () => (await link())?.token ?? '';
const setUp = (payload: object, headers: Record<string, string> = SAME_ORIGIN) =>
  server.app.inject({ method: 'POST', url: '/v1/set-up', headers, payload });
const organisations = () => server.db.owner.inSystem(listOrganisations);

test('the link makes the organisation and its administrator, who is signed in', async () => {
  const reply = await setUp({ token: await token(), ...ANSWERS });
  expect(reply.statusCode, reply.body).toBe(200);
  expect(reply.json()).toMatchObject({
    account: { email: 'Ada@example.com', name: 'Ada' },
    organisations: [
      {
        organisation: 'arzte-sohne',
        name: 'Ärzte & Söhne',
        timeZone: 'Europe/Berlin',
        role: 'administrator',
      },
    ],
  });
  const headers = browserOf(reply);
  expect((await server.app.inject({ url: '/v1/manage/accounts', headers })).json().items).toHaveLength(1);
  const { email, password } = ANSWERS;
  const again = {
    method: 'POST',
    url: '/v1/session',
    headers: SAME_ORIGIN,
    payload: { email, password },
  } as const;
  expect((await server.app.inject(again)).statusCode).toBe(200);
  expect(server.logs.join('')).not.toContain(password);
  expect(await link()).toBeUndefined();
});

test('of several links, and of several calls at the same time, one wins', async () => {
  const tokens = [await token(), await token()];
  const replies = await Promise.all(
    Array.from({ length: 6 }, (_, index) =>
      setUp({
        token: tokens[index % 2],
        ...ANSWERS,
        organisationName: 'Set up',
        email: `person-${index}@example.com`,
      }),
    ),
  );
  expect(replies.map(({ statusCode }) => statusCode).toSorted()).toEqual([200, ...Array(5).fill(401)]);
  // The console has a page of this name, so no organisation gets it.
  expect((await organisations()).map(({ slug }) => slug)).toEqual(['organisation']);
  for (const each of tokens) expectProblem(await setUp({ token: each, ...ANSWERS }), 401);
});

test('an answer that is missing or wrong, or from another origin, leaves the link as it is', async () => {
  const open = await token();
  const pathsOf = async (answers: object) => {
    const reply = await setUp({ token: open, ...answers });
    expectProblem(reply, 400);
    return reply.json().errors.map(({ path }: { path: string }) => path);
  };
  expect(await pathsOf({})).toEqual(['/organisationName', '/timeZone', '/email', '/password']);
  for (const [member, value] of [
    ['organisationName', ' '],
    ['organisationName', 'x'.repeat(201)],
    ['organisationName', 'a\0b'],
    ['timeZone', 'Mars/Olympus'],
    ['email', 'nobody'],
    ['name', 'a\nb'],
    ['password', 'short'],
    ['password', 'Ada@example.com'],
  ] as const)
    expect(await pathsOf({ ...ANSWERS, [member]: value })).toEqual([`/${member}`]);
  expectProblem(await setUp({ token: open, ...ANSWERS }, { 'sec-fetch-site': 'cross-site' }), 403);
  expect(await organisations()).toEqual([]);
  const reply = await setUp({ token: open, ...ANSWERS, organisationName: '東京' });
  expect(reply.json().organisations[0].organisation).toBe('organisation');
});

test('a link ends after 15 minutes, and when the command line makes an organisation', async () => {
  const [first, second] = [await token(), await token()];
  expectProblem(await setUp({ token: 'x'.repeat(43), ...ANSWERS }), 401);
  server.clock.advanceS(15 * 60);
  expectProblem(await setUp({ token: first, ...ANSWERS }), 401);
  const third = await token();
  await server.organisation();
  for (const each of [second, third]) expectProblem(await setUp({ token: each, ...ANSWERS }), 401);
  expect(await organisations()).toHaveLength(1);
});
