import { Command, InvalidArgumentError, Option } from 'commander';
import { ownLimits } from '../auth/limits-of-keys.ts';
import {
  checkStrength,
  createKey,
  keysOf,
  limitKey,
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
import { KEY_LIMITS, type KeyLimit, type KeyLimits } from '../store/auth/key-limits.ts';
import { chooseOrganisation, withContext } from './context.ts';
import { intoCurlConfig } from './curl-config.ts';
import { toOptions } from './options.ts';
import { formatTable, formatTime, print } from './output.ts';
import { readSecret } from './secret.ts';
import { parseDuration, parseFuture } from './time.ts';

interface Common extends DataConfig {
  org?: string;
  json?: true;
}
interface KeyProperties extends Common {
  role: ApiKeyRole;
  authentication: ApiKeyAuthentication;
  name: string;
  expires?: Date;
  limit?: ChangedLimits;
}
/** New limits; null is the default. */
type ChangedLimits = Partial<Record<KeyLimit, number | null>>;

/** `rollcall keys create|import|list|limit|rotate|revoke`. */
export function keysCommand(): Command {
  const keys = new Command('keys').description('keys that clients log in with');
  for (const command of [
    createCommand(),
    importCommand(),
    listCommand(),
    limitCommand(),
    rotateCommand(),
    revokeCommand(),
  ]) {
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

function limitCommand(): Command {
  return new Command('limit')
    .description('change limits of a key; every server follows within a second')
    .argument('<id>', 'the id of the key')
    .argument(
      '<limits...>',
      `such as events=60000 or events=default, with one of ${KEY_LIMITS.join(', ')}; a number a minute, and of exports at once`,
      readLimit,
    )
    .action(async (apiKey: string, limits: ChangedLimits, options: Common) => {
      const key = await withContext(options, 'rollcall keys', ({ owner }) =>
        limitKey({ apiKey, limits }, { owner }),
      );
      const own = limitsText(key.limits);
      print(
        options.json
          ? JSON.stringify(key)
          : `The key ${key.apiKey} has ${own ? `the limits ${own}; the others are the defaults` : 'the default limits'}.`,
      );
    });
}

/** Adds a limit such as `events=60000` to those that were read before it. */
function readLimit(text: string, before: ChangedLimits | undefined): ChangedLimits {
  const [, name, amount] = /^(\w+)=(\d{1,9}|default)$/.exec(text) ?? [];
  const limit = KEY_LIMITS.find((each) => each === name);
  if (!limit || Number(amount) === 0) {
    throw new InvalidArgumentError(
      `It must be one of ${KEY_LIMITS.map((each) => `${each}=`).join(', ')} with a number from 1 to 999999999, or with "default".`,
    );
  }
  return { ...before, [limit]: amount === 'default' ? null : Number(amount) };
}

function limitsText(limits: KeyLimits): string {
  return Object.entries(limits)
    .map(([limit, amount]) => `${limit}=${amount}`)
    .join(' ');
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
  return withOrganisation(command)
    .addOption(
      new Option('--role <role>', 'the routes that it may call').choices(API_KEY_ROLES).makeOptionMandatory(),
    )
    .addOption(
      new Option('--authentication <type>', 'hmac: login for a token; basic: also HTTP Basic')
        .choices(API_KEY_AUTHENTICATIONS)
        .makeOptionMandatory(),
    )
    .requiredOption('--name <name>', 'the purpose')
    .addOption(
      new Option('--expires <when>', 'a date, an instant or a duration such as 90d').argParser(parseFuture),
    )
    .addOption(
      new Option(
        '--limit <limit>',
        'a limit of its own, such as events=60000; give the option again for another one',
      ).argParser(readLimit),
    );
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
    const { name, role, authentication, expires, limit = {} } = options;
    return createKey(
      {
        ...{ tenantId, name, role, authentication, expiresAt: expires, limits: ownLimits(limit) },
        ...(existing ? { existing } : {}),
      },
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
  const { apiKey, name, role, authentication, createdAt, lastUsedAt, expiresAt, revokedAt, limits } = row;
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
    limits: limitsText(row.limits) || '-',
  };
}
