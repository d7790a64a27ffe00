import type { SecureContextOptions } from 'node:tls';
import type { FastifyBaseLogger } from 'fastify';
import type { MasterKeys } from './auth/master-keys.ts';
import type { ServerConfig } from './config.ts';
import type { Lifecycle } from './http/health.ts';
import type { Monitor } from './http/monitoring/monitor.ts';
import type { Tracing } from './http/tracing/tracing.ts';
import type { Database } from './store/connections/db.ts';

/** The settings of the server that `createApp` reads. */
export type AppConfig = Pick<
  ServerConfig,
  | 'publicUrl'
  | 'trustProxy'
  | 'corsOrigins'
  | 'clockSkewS'
  | 'tokenLifeS'
  | 'tokenReuseS'
  | 'refusedEventsKept'
  | 'dailyEventQuota'
  | 'eventBacklog'
  | 'eventBacklogMib'
  | 'exportGraceS'
  | 'exportLeastKibS'
  | 'oidcIssuer'
  | 'oidcClientId'
  | 'oidcName'
  | 'oidcScopes'
  | 'oidcRolesClaim'
  | 'oidcLinkVerifiedEmail'
>;

/** What a server is made of. */
export interface AppDeps {
  config: AppConfig;
  /** The secret of the client at the identity provider. */
  oidcClientSecret?: string | undefined;
  /** Connects as the restricted role. */
  database: Database;
  masterKey: MasterKeys;
  logger: FastifyBaseLogger;
  lifecycle: Lifecycle;
  /** Milliseconds since the epoch. */
  clock?: () => number;
  /** A monotonic clock, in milliseconds. */
  stopwatch?: () => number;
  tls?: SecureContextOptions | undefined;
  /** Counts what the server does, for /metrics. */
  monitor?: Monitor | undefined;
  /** Makes traces of requests. */
  tracing?: Tracing | undefined;
}
