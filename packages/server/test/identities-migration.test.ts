import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { listMigrations, migrate } from '../src/store/schema/migrate.ts';
import { createTestDatabase, createTestOrganisation, type TestDatabase } from './support/database.ts';

let db: TestDatabase;
const AT = '2026-03-10T12:00:00Z';
const accounts = { one: randomUUID(), two: randomUUID(), invited: randomUUID() };
type Account = keyof typeof accounts;

/** Runs statements as releases before this migration did. */
const run = (text: string, values: unknown[]) => db.owner.inSystem((tx) => tx.query(text, values));

beforeAll(async () => {
  db = await createTestDatabase({ migrated: false });
  const names = await listMigrations();
  await migrate(db.target, {
    upTo: names[names.findIndex((name) => name.startsWith('0039')) - 1] as string,
  });
  const tenantId = await createTestOrganisation(db.owner);
  let tokens = 0;
  const session = (account: Account, method: string) =>
    run(
      `INSERT INTO sessions (session_id, token_hash, account_id, method, created_at, last_used_at, address)
       VALUES ($1, sha256($2), $3, $4, $5, $5, '127.0.0.1')`,
      [randomUUID(), Buffer.from([tokens++]), accounts[account], method, AT],
    );
  for (const [name, accountId] of Object.entries(accounts)) {
    await run('INSERT INTO accounts (account_id, email, email_folded, created_at) VALUES ($1, $2, $2, $3)', [
      accountId,
      `${name}@example.com`,
      AT,
    ]);
    await run(
      `INSERT INTO account_roles (account_id, tenant_id, role, invited_at, accepted_at, from_claim)
       VALUES ($1, $2, 'viewer', $3, $3, $4)`,
      [accountId, tenantId, AT, name !== 'invited'],
    );
  }
  for (const [subject, account] of [
    ['a', 'one'],
    ['b', 'two'],
    ['c', 'two'],
    ['d', 'invited'],
    ['e', 'invited'],
  ] as const) {
    await run(
      `INSERT INTO account_identities (issuer, subject, account_id, linked_at) VALUES ('https://id.example', $1, $2, $3)`,
      [subject, accounts[account], AT],
    );
  }
  for (const account of ['one', 'two', 'invited'] as const) {
    await session(account, 'openid');
    await session(account, 'password');
  }
  await migrate(db.target);
});
afterAll(() => db.drop());

test('sessions and roles get the only identity of their account; of several identities, they end', async () => {
  const { rows: sessions } = await run(
    `SELECT a.email, s.method, i.subject, s.proven_at IS NOT NULL AS proven FROM sessions s
     JOIN accounts a ON a.account_id = s.account_id LEFT JOIN account_identities i ON i.identity_id = s.identity_id
     ORDER BY a.email, s.method`,
    [],
  );
  expect(sessions).toEqual([
    { email: 'invited@example.com', method: 'password', subject: null, proven: true },
    // Nobody knows whether the provider had asked.
    { email: 'one@example.com', method: 'openid', subject: 'a', proven: false },
    { email: 'one@example.com', method: 'password', subject: null, proven: true },
    { email: 'two@example.com', method: 'password', subject: null, proven: true },
  ]);
  const { rows: roles } = await run(
    `SELECT a.email, i.subject FROM account_roles r JOIN accounts a ON a.account_id = r.account_id
     LEFT JOIN account_identities i ON i.identity_id = r.identity_id ORDER BY a.email`,
    [],
  );
  // The claim brings the other role again at the next sign-in.
  expect(roles).toEqual([
    { email: 'invited@example.com', subject: null },
    { email: 'one@example.com', subject: 'a' },
  ]);
});
