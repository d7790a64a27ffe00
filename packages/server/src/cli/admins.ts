import { Command, Option } from 'commander';
import {
  allAccounts,
  createAccount,
  disableAccount,
  linkAddress,
  resetAccount,
  type ShownLink,
} from '../auth/manage-accounts.ts';
import { DATA_SETTINGS, type DataConfig, SERVER_SETTINGS } from '../config.ts';
import { addOperatorEntryToAll, listedBy } from '../http/audit/operator.ts';
import { ACCOUNT_ROLES, type AccountRole } from '../store/auth/account-roles.ts';
import type { AccountWithRoles } from '../store/auth/accounts.ts';
import { chooseOrganisation, withContext } from './context.ts';
import { toOptions } from './options.ts';
import { formatTable, formatTime, forTerminal, print } from './output.ts';

interface Common extends DataConfig {
  json?: true;
}
interface Linked extends Common {
  url?: string;
  publicUrl?: string;
  port: number;
}

const SESSION = 'rollcall admins';

/** `rollcall admins create|list|reset|disable|enable`. */
export function adminsCommand(): Command {
  const admins = new Command('admins').description('people who sign in to the console');
  const commands = [
    createCommand(),
    listCommand(),
    resetCommand(),
    disableCommand('disable', 'end all sessions of an account, and refuse it from now on'),
    disableCommand('enable', 'let a disabled account sign in again'),
  ];
  for (const command of commands) {
    command.option('--json', 'print JSON');
    for (const option of toOptions(DATA_SETTINGS)) command.addOption(option);
    admins.addCommand(command);
  }
  return admins;
}

function createCommand(): Command {
  return withAddress(
    new Command('create')
      .description('invite a person, and show the one-time link, which is good for 7 days')
      .argument('<email>', 'e-mail address of the person')
      .option('--org <slug>', 'the organisation; required if there are several')
      .addOption(
        new Option('--role <role>', 'what the person may do').choices(ACCOUNT_ROLES).default('administrator'),
      )
      .option('--name <name>', 'name of the person'),
  ).action(async (email: string, options: Linked & { org?: string; role: AccountRole; name?: string }) => {
    const { role, name = null, org } = options;
    const link = await withContext(options, SESSION, async ({ owner }) => {
      const { tenantId } = await chooseOrganisation(owner, org);
      return createAccount({ tenantId, email, role, name }, { owner, clock: Date.now });
    });
    tell(link, options, `${email} is invited. The person accepts with this link, once:`);
  });
}

function listCommand(): Command {
  return new Command('list')
    .description('list the accounts, with their roles')
    .action(async (options: Common) => {
      const accounts = await withContext(options, SESSION, async ({ owner }) => {
        const about = { metadata: listedBy('accounts'), atMs: Date.now() };
        await owner.inSystem((tx) => addOperatorEntryToAll(tx, 'people.listed', about));
        return allAccounts(owner);
      });
      if (options.json) return print(JSON.stringify(accounts));
      print(
        accounts.length > 0
          ? formatTable(accounts.map(listedLine))
          : 'There is no account yet; "rollcall admins create" makes one.',
      );
    });
}

function resetCommand(): Command {
  return withAddress(
    new Command('reset')
      .description(
        'take all ways to sign in from an account, and make a link by which the person sets a password, good for 15 minutes',
      )
      .argument('<email>', 'e-mail address of the person'),
  ).action(async (email: string, options: Linked) => {
    const link = await withContext(options, SESSION, ({ owner }) =>
      resetAccount({ email }, { owner, clock: Date.now }),
    );
    const { identities, passkeys, kept } = link.startedOver;
    const stays = kept.map(
      (slug) =>
        `${email} stays an administrator of ${slug} without the identity, because it has no other one.\n`,
    );
    tell(
      link,
      options,
      `All sessions of ${email} have ended, and the password does not work any more. Disconnected identities: ` +
        `${identities}; removed passkeys: ${passkeys}.\n${stays.join('')}` +
        'The person sets a password with this link, once, or connects the identity provider:',
      { forgotten: { identities, passkeys }, administratorOf: kept },
    );
  });
}

function disableCommand(name: 'disable' | 'enable', description: string): Command {
  return new Command(name)
    .description(description)
    .argument('<email>', 'e-mail address of the person')
    .action(async (email: string, options: Common) => {
      const isDisabled = name === 'disable';
      await withContext(options, SESSION, ({ owner }) =>
        disableAccount({ email, isDisabled }, { owner, clock: Date.now }),
      );
      print(options.json ? JSON.stringify({ email, isDisabled }) : `The account ${email} is ${name}d.`);
    });
}

/** The options that say where the server is. The settings of the server are the defaults. */
function withAddress(command: Command): Command {
  const { publicUrl, port } = SERVER_SETTINGS;
  command.option(
    '--url <url>',
    'URL of the server in the link (default: the public URL, else localhost with the port)',
  );
  for (const option of toOptions({ publicUrl, port })) command.addOption(option);
  return command;
}

function tell({ token, expiresAt }: ShownLink, options: Linked, text: string, more: object = {}): void {
  const { url, publicUrl, port, json } = options;
  const base = (url ?? publicUrl ?? `http://localhost:${port}`).replace(/\/+$/, '');
  const link = linkAddress(token, base);
  print(
    json
      ? JSON.stringify({ link, token, expiresAt, ...more })
      : `${text}\n  ${link}\nIt expires at ${formatTime(expiresAt)}.`,
  );
}

function listedLine({
  email,
  name,
  roles,
  hasPassword,
  passkeys,
  identities,
  disabledAt,
}: AccountWithRoles): Record<string, string> {
  return {
    email: forTerminal(email),
    name: forTerminal(name ?? '-'),
    roles:
      roles
        .map((each) => `${each.organisation}: ${each.role}${each.isAccepted ? '' : ' (invited)'}`)
        .join(', ') || '-',
    password: hasPassword ? 'set' : '-',
    passkeys: String(passkeys),
    identities: String(identities),
    state: disabledAt ? 'disabled' : 'active',
  };
}
