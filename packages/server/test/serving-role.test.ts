import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { Database, type DatabaseTarget } from '../src/store/connections/db.ts';
import { migrateAndChooseRole } from '../src/store/schema/migrate.ts';
import { prepareServingRole } from '../src/store/schema/serving-role.ts';
import { asAdmin } from './support/database.ts';
import { addSite, goodEvent, presenceRows, results } from './support/presence.ts';
import { startTestServer, type TestServer } from './support/server.ts';

interface Role {
  user: string;
  password: string;
}

const PASSWORD = 'not secret: a role of a test';
const made: string[] = [];
let server: TestServer;
/** The serving role of the server. */
let serving: Role;
beforeAll(async () => {
  serving = await makeRole('LOGIN NOINHERIT');
  await asAdmin((admin) => admin.query(`GRANT rollcall_app TO ${serving.user}`));
  server = await startTestServer({}, { database: { target: serving } });
});
afterAll(async () => {
  await server.close();
  await asAdmin(async (admin) => {
    for (const role of made.reverse()) await admin.query(`DROP ROLE IF EXISTS ${role}`);
  });
});

function roleName(): string {
  const name = `serving_${randomBytes(4).toString('hex')}`;
  made.push(name);
  return name;
}
async function makeRole(attributes: string): Promise<Role> {
  const user = roleName();
  await asAdmin((admin) =>
    admin.query(`CREATE ROLE ${user} PASSWORD ${pg.escapeLiteral(PASSWORD)} ${attributes}`),
  );
  return { user, password: PASSWORD };
}
/** Another connection to the database of the server. */
function as(role: Role): DatabaseTarget {
  return { ...server.db.target, ...role };
}
async function refusalOf(role: Role): Promise<string> {
  return prepareServingRole(server.db.target, as(role)).then(
    () => 'none',
    (error: Error) => error.message,
  );
}

test('a server whose connections log in as the serving role serves logins, events and exports', async () => {
  await prepareServingRole(server.db.target, as(serving));
  const site = await addSite(server);
  const key = await server.key(site.tenantId, { authentication: 'hmac' });
  expect(await server.token(key)).toMatch(/^ey/);
  expect(await results(server, site, [goodEvent(site)])).toMatchObject([{ resultCode: 0 }]);
  expect(await presenceRows(server, site)).toHaveLength(1);
});

test.each([
  'SET ROLE OWNER',
  'SET SESSION AUTHORIZATION OWNER',
  'RESET ROLE; SET ROLE OWNER',
  'RESET SESSION AUTHORIZATION; SET ROLE OWNER',
  'RESET ROLE; ALTER TABLE rollcall.users DISABLE ROW LEVEL SECURITY',
  'RESET ROLE; SELECT FROM rollcall.organisations',
  'RESET ROLE; SELECT FROM rollcall.users',
  'RESET ROLE; CREATE TABLE rollcall.mine (id integer)',
])('raw SQL on the connections for requests gains nothing by %s', async (statements) => {
  const database = new Database({ target: as(serving), as: 'restricted', poolSize: 1 });
  const owner = pg.escapeIdentifier(inject('productUser').user);
  try {
    const attempt = database.inSystem((tx) => tx.query(statements.replaceAll('OWNER', owner)));
    await expect(attempt).rejects.toMatchObject({ code: '42501' });
  } finally {
    await database.close();
  }
});

test('RESET ROLE leads to the serving role, which has no rights of its own', async () => {
  const database = new Database({ target: as(serving), as: 'restricted', poolSize: 1 });
  const { rows } = await database
    .inSystem(async (tx) => {
      await tx.query('RESET ROLE');
      return tx.query(
        "SELECT current_user::text AS name, has_schema_privilege('rollcall', 'USAGE') AS reads",
      );
    })
    .finally(() => database.close());
  expect(rows).toEqual([{ name: serving.user, reads: false }]);
});

