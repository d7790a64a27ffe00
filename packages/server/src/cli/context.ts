import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { checkOf, type MasterKeys } from '../auth/master-keys.ts';
import { MasterKeyError } from '../auth/secrets.ts';
import { ensureSigningKey } from '../auth/signing-keys.ts';
import { type DataConfig, MASTER_KEY_CREDENTIAL, MASTER_KEY_ENV, type ServerConfig } from '../config.ts';
import { joinEmbedded } from '../embedded/index.ts';
import { addOperatorEntry } from '../http/audit/operator.ts';
import { checkReachable } from '../store/connections/check-database.ts';
import { Database, type DatabaseTarget, type SessionRole } from '../store/connections/db.ts';
import {
  insertOrganisation,
  listOrganisations,
  type Organisation,
} from '../store/directory/organisations.ts';
import { ensureMasterKeyCheck } from '../store/schema/instance.ts';
import { migrateAndChooseRole } from '../store/schema/migrate.ts';
import { listUnknownTimeZones } from '../store/schema/time-zones.ts';
import { RESERVED_SLUGS } from '../store/values/slugs.ts';
import { CliError } from './errors.ts';
import { catchInterruption, Interrupted, unlessInterrupted, withinLastSeconds } from './interruption.ts';
import { createLocalMasterKey, masterKeySources, readMasterKeys } from './master-key-sources.ts';
import { remark } from './output.ts';

/** A database that answers. `close` lets go of it. */
export interface Connection {
  /** Connects as the owner. */
  target: DatabaseTarget;
  /** Connects as the serving role. Undefined if there is none. */
  servingTarget: DatabaseTarget | undefined;
  close(): Promise<void>;
}

/** The data that a command works on. The database answers, but its schema is not migrated yet. */
export interface DataConnection extends Connection {
  masterKey: MasterKeys;
}

interface Joining {
  purpose: 'serve' | 'command';
  /** The name in the database's list of sessions. */
  name: string;
  /** Called when the command only waits for the database; maybe more than once. */
  meanwhile?: () => void;
}

/** How many organisations an error names. */
const ORGANISATIONS_NAMED = 20;

/** Where the data is. Only servers know the serving role. */
type ConnectConfig = DataConfig & Partial<Pick<ServerConfig, 'servingDatabaseUrl'>>;

/** Connects to the database. Starts the embedded server if no URL is given. Throws operator errors. */
export async function connectTarget(config: ConnectConfig, joining: Joining): Promise<Connection> {
  const { servingDatabaseUrl } = config;
  if (config.databaseUrl !== undefined) {
    const target = { connectionString: config.databaseUrl };
    const reached = checkReachable(target);
    joining.meanwhile?.();
    await reached;
    const servingTarget =
      servingDatabaseUrl === undefined ? undefined : { connectionString: servingDatabaseUrl };
    return { target, servingTarget, close: async () => undefined };
  }
  if (servingDatabaseUrl !== undefined) {
    throw new CliError('--serving-database-url needs --database-url, the URL of the owner.');
  }
  const dataDir = resolve(config.dataDir);
  const isNew = !existsSync(dataDir);
  const server = await joinEmbedded({ dataDir, ...joining, log: remark });
  if (isNew) remark(`Created the data directory ${dataDir}.`);
  const { target, servingTarget } = server;
  return { target, servingTarget, close: () => server.release() };
}

/** Like `connectTarget`, with the master key. */
export async function connectData(config: ConnectConfig, joining: Joining): Promise<DataConnection> {
  const given = await readMasterKeys(masterKeySources(config));
  if (config.databaseUrl !== undefined && !given) {
    throw new CliError(
      `A database URL needs a master key: give it in ${MASTER_KEY_ENV}, with --master-key-file, with --master-key-command or as the systemd credential ${MASTER_KEY_CREDENTIAL}. "openssl rand -base64 32" generates one.`,
    );
  }
  const connection = await connectTarget(config, joining);
  try {
    return { ...connection, masterKey: given ?? (await createLocalMasterKey(resolve(config.dataDir))) };
  } catch (error) {
    await connection.close();
    throw error;
  }
}

/** Migrates the schema and checks the master key. Returns the role for connections under row-level security. */
export async function prepareData(
  { target, masterKey }: DataConnection,
  owner: Database,
): Promise<SessionRole> {
  // Connecting takes longer than checking a schema that is up to date.
  owner.warmUp().catch(() => undefined);
  const role = await migrateAndChooseRole(target);
  await checkMasterKeys(owner, masterKey);
  await ensureSigningKey(owner, masterKey, new Date());
  return role;
}

/** Prints each organisation that the console cannot show, because an earlier release let it have such a slug. */
export async function remarkReservedSlugs(owner: Database): Promise<void> {
  for (const { slug } of await owner.inSystem(listOrganisations)) {
    if (RESERVED_SLUGS.includes(slug)) {
      remark(
        `Warning: the slug of the organisation ${slug} is an address of the console, so the console cannot show it; the API and the commands work.`,
      );
    }
  }
}

