import { afterAll, expect, test } from 'vitest';
import { startTestServer } from './support/server.ts';
import { browserWithRole } from './support/sessions.ts';

const server = await startTestServer();
afterAll(() => server.close());
const tenantId = await server.organisation();
const administrator = await browserWithRole(server, tenantId, 'administrator', 'boss@example.com');

const send = (method: 'POST' | 'PATCH' | 'DELETE', path: string, payload?: object) =>
  server.app.inject({
    method,
    url: `/v1/manage/accounts${path}`,
    headers: administrator,
    ...(payload && { payload }),
  });

test('each change of an account is in the log, with the administrator, the account and the role, and without link or address', async () => {
  const since = server.logs.length;
  const invited = (await send('POST', '', { email: 'new@example.com', role: 'viewer' })).json();
  const { accountId } = invited.account;
  const { token } = (await send('POST', `/${accountId}/link`)).json();
  await send('PATCH', `/${accountId}`, { role: 'planner' });
  await send('DELETE', `/${accountId}/sessions`);
  await send('DELETE', `/${accountId}`);
  // What is refused changes nothing.
  await send('DELETE', `/${accountId}`);
  const lines = server.logs.slice(since);
  expect(lines.join('')).not.toMatch(/new@example|boss@example/);
  for (const secret of [invited.token, token]) expect(lines.join('')).not.toContain(secret);
  const me = (await server.app.inject({ url: '/v1/session', headers: administrator })).json().account
    .accountId;
  const changes = lines
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ changedAccount }) => changedAccount === accountId);
  expect(changes.map(({ msg, role, accountId: by }) => [msg, role, by])).toEqual([
    ['a person was invited', 'viewer', me],
    ['a link for an account was made', undefined, me],
    ['a role was changed', 'planner', me],
    ['the sessions of an account were ended', undefined, me],
    ['a person was removed', undefined, me],
  ]);
});