test('an owner that may create roles makes the role, with the password of its URL, and grants what it needs', async () => {
  const owner = await makeRole('LOGIN CREATEROLE');
  const database = `db_${owner.user}`;
  const role = { user: roleName(), password: "päss word with a quote: ' and a slash: /" };
  try {
    await asAdmin(async (admin) => {
      await admin.query(`GRANT rollcall_app TO ${owner.user} WITH ADMIN OPTION`);
      await admin.query(`CREATE DATABASE ${database} OWNER ${owner.user}`);
      await admin.query(`REVOKE CONNECT ON DATABASE ${database} FROM PUBLIC`);
    });
    const target = { ...inject('adminTarget'), ...owner, database } as DatabaseTarget;
    expect(await migrateAndChooseRole(target)).toBe('restricted');
    // A second replica may do the same at the same time, and every start does it again.
    await Promise.all([1, 2].map(() => prepareServingRole(target, { ...target, ...role })));
    await prepareServingRole(target, { ...target, ...role });
    // A server that trusts all local users asks for no password.
    const wrong = { ...target, ...role, password: 'wrong' };
    const asksForPassword = await asAdmin((admin) =>
      admin.query("SELECT FROM pg_hba_file_rules WHERE auth_method <> 'trust'"),
    );
    if (asksForPassword.rowCount !== 0)
      await expect(prepareServingRole(target, wrong)).rejects.toThrow('password authentication failed');
    const stored = await asAdmin((admin) =>
      admin.query('SELECT rolpassword, rolinherit FROM pg_authid WHERE rolname = $1', [role.user]),
    );
    expect(stored.rows[0]).toMatchObject({
      rolinherit: false,
      rolpassword: expect.stringMatching(/^SCRAM-SHA-256\$4096:/),
    });
  } finally {
    await asAdmin(async (admin) => {
      await admin.query(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`);
      await admin.query(`DROP ROLE IF EXISTS ${role.user}`);
    });
  }
});

test('a role that is missing and may not be made is refused, with the statements that make it', async () => {
  const role = { user: roleName(), password: PASSWORD };
  const limited = await makeRole('LOGIN');
  // The owner has the schema; this one may only find it.
  await asAdmin((admin) => admin.query(`GRANT rollcall_app TO ${limited.user}`));
  const owner = as(limited);
  const message = await prepareServingRole(owner, as(role)).then(
    () => 'none',
    (error: Error) => error.message,
  );
  expect(message).toContain(`CREATE ROLE "${role.user}" LOGIN NOINHERIT`);
  expect(message).toContain(`GRANT rollcall_app TO "${role.user}"`);
  expect(message).not.toContain(PASSWORD);
});

test('a role that can do more than serve requests is refused', async () => {
  const owner = inject('productUser');
  const roles = async (attributes: string, granted: string) => {
    const role = await makeRole(attributes);
    await asAdmin((admin) => admin.query(`GRANT ${granted} TO ${role.user}`));
    return refusalOf(role);
  };
  expect(await roles('LOGIN', `rollcall_app, ${pg.escapeIdentifier(owner.user)}`)).toContain(
    'can become the owner',
  );
  expect(await roles('LOGIN CREATEROLE', 'rollcall_app')).toContain('attribute of administrators');
  expect(await roles('LOGIN', 'rollcall_app, pg_read_all_data')).toContain('it can become pg_read_all_data');
  expect(await refusalOf({ user: owner.user, password: owner.password ?? '' })).toContain(
    'it owns the schema',
  );
});

describe('a role', () => {
  /** A role that could serve, after an administrator has run `statements` in the database of the server. */
  const refusalAfter = async (statements: (role: string) => string[], attributes = 'LOGIN NOINHERIT') => {
    const role = await makeRole(attributes);
    await asAdmin((admin) => admin.query(`GRANT rollcall_app TO ${role.user}`));
    const admin = new pg.Client({
      ...inject('adminTarget'),
      database: (server.db.target as pg.ClientConfig).database,
    });
    await admin.connect();
    try {
      for (const statement of statements(role.user)) await admin.query(statement);
      return await refusalOf(role);
    } finally {
      await admin.query(`DROP OWNED BY ${role.user}`);
      await admin.end();
    }
  };

  test.each<[string, (role: string, database: string) => string[], string]>([
    ['reads a table', (role) => [`GRANT SELECT ON rollcall.users TO ${role}`], 'table rollcall.users'],
    [
      'writes a column',
      (role) => [`GRANT UPDATE (status) ON rollcall.users TO ${role}`],
      'column status of table rollcall.users',
    ],
    ['finds the schema', (role) => [`GRANT USAGE ON SCHEMA rollcall TO ${role}`], 'schema rollcall'],
    ['owns a schema', (role) => [`CREATE SCHEMA mine AUTHORIZATION ${role}`], 'schema mine'],
    [
      'sets a parameter of administrators',
      (role) => [`GRANT SET ON PARAMETER session_replication_role TO ${role}`],
      'parameter session_replication_role',
    ],
    [
      'creates schemas',
      (role, database) => [`GRANT CONNECT, CREATE ON DATABASE ${database} TO ${role}`],
      'database',
    ],
    [
      'lets others connect',
      (role, database) => [`GRANT CONNECT ON DATABASE ${database} TO ${role} WITH GRANT OPTION`],
      'database',
    ],
  ])('that %s has a right of its own, and is refused', async (_what, statements, named) => {
    const database = (server.db.target as pg.ClientConfig).database ?? '';
    const refusal = await refusalAfter((role) => statements(role, pg.escapeIdentifier(database)));
    expect(refusal).toContain('it has rights of its own');
    expect(refusal).toContain(named);
  });

  test('that may grant the restricted role to others is refused', async () => {
    const refusal = await refusalAfter((role) => [`GRANT rollcall_app TO ${role} WITH ADMIN OPTION`]);
    expect(refusal).toContain('it may grant rollcall_app to other roles');
  });

  test('that may connect by a grant of its own is accepted', async () => {
    const database = pg.escapeIdentifier((server.db.target as pg.ClientConfig).database ?? '');
    expect(await refusalAfter((role) => [`GRANT CONNECT ON DATABASE ${database} TO ${role}`])).toBe('none');
  });
});

test('the error has only the statements that the owner could not run', async () => {
  const owner = await makeRole('LOGIN CREATEROLE');
  const other = await makeRole('LOGIN CREATEROLE');
  const database = `db_${owner.user}`;
  const role = { user: roleName(), password: PASSWORD };
  try {
    await asAdmin(async (admin) => {
      await admin.query(`GRANT rollcall_app TO ${owner.user}, ${other.user} WITH ADMIN OPTION`);
      await admin.query(`CREATE DATABASE ${database} OWNER ${owner.user}`);
      await admin.query(`REVOKE CONNECT ON DATABASE ${database} FROM PUBLIC`);
      // This one may connect, but let nobody else connect.
      await admin.query(`GRANT CONNECT ON DATABASE ${database} TO ${other.user}`);
    });
    const target = { ...inject('adminTarget'), ...owner, database } as DatabaseTarget;
    await migrateAndChooseRole(target);
    const error = await prepareServingRole({ ...target, ...other }, { ...target, ...role }).then(
      () => expect.fail('It was accepted.'),
      ({ message }: Error) => message,
    );
    expect(error).toContain(
      `An administrator may run GRANT CONNECT ON DATABASE "${database}" TO "${role.user}";`,
    );
  } finally {
    await asAdmin(async (admin) => {
      await admin.query(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`);
      await admin.query(`DROP ROLE IF EXISTS ${role.user}`);
    });
  }
});

test('a URL of another database is refused', async () => {
  const target = { ...as(serving), database: 'postgres' };
  await expect(prepareServingRole(server.db.target, target)).rejects.toThrow('not the one of --database-url');
});
