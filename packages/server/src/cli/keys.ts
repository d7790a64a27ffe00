import { Command, Option } from 'commander';
import {
  checkStrength,
  createKey,
  keysOf,
  revokeKey,
  rotateKey,
  type ShownKey,
  stateOf,
} from '../auth/manage-keys.ts';
import { DATA_SETTINGS, type DataConfig } from '../config.ts';
import {
  API_KEY_AUTHENTICATIONS,
  API_KEY_ROLES,
  type ApiKeyAuthentication,
  type ApiKeyRole,
  type ApiKeyRow,
} from '../store/auth/api-keys.ts';
import { chooseOrganisation, withContext } from './context.ts';
import { intoCurlConfig } from './curl-config.ts';
import {
  changeCommand,
  formatBinding,
  formatLimits,
  type SettingOptions,
  settingsOf,
  withSettings,
} from './key-settings.ts';
import { toOptions } from './options.ts';
import { formatTable, formatTime, print } from './output.ts';
import { readSecret } from './secret.ts';
import { parseDuration } from './time.ts';

interface Common extends DataConfig {
  org?: string;
  json?: true;
}
interface KeyProperties extends Common, SettingOptions {
  role: ApiKeyRole;
  authentication: ApiKeyAuthentication;
  name: string;
}

/** `rollcall keys create|import|list|change|rotate|revoke`. */
export function keysCommand(): Command {
  const keys = new Command('keys').description('keys that clients log in with');
  const commands = [
    createCommand(),
    importCommand(),
    listCommand(),
    changeCommand(),
    rotateCommand(),
    revokeCommand(),
  ];
  for (const command of commands) {
    command.option('--json', 'print JSON');
    for (const option of toOptions(DATA_SETTINGS)) command.addOption(option);
    keys.addCommand(command);
  }
  return keys;
}

function createCommand(): Command {
  return withKeyProperties(
    new Command('create')
      .description('create a key and show its secret, which is shown only once')
      .addOption(curlConfigOption()),
  ).action((options: KeyProperties & Telling) =>
    tell(() => makeKey(options, undefined), options, {
      shown: 'The key is created. Its secret is shown only now:',
      written: ({ apiKey }) => `The key ${apiKey} is created. Its secret is`,
    }),
  );
}

function importCommand(): Command {
  return withKeyProperties(
    new Command('import')
      .description('import an existing key of clients; they change only the base URL')
      .argument('<id>', 'the id of the key, also called apiKey, client_id or username')
      .option('--secret-file <path>', 'file that holds the secret (default: standard input)')
      .option('--weak', 'accept a secret of fewer than 16 characters, which others may guess'),
  ).action(async (apiKey: string, options: KeyProperties & { secretFile?: string; weak?: true }) => {
    const secret = await readSecret(options.secretFile);
    if (!options.weak) checkStrength(secret);
    const { secret: _, ...key } = await makeKey(options, { apiKey, secret });
    print(options.json ? JSON.stringify(key) : `The key ${apiKey} is imported.`);
  });
}

function listCommand(): Command {
  return withOrganisation(new Command('list').description('list the keys, with their last use')).action(
    async (options: Common) => {
      const rows = await withContext(options, 'rollcall keys', async ({ owner }) => {
        const { tenantId } = await chooseOrganisation(owner, options.org);
        return keysOf(tenantId, owner);
      });
      if (options.json) return print(JSON.stringify(rows.map(listed)));
      print(
        rows.length > 0
          ? formatTable(rows.map(listedLine))
          : 'There is no key yet; "rollcall keys create" makes one.',
      );
    },
  );
}
function rotateCommand(): Command {
  return new Command('rotate')
    .description('give a key a new secret; the id stays')
    .argument('<id>', 'the id of the key')
    .addOption(
      new Option('--grace <duration>', 'how long the old secret keeps working')
        .argParser(parseDuration)
        .default(parseDuration('24h'), '24h'),
    )
    .addOption(curlConfigOption())
    .action((apiKey: string, options: Common & Telling & { grace: number }) => {
      const rotate = () =>
        withContext(options, 'rollcall keys', ({ owner, masterKey }) =>
          rotateKey({ apiKey, graceMs: options.grace }, { owner, masterKey, clock: Date.now }),
        );
      return tell(rotate, options, {
        shown: 'The key has a new secret, shown only now:',
        written: (key) => `The key ${key.apiKey} has a new secret. It is`,
      });
    });
}