/** Prints each office and organisation whose time zone the database does not know. */
export async function remarkUnknownTimeZones(owner: Database): Promise<void> {
  for (const { organisation, office, timeZone } of await owner.inSystem(listUnknownTimeZones)) {
    remark(
      office === null
        ? `Warning: the database does not know the time zone ${timeZone} of the organisation ${organisation}; people without an office follow UTC.`
        : `Warning: the database does not know the time zone ${timeZone} of the office ${JSON.stringify(office)} in the organisation ${organisation}; this office takes no part until it has another time zone.`,
    );
  }
}

/** Runs `work` with connections of the owner, and closes them afterwards. */
export async function withOwner<T>(
  target: DatabaseTarget,
  work: (owner: Database) => Promise<T>,
  poolSize = 2,
): Promise<T> {
  // An import may wait for another import for long.
  const owner = new Database({ target, as: 'owner', poolSize, exportPoolSize: 1, statementTimeoutMs: 0 });
  try {
    return await work(owner);
  } finally {
    await owner.close();
  }
}

/** The services of a command that administers data. */
export interface Context extends DataConnection {
  owner: Database;
  /** The role of connections under row-level security. */
  role: SessionRole;
  /** Lets `work` run after an interruption, before the connections close. It has some seconds. */
  onInterrupted(work: () => Promise<void>): void;
}

/** Runs `work` as the owner on migrated data, and closes the connection afterwards. Throws `Interrupted`. */
export async function withContext<T>(
  config: DataConfig,
  name: string,
  work: (context: Context) => Promise<T>,
): Promise<T> {
  catchInterruption();
  const connection = await connectData(config, { purpose: 'command', name });
  const lastWork: (() => Promise<void>)[] = [];
  try {
    return await unlessInterrupted(
      withOwner(connection.target, async (owner) => {
        const role = await prepareData(connection, owner);
        return work({ ...connection, owner, role, onInterrupted: (last) => lastWork.push(last) });
      }),
    );
  } catch (error) {
    if (error instanceof Interrupted) await withinLastSeconds(Promise.all(lastWork.map((work) => work())));
    throw error;
  } finally {
    await connection.close();
  }
}

/** The organisation that `--org` names, or the only one. Creates the first one if there is none. */
export async function chooseOrganisation(owner: Database, slug: string | undefined): Promise<Organisation> {
  return (await findOrganisation(owner, slug)) ?? createDefaultOrganisation(owner);
}

/** Like `chooseOrganisation`, for a command that writes nothing. Throws `CliError` if there is no organisation. */
export async function getOrganisation(owner: Database, slug: string | undefined): Promise<Organisation> {
  const found = await findOrganisation(owner, slug);
  if (!found) throw new CliError('There is no organisation yet; "rollcall orgs create" makes one.');
  return found;
}

/** Undefined if there is no organisation. Throws `CliError` if the choice is not clear. */
async function findOrganisation(
  owner: Database,
  slug: string | undefined,
): Promise<Organisation | undefined> {
  const organisations = await owner.inSystem(listOrganisations);
  if (slug !== undefined) {
    const named = organisations.find(
      (organisation) => organisation.slug === slug || organisation.tenantId === slug,
    );
    if (named) return named;
    const others = organisations.length > 0 ? `there are ${slugsOf(organisations)}` : 'there is none yet';
    throw new CliError(`There is no organisation ${slug}; ${others}.`);
  }
  if (organisations.length > 1) {
    throw new CliError(`Choose an organisation with --org: ${slugsOf(organisations)}.`);
  }
  return organisations[0];
}

function slugsOf(organisations: Organisation[]): string {
  const named = organisations.slice(0, ORGANISATIONS_NAMED).map(({ slug }) => slug);
  const more = organisations.length - named.length;
  return `${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** Adds an organisation. Returns false if its slug is there already. */
export function addOrganisation(owner: Database, organisation: Organisation): Promise<boolean> {
  const { tenantId, createdAt } = organisation;
  return owner.inSystem(async (tx) => {
    const isInserted = await insertOrganisation(tx, organisation);
    if (isInserted)
      await addOperatorEntry(tx, 'organisation.created', {
        tenantId,
        metadata: {},
        atMs: createdAt.getTime(),
      });
    return isInserted;
  });
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
  await addOrganisation(owner, organisation);
  remark('There was no organisation yet; created "default".');
  return organisation;
}

/**
 * Throws `MasterKeyError` if the keys are not those of the database. The first call decides which key that is. A rotation may
 * have begun since this process read its source, so it reads the source once more before it gives up.
 */
export async function checkMasterKeys(owner: Database, masterKeys: MasterKeys): Promise<void> {
  const checks = await owner.inSystem((tx) => ensureMasterKeyCheck(tx, checkOf(masterKeys.current)));
  try {
    masterKeys.adopt(checks);
  } catch (error) {
    if (!(error instanceof MasterKeyError)) throw error;
    await masterKeys.reload(checks);
    masterKeys.adopt(checks);
  }
}
