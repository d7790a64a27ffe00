import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { link, mkdir, readFile, unlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import pg from 'pg';
import { MasterKey, MasterKeyError } from '../auth/secrets.ts';
import { ensureSigningKey } from '../auth/signing-keys.ts';
import { type DataConfig, MASTER_KEY_ENV, masterKeyFromEnvironment } from '../config.ts';
import { Database, type DatabaseTarget, type SessionRole } from '../store/db.ts';
import { joinEmbedded } from '../store/embedded/index.ts';
import { masterKeyCheck } from '../store/instance.ts';
import { migrate } from '../store/migrate.ts';
import { insertOrganisation, listOrganisations, type Organisation } from '../store/organisations.ts';
import { chooseRole } from '../store/roles.ts';
import { CliError, unreadable } from './errors.ts';
import { catchInterruption, unlessInterrupted } from './interruption.ts';
import { remark } from './output.ts';

/** The data that a command works on: reached, but not yet migrated. */
export interface DataConnection {
  target: DatabaseTarget;
  masterKey: MasterKey;
  close(): Promise<void>;
}

const LEAST_POSTGRES = 15;
const INSUFFICIENT_PRIVILEGE = '42501';
const MASTER_KEY_FILE = 'master.key';

/**
 * Reaches the database, starting the embedded one where no URL is given, and reads the master key. Throws
 * `CliError` and `EmbeddedServerError`, each with one sentence.
 */
export async function connectData(
  config: DataConfig,
  { purpose, name }: { purpose: 'serve' | 'command'; name: string },
): Promise<DataConnection> {
  if (config.databaseUrl !== undefined) {
    const masterKey = await givenMasterKey(config);
    if (!masterKey) {
      throw new CliError(
        `With a database URL the master key must be given, in ${MASTER_KEY_ENV} or --master-key-file; "openssl rand -base64 32" makes one.`,
      );
    }
    const target = { connectionString: config.databaseUrl };
    await checkServer(target);
    return { target, masterKey, close: async () => undefined };
  }
  const dataDir = resolve(config.dataDir);
  const isNew = !existsSync(dataDir);
  const server = await joinEmbedded({ dataDir, purpose, name, log: remark });
  try {
    if (isNew) remark(`Created the data directory ${dataDir}.`);
    const masterKey = (await givenMasterKey(config)) ?? (await localMasterKey(dataDir));
    return { target: server.target, masterKey, close: () => server.release() };
  } catch (error) {
    await server.release();
    throw error;
  }
}

/** Brings the schema up to date and checks the master key against it; how to stay under row-level security. */
export async function prepareData({ target, masterKey }: DataConnection): Promise<SessionRole> {
  await migrate(target).catch((error: unknown) => {
    if (!(error instanceof pg.DatabaseError) || error.code !== INSUFFICIENT_PRIVILEGE) throw error;
    throw new CliError(
      `The database role may not set up the schema "rollcall" (${error.message}); connect as the owner of the database.`,
    );
  });
  await withOwner(target, async (owner) => {
    await checkMasterKey(owner, masterKey);
    await ensureSigningKey(owner, masterKey, new Date());
  });
  return chooseRole(target);
}

/** Runs `work` with connections of the owner, which are closed afterwards. */
export async function withOwner<T>(
  target: DatabaseTarget,
  work: (owner: Database) => Promise<T>,
): Promise<T> {
  // Imports wait for one another, and may do so for long.
  const owner = new Database({ target, as: 'owner', poolSize: 2, exportPoolSize: 1, statementTimeoutMs: 0 });
  try {
    return await work(owner);
  } finally {
    await owner.close();
  }
}

/** What a command that administers data works with. */
export interface Context extends DataConnection {
  owner: Database;
}

/** Runs `work` with the owner's access to migrated data, and lets go of the data afterwards. Throws `Interrupted`. */
export async function withContext<T>(
  config: DataConfig,
  name: string,
  work: (context: Context) => Promise<T>,
): Promise<T> {
  catchInterruption();
  const connection = await connectData(config, { purpose: 'command', name });
  try {
    await unlessInterrupted(prepareData(connection));
    return await unlessInterrupted(withOwner(connection.target, (owner) => work({ ...connection, owner })));
  } finally {
    await connection.close();
  }
}

/** The organisation that `--org` names, or the only one there is; a first one is made where there is none. */
export async function chooseOrganisation(owner: Database, slug: string | undefined): Promise<Organisation> {
  const organisations = await owner.inSystem(listOrganisations);
  if (slug !== undefined) {
    const named = organisations.find(
      (organisation) => organisation.slug === slug || organisation.tenantId === slug,
    );
    if (!named)
      throw new CliError(`There is no organisation ${slug}; "rollcall orgs list" shows those there are.`);
    return named;
  }
  if (organisations.length > 1) {
    throw new CliError(
      `Say which organisation with --org: ${organisations.map((each) => each.slug).join(', ')}.`,
    );
  }
  return organisations[0] ?? createDefaultOrganisation(owner);
}

async function createDefaultOrganisation(owner: Database): Promise<Organisation> {
  const organisation: Organisation = {
    tenantId: randomUUID(),
    slug: 'default',
    name: 'Default organisation',
    timeZone: 'UTC',
    isDemo: false,
    createdAt: new Date(),
  };
  await owner.inSystem((tx) => insertOrganisation(tx, organisation));
  remark('There was no organisation yet; created "default".');
  return organisation;
}

async function givenMasterKey(config: DataConfig): Promise<MasterKey | undefined> {
  if (config.masterKeyFile !== undefined) return MasterKey.parse(await readText(config.masterKeyFile));
  const fromEnvironment = masterKeyFromEnvironment();
  return fromEnvironment === undefined ? undefined : MasterKey.parse(fromEnvironment);
}

/** The data directory's own key; a missing one is made, and refused later if the database knows another. */
async function localMasterKey(dataDir: string): Promise<MasterKey> {
  const file = join(dataDir, MASTER_KEY_FILE);
  if (!existsSync(file)) await saveMasterKey(dataDir, MasterKey.generate());
  return MasterKey.parse(await readText(file));
}

/** Writes the master key into a data directory, unless there is one already. Mode 0600, whole or not at all. */
export async function saveMasterKey(dataDir: string, masterKey: MasterKey): Promise<void> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const unfinished = join(dataDir, `${MASTER_KEY_FILE}.${randomUUID()}`);
  await writeFile(unfinished, `${masterKey.export()}\n`, { mode: 0o600, flush: true });
  try {
    await link(unfinished, join(dataDir, MASTER_KEY_FILE));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await unlink(unfinished);
  }
}

