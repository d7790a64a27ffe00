import { Command, Option } from 'commander';
import { stateOf } from '../auth/manage-keys.ts';
import { createScimToken, revokeToken, scimTokensOf } from '../auth/manage-scim-tokens.ts';
import { DATA_SETTINGS, type DataConfig } from '../config.ts';
import type { ScimTokenRow } from '../store/auth/scim-tokens.ts';
import { chooseOrganisation, withContext } from './context.ts';
import { toOptions } from './options.ts';
import { formatTable, formatTime, print } from './output.ts';
import { parseFuture } from './time.ts';

interface Common extends DataConfig {
  org?: string;
  json?: true;
}

const SESSION = 'rollcall scim-tokens';

/** `rollcall scim-tokens create|list|revoke`. */
export function scimTokensCommand(): Command {
  const tokens = new Command('scim-tokens').description(
    'long-lived tokens for identity providers, which provision users and groups',
  );
  for (const command of [createCommand(), listCommand(), revokeCommand()]) {
    command
      .option('--org <slug>', 'the organisation; required if there are several')
      .option('--json', 'print JSON');
    for (const option of toOptions(DATA_SETTINGS)) command.addOption(option);
    tokens.addCommand(command);
  }
  return tokens;
}

function createCommand(): Command {
  return new Command('create')
    .description('create a token for /scim/v2 and show it, only once')
    .requiredOption('--name <name>', 'the identity provider')
    .addOption(
      new Option('--expires <when>', 'a date, an instant or a duration such as 365d').argParser(parseFuture),
    )
    .action(async ({ name, expires, ...options }: Common & { name: string; expires?: Date }) => {
      const shown = await withContext(options, SESSION, async ({ owner }) => {
        const { tenantId } = await chooseOrganisation(owner, options.org);
        return createScimToken({ tenantId, name, expiresAt: expires }, { owner, clock: Date.now });
      });
      print(
        options.json
          ? JSON.stringify(shown)
          : `The SCIM token is created. It is shown only now:\n  id     ${shown.tokenId}\n  token  ${shown.token}`,
      );
    });
}

function listCommand(): Command {
  return new Command('list')
    .description('list the tokens, with their last use')
    .action(async (options: Common) => {
      const rows = await withContext(options, SESSION, async ({ owner }) => {
        const { tenantId } = await chooseOrganisation(owner, options.org);
        return scimTokensOf(tenantId, owner);
      });
      if (options.json) {
        return print(
          JSON.stringify(
            rows.map(({ tenantId: _, ...row }) => ({ ...row, state: stateOf(row, Date.now()) })),
          ),
        );
      }
      print(
        rows.length > 0
          ? formatTable(rows.map(listedLine))
          : 'There is no SCIM token yet; "rollcall scim-tokens create" makes one.',
      );
    });
}

function revokeCommand(): Command {
  return new Command('revoke')
    .description('revoke a token at once; this cannot be undone')
    .argument('<id>', 'the id of the token, as list shows it')
    .action(async (tokenId: string, options: Common) => {
      await withContext(options, SESSION, async ({ owner }) => {
        const { tenantId } = await chooseOrganisation(owner, options.org);
        await revokeToken(tenantId, tokenId, { owner, clock: Date.now });
      });
      print(
        options.json ? JSON.stringify({ tokenId, revoked: true }) : `The SCIM token ${tokenId} is revoked.`,
      );
    });
}

function listedLine(row: ScimTokenRow): Record<string, string> {
  return {
    id: row.tokenId,
    name: row.name,
    state: stateOf(row, Date.now()),
    created: formatTime(row.createdAt),
    'last use': formatTime(row.lastUsedAt),
    expires: formatTime(row.expiresAt),
  };
}
