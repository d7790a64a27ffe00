import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { joinEmbedded } from '../../src/embedded/index.ts';
import { passwordOf, ROLES } from '../../src/embedded/secret.ts';
import type { DatabaseTarget } from '../../src/store/connections/db.ts';
import { migrate } from '../../src/store/schema/migrate.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** A role that may create databases on the server under test. */
    adminTarget: DatabaseTarget;
    /** The role that the product connects as. */
    productUser: { user: string; password: string | undefined };
    templateDatabase: string;
    copyStrategy: CopyStrategy;
    /** The directory for files that outlive one test file; removed after the run. Every user may enter it. */
    scratchDir: string;
  }
}

/**
 * The strategy of CREATE DATABASE. FILE_COPY costs half as much, but makes two checkpoints, which are slow on a disk.
 */
type CopyStrategy = 'FILE_COPY' | 'WAL_LOG';

const ROOT_DIR = fileURLToPath(new URL('../../../../', import.meta.url));

/** Starts one PostgreSQL for the whole run: the server of DATABASE_URL, or an embedded one in a temporary directory. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  // The tests run the command line, the SDK and the console as they are shipped, so all must be built.
  if (!isBuilt()) execFileSync('npm', ['run', '--silent', 'build'], { cwd: ROOT_DIR, stdio: 'inherit' });

  const server = process.env.DATABASE_URL ? givenServer(process.env.DATABASE_URL) : await embeddedServer();
  const templateDatabase = `rollcall_template_${process.pid}`;
  const { user } = server.productUser;
  try {
    await asAdmin(server.adminTarget, (admin) =>
      admin.query(`CREATE DATABASE ${templateDatabase} OWNER ${pg.escapeIdentifier(user)}`),
    );
    // The clocks of tests begin in March 2026, so that their events are in several partitions, and go on for years.
    for (const now of ['2026-03-10T12:00:00Z', '2036-01-01T00:00:00Z'])
      await migrate(
        { ...server.adminTarget, ...server.productUser, database: templateDatabase },
        { now: new Date(now) },
      );
  } catch (error) {
    await server.stop();
    throw error;
  }
  project.provide('adminTarget', server.adminTarget);
  project.provide('productUser', server.productUser);
  project.provide('templateDatabase', templateDatabase);
  project.provide('copyStrategy', server.copyStrategy);
  const scratchDir = await openDirectory();
  project.provide('scratchDir', scratchDir);

  return async () => {
    await asAdmin(server.adminTarget, (admin) =>
      admin.query(`DROP DATABASE IF EXISTS ${templateDatabase} WITH (FORCE)`),
    );
    await server.stop();
    await rm(scratchDir, { recursive: true, force: true });
  };
}

/** Whether the build is newer than all its sources. This saves ten seconds. */
function isBuilt(): boolean {
  const built = [
    'server/dist/bin/rollcall.js',
    'sdk/dist/esm/index.js',
    'sdk/dist/cjs/index.js',
    'console/dist/index.html',
  ].map((file) => join(ROOT_DIR, 'packages', file));
  const parts = ['src', 'scripts', 'package.json', 'tsconfig.json'];
  const sources = [
    ...parts.map((part) => join(ROOT_DIR, 'packages/server', part)),
    ...[...parts, 'tsconfig.cjs.json'].map((part) => join(ROOT_DIR, 'packages/sdk', part)),
    ...[...parts, 'vite.config.ts', 'index.html', 'icon.svg'].map((part) =>
      join(ROOT_DIR, 'packages/console', part),
    ),
  ];
  const newest = Math.max(...[join(ROOT_DIR, 'package-lock.json'), ...sources].map(newestMs));
  return built.every((file) => existsSync(file) && statSync(file).mtimeMs > newest);
}

/** The newest time of a file, or of a directory and all in it. A deleted file changes the time of its directory. */
function newestMs(path: string): number {
  const stats = statSync(path);
  if (!stats.isDirectory()) return stats.mtimeMs;
  return Math.max(stats.mtimeMs, ...readdirSync(path).map((name) => newestMs(join(path, name))));
}

/**
 * A directory that other users may enter. If root starts it, an embedded server runs as another user and needs its data
 * here.
 */
async function openDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'rollcall-test-'));
  await chmod(directory, 0o711);
  return directory;
}

async function asAdmin(
  adminTarget: DatabaseTarget,
  work: (admin: pg.Client) => Promise<unknown>,
): Promise<void> {
  const admin = new pg.Client(adminTarget);
  await admin.connect();
  await work(admin).finally(() => admin.end());
}

interface TestServer {
  adminTarget: DatabaseTarget;
  productUser: { user: string; password: string | undefined };
  copyStrategy: CopyStrategy;
  stop(): Promise<void>;
}

function givenServer(databaseUrl: string): TestServer {
  const { host, port, user, password, database } = new pg.Client(databaseUrl);
  const adminTarget = { host, port, user, password, database } as DatabaseTarget;
  return {
    adminTarget,
    productUser: { user: user ?? 'postgres', password },
    copyStrategy: 'WAL_LOG',
    stop: async () => undefined,
  };
}

async function embeddedServer(): Promise<TestServer> {
  const directory = await openDirectory();
  const dataDir = join(directory, 'data');
  const server = await joinEmbedded({ dataDir, purpose: 'serve', name: 'rollcall tests' });
  const superuserPassword = await passwordOf(dataDir, ROLES.superuser);
  const { user, password } = server.target as { user: string; password: string };
  const adminTarget = {
    ...server.target,
    user: ROLES.superuser,
    password: superuserPassword,
    database: 'postgres',
  };
  await asAdmin(adminTarget, async (admin) => {
    // The data need not survive a power failure, and the tests create and drop a hundred databases.
    for (const setting of ['fsync', 'full_page_writes'])
      await admin.query(`ALTER SYSTEM SET ${setting} TO off`);
    await admin.query('SELECT pg_reload_conf()');
  });
  return {
    adminTarget,
    productUser: { user, password },
    copyStrategy: 'FILE_COPY',
    stop: async () => {
      await server.release();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
