import { afterAll, beforeAll, expect, test } from 'vitest';
import { addUser } from './support/directory.ts';
import { addSite, type Site } from './support/presence.ts';
import { startTestServer, type TestServer } from './support/server.ts';

let server: TestServer;
let site: Site;
beforeAll(async () => {
  server = await startTestServer();
  site = await addSite(server);
});
afterAll(() => server.close());

async function users(query = '') {
  const reply = await server.app.inject({
    url: `/v1/analytics/users/basic${query}`,
    headers: site.headers,
  });
  return { rows: reply.json() as Record<string, unknown>[], cursor: reply.headers['rollcall-cursor'] };
}

async function setNumber(userName: string, employeeNumber: string | null): Promise<void> {
  const reply = await server.app.inject({
    method: 'POST',
    url: '/v1/directory-management/user-attributes/basic',
    headers: site.headers,
    payload: { userAttributes: [{ userName, attributes: { employeeNumber } }] },
  });
  expect(reply.json().results).toMatchObject([{ resultCode: 0 }]);
}

test('the warehouse shows the employee number of a user, also as a change, and omits the member for users without one', async () => {
  const ada = await addUser(server.db.owner, site.tenantId);
  const { cursor } = await users();
  await setNumber(ada.userName, '0042');
  const changed = await users(`?changedSince=${encodeURIComponent(String(cursor))}`);
  expect(changed.rows).toMatchObject([{ userId: ada.userId, employeeNumber: '0042' }]);
  const { rows } = await users();
  expect(rows.filter((row) => 'employeeNumber' in row).map(({ userId }) => userId)).toEqual([ada.userId]);
  await setNumber(ada.userName, null);
  expect((await users()).rows.some((row) => 'employeeNumber' in row)).toBe(false);
});
