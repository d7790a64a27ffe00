import type { ServerConfig } from './config.ts';

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
