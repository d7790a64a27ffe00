import { hiding, setting } from './config-setting.ts';
import { postgresUrl, whole, withoutPassword } from './config-values.ts';

/** How the server connects to its database, besides the URL of the owner. */
export const DATABASE_SETTINGS = {
  servingDatabaseUrl: hiding(
    setting(
      '--serving-database-url <url>',
      'ROLLCALL_SERVING_DATABASE_URL',
      'the same PostgreSQL as --database-url, with another role and its password: requests connect as this role, which cannot become the owner; the server creates the role if it does not exist and the owner may create roles',
      postgresUrl,
    ),
    withoutPassword,
  ),
  readDatabaseUrl: hiding(
    setting(
      '--read-database-url <url>',
      'READ_DATABASE_URL',
      'a streaming standby of --database-url, with a role that may become rollcall_app, such as that of --serving-database-url: exports and metrics are read there, if it has what the answer needs, and else from the primary',
      postgresUrl,
    ),
    withoutPassword,
  ),
  databasePoolSize: setting(
    '--database-pool-size <count>',
    'ROLLCALL_DATABASE_POOL_SIZE',
    'database connections for requests',
    whole(1, 500),
    10,
  ),
  exportPoolSize: setting(
    '--export-pool-size <count>',
    'ROLLCALL_EXPORT_POOL_SIZE',
    'database connections for exports; one organisation uses at most half of them',
    whole(2, 500),
    6,
  ),
  listPoolSize: setting(
    '--list-pool-size <count>',
    'ROLLCALL_LIST_POOL_SIZE',
    'database connections for short lists, metrics and pages; one organisation uses at most half of them',
    whole(2, 500),
    4,
  ),
} as const;
