import { Command } from 'commander';
import { MasterKeys } from '../auth/master-keys.ts';
import { MasterKey } from '../auth/secrets.ts';
import { defaults, SERVER_SETTINGS } from '../config.ts';
import { Database } from '../store/connections/db.ts';
import { print } from './output.ts';

/** `rollcall openapi`: the description that the server publishes at /openapi.json. */
export function openapiCommand(): Command {
  return new Command('openapi')
    .description('print the OpenAPI 3.1 description of the server')
    .action(async () => {
      print(JSON.stringify(await describeApi(), null, 2));
    });
}

/** Builds the server without a database, which its description does not need. */
async function describeApi(): Promise<object> {
  // Loaded here, so that other commands do not wait for the server's code.
  const { createApp } = await import('../app.ts');
  const { createLogger } = await import('../http/logging.ts');
  const nowhere = new Database({ target: { host: '127.0.0.1', port: 1 }, as: 'restricted' });
  const app = await createApp({
    config: defaults(SERVER_SETTINGS),
    database: nowhere,
    masterKey: new MasterKeys([MasterKey.generate()]),
    logger: createLogger('silent'),
    lifecycle: { migrated: false },
  });
  await app.ready();
  const description = app.swagger();
  await app.close();
  await nowhere.close();
  return description;
}
