import { Command } from 'commander';
import { createApp } from '../app.ts';
import { MasterKey } from '../auth/secrets.ts';
import { defaults, SERVER_SETTINGS } from '../config.ts';
import { createLogger } from '../http/logging.ts';
import { Database } from '../store/db.ts';
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
  const nowhere = new Database({ target: { host: '127.0.0.1', port: 1 }, as: 'restricted' });
  const app = await createApp({
    config: defaults(SERVER_SETTINGS),
    database: nowhere,
    masterKey: MasterKey.generate(),
    logger: createLogger('silent'),
    lifecycle: { migrated: false },
  });
  await app.ready();
  const description = app.swagger();
  await app.close();
  await nowhere.close();
  return description;
}
