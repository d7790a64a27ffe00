import { afterAll, beforeAll, expect, test } from 'vitest';
import { filterOf } from '../src/provisioning/filter.ts';
import { listProvisionedUsers, USER_COLUMNS } from '../src/store/provisioning/provisioned-users.ts';
import { ENTERPRISE, type ScimClient, scimClient, USER } from './support/scim.ts';
import { startTestServer, type TestServer } from './support/server.ts';

const MANY = 10_000;

let server: TestServer;
let idp: ScimClient;
beforeAll(async () => {
  server = await startTestServer();
  idp = await scimClient(server);
  await idp.createUser({
    userName: 'ada',
    externalId: 'x-ada',
    emails: [
      { value: 'ada@work.test', type: 'work', primary: true },
      { value: 'ada@home.test', type: 'home' },
    ],
    [ENTERPRISE]: { employeeNumber: 'E-ada' },
  });
  await server.db.owner.inTenant(idp.tenantId, async (tx) => {
    await tx.query(
      `INSERT INTO users (tenant_id, user_id, user_name, user_name_folded, email, email_folded, external_id, attributes)
       SELECT $1, gen_random_uuid(), n, n, n, n, n, jsonb_build_object('employeeNumber', n)
       FROM (SELECT 'many' || i AS n FROM generate_series(1, ${MANY}) i) AS named`,
      [idp.tenantId],
    );
    await tx.query(
      `INSERT INTO user_emails (tenant_id, user_id, position, value, value_folded)
       SELECT tenant_id, user_id, 1, user_name || '@x', user_name || '@x' FROM users WHERE tenant_id = $1 AND user_name <> 'ada'`,
      [idp.tenantId],
    );
  });
  await server.db.owner.inSystem((tx) => tx.query('ANALYZE users, user_emails'));
});
afterAll(() => server.close());

test.each([
  'userName eq "ADA"',
  'externalId eq "x-ada"',
  'emails eq "ada@work.test"',
  'emails.value eq "ada@home.test"',
  'emails[type eq "work" and value eq "ada@work.test"]',
  'emails[type eq "home"].value eq "ada@home.test"',
  'employeeNumber eq "e-ADA"',
  `${ENTERPRISE}:employeeNumber eq "e-ada"`,
  `${USER}:userName eq "ada" and active eq true`,
  'userName eq "ada" or emails.value eq "ada@home.test"',
])('%s reads only a few rows of 10,000 users', async (filter) => {
  await server.db.restricted.inTenant(idp.tenantId, async (tx) => {
    const read = async () => {
      const { rows } = await tx.query<{ read: number }>(
        `SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::int AS read FROM pg_stat_xact_user_tables
         WHERE schemaname = 'rollcall'`,
      );
      return rows[0]?.read ?? 0;
    };
    const before = await read();
    const found = await listProvisionedUsers(tx, idp.tenantId, filterOf(filter, USER_COLUMNS), {
      offset: 0,
      limit: 100,
    });
    expect(found).toMatchObject({ total: 1, users: [{ userName: 'ada' }] });
    expect((await read()) - before).toBeLessThan(40);
  });
});
