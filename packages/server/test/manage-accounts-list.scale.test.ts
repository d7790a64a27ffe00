import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectProblem } from './support/problems.ts';
import { startTestServer } from './support/server.ts';
import { addAccount, type Browser, browserWithPassword, browserWithRole } from './support/sessions.ts';

const server = await startTestServer();
afterAll(() => server.close());
const tenantId = await server.organisation();
let administrator: Browser;
beforeAll(async () => {
  administrator = await browserWithRole(server, tenantId, 'administrator', 'boss@example.com');
  for (const name of ['ann', 'bob', 'cat', 'dora']) {
    await addAccount(server, tenantId, `${name}@example.com`, 'viewer');
  }
  await server.db.owner.inSystem((tx) =>
    tx.query("UPDATE accounts SET name = 'Zoë Ann' WHERE email = 'dora@example.com'"),
  );
  await server.app.inject({
    method: 'POST',
    url: '/v1/manage/accounts',
    headers: administrator,
    payload: { email: 'new@example.com', name: 'Secret Zoë', role: 'viewer' },
  });
});

interface Item {
  email: string;
  name: string | null;
  lastAdministrator: boolean;
  signsInBy: object | null;
}
const list = async (query = '') =>
  (await server.app.inject({ url: `/v1/manage/accounts?${query}`, headers: administrator })).json() as {
    items: Item[];
    next: string | null;
  };
const emails = ({ items }: { items: Item[] }) => items.map(({ email }) => email.split('@')[0]);

test('accounts are listed in pages, by address', async () => {
  const first = await list('limit=4');
  expect(emails(first)).toEqual(['ann', 'bob', 'boss', 'cat']);
  const second = await list(`limit=4&after=${first.next}`);
  expect([emails(second), second.next]).toEqual([['dora', 'new'], null]);
  for (const query of ['after=x', 'limit=0', 'search=a%20b%20c%20d%20e%20f']) {
    expectProblem(
      await server.app.inject({ url: `/v1/manage/accounts?${query}`, headers: administrator }),
      400,
    );
  }
});

test('accounts are found by parts of name and address; a name counts once the person has accepted', async () => {
  expect(emails(await list('search=ANN'))).toEqual(['ann', 'dora']);
  expect(emails(await list(`search=${encodeURIComponent('zoe\u0308 dora')}`))).toEqual(['dora']);
  expect(emails(await list('search=secret'))).toEqual([]);
  expect(emails(await list('search=new@'))).toEqual(['new']);
  expect(emails(await list('search=%25'))).toEqual([]);
  expect(emails(await list('search=x%00'))).toEqual([]);
  const page = await list('search=example&limit=1');
  expect(emails(await list(`search=example&limit=1&after=${page.next}`))).toEqual(['bob']);
});

test('the list says who is the last administrator, and how each person signs in', async () => {
  await browserWithPassword(server, { email: 'ann@example.com', password: 'correct horse battery' });
  const { items } = await list();
  const of = (email: string) => items.find((each) => each.email === `${email}@example.com`);
  expect(items.filter(({ lastAdministrator }) => lastAdministrator)).toEqual([of('boss')]);
  const none = { password: false, passkeys: 0, passkeyRequired: false, identities: 0 };
  expect(of('ann')?.signsInBy).toEqual({ ...none, password: true });
  expect(of('bob')?.signsInBy).toEqual(none);
  // The organisation sees nothing of an account that has not accepted.
  expect(of('new')).toMatchObject({ name: null, signsInBy: null });
});

test('each of 5,000 accounts is on one page, and is found', async () => {
  const large = await server.organisation();
  const boss = await browserWithRole(server, large, 'administrator', 'boss-of-many@example.com');
  await server.db.owner.inSystem((tx) =>
    tx.query(
      `WITH made AS (
         INSERT INTO accounts (account_id, email, email_folded, name, created_at)
         SELECT gen_random_uuid(), 'many-' || n || '@example.com', 'many-' || n || '@example.com', 'Person ' || n, now()
         FROM generate_series(1, 5000) AS n RETURNING account_id)
       INSERT INTO account_roles (account_id, tenant_id, role, invited_at, accepted_at)
       SELECT account_id, $1, 'viewer', now(), now() FROM made`,
      [large],
    ),
  );
  const seen = new Set<string>();
  let pages = 0;
  for (let after: string | null = ''; after !== null; pages++) {
    const url: string = `/v1/manage/accounts?limit=1000${after && `&after=${after}`}`;
    const page: { items: Item[]; next: string | null } = (
      await server.app.inject({ url, headers: boss })
    ).json();
    for (const { email } of page.items) seen.add(email);
    after = page.next;
  }
  expect([seen.size, pages]).toEqual([5_001, 6]);
  const found = await server.app.inject({ url: '/v1/manage/accounts?search=person%204999', headers: boss });
  expect(emails(found.json())).toEqual(['many-4999']);
});
