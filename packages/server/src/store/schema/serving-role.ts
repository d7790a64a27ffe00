import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import pg from 'pg';
import { roleOf, UnusableDatabaseError } from '../connections/check-database.ts';
import { type DatabaseTarget, RESTRICTED_ROLE } from '../connections/db.ts';
import { newClient } from '../connections/hosts.ts';
import { attempt } from './attempt.ts';

/**
 * Creates the role of `serving` if it is missing and the role of `owner` may create it, with the password of `serving`. Lets it
 * connect and become the restricted role. Then connects as it, and proves that it can do no more. The schema must exist.
 * Throws `UnusableDatabaseError`; its message says what to do.
 */
export async function prepareServingRole(owner: DatabaseTarget, serving: DatabaseTarget): Promise<void> {
  const role = roleOf(serving);
  const missing = await withClient(owner, async (client) => {
    // Replicas that start together would update the same rows of the catalog.
    await client.query("SELECT pg_advisory_lock(hashtext('rollcall serving role'))");
    for (const statement of await listMissing(client, role, serving)) {
      if (!(await attempt(client, statement))) break;
    }
    // PostgreSQL only warns of a grant that the owner may not make.
    const left = await listMissing(client, role, serving);
    return left.map((each) => each.replace(/ PASSWORD .*/, " PASSWORD '…'"));
  });
  const fault = await servingRoleFault(owner, serving);
  if (fault === undefined) return;
  throw new UnusableDatabaseError(
    `The role ${role} of --serving-database-url cannot serve requests: ${fault}.${
      missing.length === 0 ? '' : ` An administrator may run ${missing.join('; ')};`
    }`,
  );
}

/** The statements that make the role what it must be. Empty if it is. */
async function listMissing(client: pg.Client, role: string, serving: DatabaseTarget): Promise<string[]> {
  const { rows } = await client.query<{ isMember: boolean; connects: boolean }>(
    `SELECT EXISTS (SELECT FROM pg_auth_members WHERE member = r.oid AND roleid = to_regrole($2)) AS "isMember",
            has_database_privilege(r.oid, current_database(), 'CONNECT') AS connects
     FROM pg_roles r WHERE rolname = $1`,
    [role, RESTRICTED_ROLE],
  );
  const [found] = rows;
  const name = pg.escapeIdentifier(role);
  return [
    // The owner sees the addresses of sessions of roles that it is a member of (`master-key status`).
    ...(found
      ? []
      : [creationOf(role, serving), `GRANT ${name} TO ${pg.escapeIdentifier(client.user ?? '')}`]),
    ...(found?.isMember ? [] : [`GRANT ${RESTRICTED_ROLE} TO ${name}`]),
    ...(found?.connects
      ? []
      : [`GRANT CONNECT ON DATABASE ${pg.escapeIdentifier(client.database ?? '')} TO ${name}`]),
  ];
}

function creationOf(role: string, serving: DatabaseTarget): string {
  const password = newClient(serving).password ?? '';
  const secret = password === '' ? '' : ` PASSWORD ${pg.escapeLiteral(scramSecretOf(password))}`;
  return `CREATE ROLE ${pg.escapeIdentifier(role)} LOGIN NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS${secret}`;
}

/** Rights that an error names. */
const RIGHTS_NAMED = 5;

/**
 * What is wrong with the role of `serving`; undefined if it can become the restricted role, and has no other power and no
 * right. The schema must exist.
 */
export async function servingRoleFault(
  owner: DatabaseTarget,
  serving: DatabaseTarget,
): Promise<string | undefined> {
  const instance = await withClient(owner, readInstance);
  try {
    return await withClient(serving, async (client) => {
      const fault = await findTooMuch(client);
      if (fault !== undefined) return fault;
      await client.query(`SET ROLE ${RESTRICTED_ROLE}`);
      const isSame = (await readInstance(client)) === instance;
      return isSame ? undefined : 'its database is not the one of --database-url';
    });
  } catch (error) {
    return (error as Error).message.replace(/\.$/, '') || (error as NodeJS.ErrnoException).code;
  }
}

/** What the role of the session can do beyond what a serving role needs. */
async function findTooMuch(client: pg.Client): Promise<string | undefined> {
  const { rows } = await client.query<{
    powers: boolean;
    owns: boolean;
    roles: string[];
    grants: boolean;
    rights: string[];
  }>(
    // pg_shdepend has each object on which a role has a right, or which it owns.
    `SELECT r.rolsuper OR r.rolbypassrls OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication AS powers,
            pg_has_role(r.oid, n.nspowner, 'MEMBER') AS owns,
            ARRAY(SELECT o.rolname::text FROM pg_roles o
                  WHERE o.rolname NOT IN (r.rolname, $1) AND pg_has_role(r.oid, o.oid, 'MEMBER') ORDER BY 1) AS roles,
            EXISTS (SELECT FROM pg_auth_members WHERE member = r.oid AND admin_option) AS grants,
            ARRAY(SELECT DISTINCT pg_describe_object(s.classid, s.objid, s.objsubid) FROM pg_shdepend s
                  WHERE s.refclassid = 'pg_authid'::regclass AND s.refobjid = r.oid AND s.deptype IN ('a', 'o')
                    AND s.dbid IN (0, d.oid)
                    AND NOT (s.classid = 'pg_database'::regclass AND s.deptype = 'a' AND NOT EXISTS (
                      SELECT FROM pg_database o, aclexplode(o.datacl) a
                      WHERE o.oid = s.objid AND a.grantee = r.oid AND (a.privilege_type <> 'CONNECT' OR a.is_grantable)))
                  ORDER BY 1) AS rights
     FROM pg_roles r, pg_namespace n, pg_database d
     WHERE r.rolname = session_user AND n.nspname = 'rollcall' AND d.datname = current_database()`,
    [RESTRICTED_ROLE],
  );
  const [found] = rows;
  if (!found) return 'its database has no schema "rollcall", so it is not the one of --database-url';
  const { owns, powers, roles, grants, rights } = found;
  if (owns) return 'it owns the schema, or can become the owner';
  if (powers) return 'it is a superuser, or has another attribute of administrators';
  if (roles.length > 0) return `it can become ${roles.join(', ')}`;
  if (grants) return `it may grant ${RESTRICTED_ROLE} to other roles (ADMIN OPTION)`;
  if (rights.length === 0) return undefined;
  const more = rights.length - RIGHTS_NAMED;
  return `it has rights of its own: on ${rights.slice(0, RIGHTS_NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

async function readInstance(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ id: string }>(
    'SELECT current_database() || rollcall.instance_id()::text AS id',
  );
  return rows[0]?.id ?? '';
}

async function withClient<T>(target: DatabaseTarget, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = newClient({
    ...target,
    application_name: 'rollcall migrate',
    connectionTimeoutMillis: 5_000,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

const SCRAM_ITERATIONS = 4_096;

/**
 * What PostgreSQL keeps of a password (RFC 5803). With it in place of the password, a log of statements does not have the
 * password.
 */
function scramSecretOf(password: string): string {
  const salt = randomBytes(16);
  const salted = pbkdf2Sync(password.normalize('NFKC'), salt, SCRAM_ITERATIONS, 32, 'sha256');
  const keyOf = (name: string) => createHmac('sha256', salted).update(name).digest();
  const storedKey = createHash('sha256').update(keyOf('Client Key')).digest('base64');
  const serverKey = keyOf('Server Key').toString('base64');
  return `SCRAM-SHA-256$${SCRAM_ITERATIONS}:${salt.toString('base64')}$${storedKey}:${serverKey}`;
}