async function checkMasterKey(owner: Database, masterKey: MasterKey): Promise<void> {
  const purpose = 'master-key-check';
  const sealed = await owner.inSystem((tx) => masterKeyCheck(tx, masterKey.seal(purpose, purpose)));
  try {
    masterKey.open(sealed, purpose);
  } catch (error) {
    if (!(error instanceof MasterKeyError)) throw error;
    throw new CliError(
      'This master key is not the one that the database was set up with; bring the right one back.',
    );
  }
}

async function checkServer(target: DatabaseTarget): Promise<void> {
  const client = clientOf(target);
  client.on('error', () => undefined);
  const { host, port } = client;
  try {
    await client.connect();
    const { rows } = await client.query<{ major: number }>(
      "SELECT current_setting('server_version_num')::int / 10000 AS major",
    );
    const major = rows[0]?.major ?? 0;
    if (major < LEAST_POSTGRES) {
      throw new CliError(
        `The database at ${host}:${port} is PostgreSQL ${major}; ${LEAST_POSTGRES} or later is needed.`,
      );
    }
  } catch (error) {
    if (error instanceof CliError) throw error;
    const reason =
      error instanceof Error ? error.message || (error as NodeJS.ErrnoException).code : String(error);
    throw new CliError(`The database at ${host}:${port} does not let us in: ${reason}.`);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Throws `CliError` where the URL names a certificate that cannot be read. */
function clientOf(target: DatabaseTarget): pg.Client {
  try {
    return new pg.Client({ ...target, connectionTimeoutMillis: 5_000 });
  } catch (error) {
    throw new CliError(
      `The database URL cannot be used: ${error instanceof Error ? error.message : String(error)}.`,
    );
  }
}

async function readText(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(unreadable(file));
}
