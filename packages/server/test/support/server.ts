import { createHmac } from 'node:crypto';
import { Writable } from 'node:stream';
import { type App, type AppDeps, createApp } from '../../src/app.ts';
import { createKey, type ShownKey } from '../../src/auth/manage-keys.ts';
import { MasterKeys } from '../../src/auth/master-keys.ts';
import { MasterKey } from '../../src/auth/secrets.ts';
import { ensureSigningKey } from '../../src/auth/signing-keys.ts';
import { defaults, SERVER_SETTINGS, type ServerConfig } from '../../src/config.ts';
import type { Lifecycle } from '../../src/http/health.ts';
import { createLogger } from '../../src/http/logging.ts';
import type { Monitor } from '../../src/http/monitoring/monitor.ts';
import type { ApiKeyAuthentication, ApiKeyRole } from '../../src/store/auth/api-keys.ts';
import type { KeyLimits } from '../../src/store/auth/key-limits.ts';
import { Database, type DatabaseOptions } from '../../src/store/connections/db.ts';
import { createTestDatabase, createTestOrganisation, type TestDatabase } from './database.ts';

/** A settable clock, so that no test depends on when it runs. */
export class TestClock {
  nowMs: number;

  constructor(iso = '2026-03-10T12:00:00Z') {
    this.nowMs = Date.parse(iso);
  }

  readonly read = (): number => this.nowMs;

  get nowS(): number {
    return Math.floor(this.nowMs / 1000);
  }

  advanceS(seconds: number): void {
    this.nowMs += seconds * 1000;
  }
}

export interface TestServer {
  app: App;
  db: TestDatabase;
  clock: TestClock;
  /** The clock by which the server measures durations. It stands still until a test moves it. */
  stopwatch: { nowMs: number };
  masterKey: MasterKey;
  /** All lines of the server's log. */
  logs: string[];
  /** Creates an organisation. Returns its tenant id. */
  organisation(options?: { slug?: string; timeZone?: string }): Promise<string>;
  key(
    tenantId: string,
    options?: {
      role?: ApiKeyRole;
      authentication?: ApiKeyAuthentication;
      expiresAt?: Date;
      limits?: KeyLimits;
      existing?: { apiKey: string; secret: string };
    },
  ): Promise<ShownKey>;
  /** A token for the key, by HMAC login through the server. */
  token(key: { apiKey: string; secret: string }): Promise<string>;
  close(): Promise<void>;
}

export interface TestServerOptions {
  /** The server's own connection to its database, if it differs from the test's. */
  database?: Partial<DatabaseOptions>;
  lifecycle?: Lifecycle;
  oidcClientSecret?: string;
  monitor?: Monitor;
  /** A migrated database; by default a new one. */
  db?: TestDatabase;
}

/** Starts the real application on a separate database, with a settable clock. */
export async function startTestServer(
  config: Partial<ServerConfig> = {},
  {
    database: own,
    lifecycle = { migrated: true },
    oidcClientSecret,
    monitor,
    db: given,
  }: TestServerOptions = {},
): Promise<TestServer> {
  const db = given ?? (await createTestDatabase());
  const database = own
    ? new Database({ as: 'restricted', ...own, target: { ...db.target, ...own.target } })
    : db.restricted;
  const clock = new TestClock();
  const stopwatch = { nowMs: 0 };
  const masterKey = MasterKey.generate();
  const logs: string[] = [];
  await ensureSigningKey(db.owner, masterKey, new Date(clock.nowMs));
  const app = await createApp({
    config: { ...defaults(SERVER_SETTINGS), ...config },
    database,
    masterKey: new MasterKeys([masterKey]),
    logger: createLogger('info', lineSink(logs)),
    lifecycle,
    clock: clock.read,
    stopwatch: () => stopwatch.nowMs,
    oidcClientSecret,
    monitor,
  });
  await app.ready();
  return {
    app,
    db,
    clock,
    stopwatch,
    masterKey,
    logs,
    organisation: (options) => createTestOrganisation(db.owner, options),
    key: (tenantId, { role = 'all', authentication = 'basic', ...rest } = {}) =>
      createKey(
        { tenantId, name: `${role} key`, role, authentication, ...rest },
        { owner: db.owner, masterKey, clock: clock.read },
      ),
    token: async (key) => {
      const reply = await app.inject({ method: 'POST', url: '/v1/auth', payload: login(key, clock.nowS) });
      return (reply.json() as { token: string }).token;
    },
    close: async () => {
      await app.close();
      if (database !== db.restricted) await database.close();
      await db.drop();
    },
  };
}

/**
 * Another server on the same database, with the clock and master key of the first unless others are given. Close it
 * before the first one.
 */
export function replicaOf(
  { db, masterKey, clock }: Pick<TestServer, 'db' | 'masterKey' | 'clock'>,
  { config, ...given }: { config?: Partial<ServerConfig> } & Partial<Omit<AppDeps, 'config'>> = {},
): Promise<App> {
  return createApp({
    config: { ...defaults(SERVER_SETTINGS), ...config },
    database: db.restricted,
    masterKey: new MasterKeys([masterKey]),
    logger: createLogger('silent'),
    lifecycle: { migrated: true },
    clock: clock.read,
    ...given,
  });
}

/** The body of an HMAC login. */
export function login(
  { apiKey, secret }: { apiKey: string; secret: string },
  timestamp: number | string,
): { apiKey: string; timestamp: number | string; hash: string } {
  return {
    apiKey,
    timestamp,
    hash: createHmac('sha256', secret).update(`${apiKey}${timestamp}`).digest('hex'),
  };
}

/** An HTTP Basic header. */
export function basic({ apiKey, secret }: { apiKey: string; secret: string }): string {
  return `Basic ${Buffer.from(`${apiKey}:${secret}`).toString('base64')}`;
}

function lineSink(lines: string[]): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  });
}