function revokeCommand(): Command {
  return new Command('revoke')
    .description('revoke a key at once, with all its tokens')
    .argument('<id>', 'the id of the key')
    .action(async (apiKey: string, options: Common) => {
      const key = await withContext(options, 'rollcall keys', ({ owner }) =>
        revokeKey(apiKey, { owner, clock: Date.now }),
      );
      print(
        options.json
          ? JSON.stringify({ apiKey: key.apiKey, revoked: true })
          : `The key ${key.apiKey} is revoked.`,
      );
    });
}

function withKeyProperties(command: Command): Command {
  const properties = withOrganisation(command)
    .addOption(
      new Option('--role <role>', 'the routes that it may call').choices(API_KEY_ROLES).makeOptionMandatory(),
    )
    .addOption(
      new Option('--authentication <type>', 'hmac: login for a token; basic: also HTTP Basic')
        .choices(API_KEY_AUTHENTICATIONS)
        .makeOptionMandatory(),
    )
    .requiredOption('--name <name>', 'the purpose');
  return withSettings(properties);
}

function withOrganisation(command: Command): Command {
  return command.option('--org <slug>', 'the organisation; required if there are several');
}

function makeKey(
  options: KeyProperties,
  existing: { apiKey: string; secret: string } | undefined,
): Promise<ShownKey> {
  return withContext(options, 'rollcall keys', async ({ owner, masterKey }) => {
    const { tenantId } = await chooseOrganisation(owner, options.org);
    const { name, role, authentication } = options;
    const settings = settingsOf(options);
    return createKey(
      { tenantId, name, role, authentication, ...settings, ...(existing ? { existing } : {}) },
      { owner, masterKey, clock: Date.now },
    );
  });
}

/** How a command shows a new secret. */
interface Telling {
  curlConfig?: string;
  json?: true;
}

function curlConfigOption(): Option {
  return new Option(
    '--curl-config <file>',
    'write id and secret to this new file, which only you can read, for "curl -K"; the secret is not shown',
  );
}

/** Prints the key of `make`. `shown` comes before its secret, `written` before the file with the secret. */
async function tell(
  make: () => Promise<ShownKey>,
  { curlConfig, json }: Telling,
  { shown, written }: { shown: string; written: (key: ShownKey) => string },
): Promise<void> {
  const key = curlConfig === undefined ? await make() : await intoCurlConfig(curlConfig, make);
  const { secret, ...rest } = key;
  if (curlConfig !== undefined) {
    print(json ? JSON.stringify(rest) : `${written(key)} in ${curlConfig}, for "curl -K".`);
  } else {
    print(json ? JSON.stringify(key) : `${shown}\n  id      ${key.apiKey}\n  secret  ${secret}`);
  }
}

function listed(row: ApiKeyRow) {
  const { apiKey, name, role, authentication, createdAt, lastUsedAt, revokedAt } = row;
  const { expiresAt, networks, locationIds, limits } = row;
  return {
    apiKey,
    name,
    role,
    authentication,
    state: stateOf(row, Date.now()),
    createdAt,
    lastUsedAt,
    expiresAt,
    revokedAt,
    networks,
    locationIds,
    limits,
  };
}

function listedLine(row: ApiKeyRow): Record<string, string> {
  return {
    id: row.apiKey,
    name: row.name,
    role: row.role,
    authentication: row.authentication,
    state: stateOf(row, Date.now()),
    created: formatTime(row.createdAt),
    'last use': formatTime(row.lastUsedAt),
    expires: formatTime(row.expiresAt),
    networks: formatBinding(row.networks),
    offices: formatBinding(row.locationIds),
    limits: formatLimits(row.limits),
  };
}
