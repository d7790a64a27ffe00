import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, expect, inject, test } from 'vitest';
import { query } from '../embedded/support.ts';
import { asAdmin } from '../support/database.ts';
import { answersWithinASecond } from '../support/waiting.ts';
import { expectOneSentence, type Key, logIn, type Rollcall, readStatus, Workspace } from './support.ts';

const PASSWORD = 'not secret: a role of a test';
const MASTER_KEY = randomBytes(32).toString('base64');

let work: Workspace;
let made: string[] = [];
let running: Rollcall[] = [];
beforeAll(async () => {
  work = await Workspace.create();
});
afterEach(async () => {
  for (const server of running) if (!server.hasEnded) await server.stop();
  running = [];
  await asAdmin(async (admin) => {
    for (const statement of made.reverse()) await admin.query(statement);
  });
  made = [];
});
afterAll(() => work.close());

/** Creates a role with these attributes, and a database that it owns. Returns how to reach it. */
async function makeDatabase(attributes: string, { owned = true } = {}) {
  const name = `cli_${randomBytes(4).toString('hex')}`;
  await asAdmin(async (admin) => {
    await admin.query(`CREATE ROLE ${name} LOGIN PASSWORD ${pg.escapeLiteral(PASSWORD)} ${attributes}`);
    made.push(`DROP ROLE ${name}`);
    await admin.query(`CREATE DATABASE ${name}`);
    made.push(`DROP DATABASE ${name} WITH (FORCE)`);
    if (owned) await admin.query(`ALTER DATABASE ${name} OWNER TO ${name}`);
  });
  const target = inject('adminTarget');
  const { host = '', port = 5432 } = target;
  // A directory of a socket goes into the query, as libpq expects.
  const where = host.startsWith('/')
    ? `@/${name}?host=${encodeURIComponent(host)}&port=${port}`
    : `@${host}:${port}/${name}`;
  return {
    name,
    admin: { ...target, database: name },
    env: {
      DATABASE_URL: `postgres://${name}:${encodeURIComponent(PASSWORD)}${where}`,
      ROLLCALL_MASTER_KEY: MASTER_KEY,
    },
  };
}

async function serve(env: Record<string, string>): Promise<string> {
  const { server, baseUrl } = await work.start(['serve'], { env });
  running.push(server);
  return baseUrl;
}

async function createKey(env: Record<string, string>): Promise<Key> {
  const properties = ['--role', 'all', '--authentication', 'hmac', '--name', 'test'];
  return work.json<Key>(['keys', 'create', ...properties], { env });
}

/** Whether the server's requests become rollcall_app. If they do, they lose the rights that this role loses. */
async function servesRestricted(baseUrl: string, token: string, admin: pg.ClientConfig): Promise<boolean> {
  expect(await readStatus(baseUrl, token)).toBe(200);
  await query(admin, 'REVOKE SELECT ON rollcall.users FROM rollcall_app');
  const status = await readStatus(baseUrl, token);
  await query(admin, 'GRANT SELECT ON rollcall.users TO rollcall_app');
  return status !== 200;
}

test("a superuser's requests run as rollcall_app, and two replicas that start together cooperate", async () => {
  const { env, admin } = await makeDatabase('SUPERUSER');
  const [left, right] = (await Promise.all([serve(env), serve(env)])) as [string, string];
  const key = await createKey(env);
  const { token } = await logIn(left, key);
  expect(await readStatus(right, token)).toBe(200);
  expect(await servesRestricted(left, token, admin)).toBe(true);

  await work.json(['keys', 'revoke', key.apiKey], { env });
  await Promise.all([left, right].map((each) => answersWithinASecond(() => readStatus(each, token), 401)));

  const other = { ...env, ROLLCALL_MASTER_KEY: randomBytes(32).toString('base64') };
  expectOneSentence(
    await work.rollcall(['keys', 'list'], { env: other }),
    /^rollcall: The database was set up with another master key; .*\.\n$/,
  );
});

test('a role with BYPASSRLS that cannot become rollcall_app gets an error with the needed grant, and serves after it', async () => {
  const { name, env, admin } = await makeDatabase('BYPASSRLS');
  const refused = await work.rollcall(['serve', '--port', '0', '--log-level', 'silent'], { env });
  expectOneSentence(
    refused,
    new RegExp(`^rollcall: The database role ${name} is exempt from row-level security .*;\n$`),
  );
  const statements = /have an administrator run (.*)\n/.exec(refused.stderr)?.[1] ?? '';
  expect(statements).toContain(`GRANT rollcall_app TO "${name}";`);
  await query(admin, statements);

  const baseUrl = await serve(env);
  const { token } = await logIn(baseUrl, await createKey(env));
  expect(await servesRestricted(baseUrl, token, admin)).toBe(true);
});

test('a plain owner of the database serves without a change of role', async () => {
  const { env, admin } = await makeDatabase('NOCREATEROLE');
  const baseUrl = await serve(env);
  const { token } = await logIn(baseUrl, await createKey(env));
  expect(await servesRestricted(baseUrl, token, admin)).toBe(false);
});

test('a role without the right to create the schema is refused in one sentence', async () => {
  const { env } = await makeDatabase('NOCREATEROLE', { owned: false });
  expectOneSentence(
    await work.rollcall(['keys', 'list'], { env }),
    /^rollcall: The database role is not allowed to set up the schema "rollcall" \(permission denied .*\); .*\.\n$/,
  );
});

/** The roles that are logged in to a database with this name of their sessions. */
async function rolesOf(database: string, application: string): Promise<string[]> {
  const { rows } = await asAdmin((client) =>
    client.query(
      'SELECT DISTINCT usename::text AS name FROM pg_stat_activity WHERE datname = $1 AND application_name = $2',
      [database, application],
    ),
  );
  return rows.map(({ name }) => name);
}

test('with a serving role, which the server makes, requests log in as it', async () => {
  const { name, env } = await makeDatabase('CREATEROLE');
  const serving = `${name}_server`;
  await asAdmin((client) => client.query(`GRANT rollcall_app TO ${name} WITH ADMIN OPTION`));
  const url = env.DATABASE_URL.replace(`//${name}:`, `//${serving}:`);
  // The owner granted rollcall_app to the role, so the role goes before the owner.
  made.splice(1, 0, `DROP ROLE IF EXISTS ${serving}`);
  const { server, baseUrl } = await work.start(['serve'], {
    env: { ...env, ROLLCALL_SERVING_DATABASE_URL: url },
  });
  running.push(server);
  const { token } = await logIn(baseUrl, await createKey(env));
  expect(await readStatus(baseUrl, token)).toBe(200);
  expect(server.stderr).toContain(`Requests connect to the database as ${serving}`);
  expect(await rolesOf(name, 'rollcall')).toEqual([serving]);
});

test('without one, requests log in as the owner, and the server warns', async () => {
  const { name, env } = await makeDatabase('NOCREATEROLE');
  const { server, baseUrl } = await work.start(['serve'], { env });
  running.push(server);
  const { token } = await logIn(baseUrl, await createKey(env));
  expect(await readStatus(baseUrl, token)).toBe(200);
  expect(server.stderr).toContain(`Warning: requests connect to the database as its owner, ${name}.`);
  expect(await rolesOf(name, 'rollcall')).toEqual([name]);
});
