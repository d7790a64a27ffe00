import { randomUUID } from 'node:crypto';
import { Command } from 'commander';
import { DATA_SETTINGS, type DataConfig } from '../config.ts';
import {
  insertOrganisation,
  listOrganisations,
  type Organisation,
} from '../store/directory/organisations.ts';
import { slugFault } from '../store/values/slugs.ts';
import { withContext } from './context.ts';
import { CliError } from './errors.ts';
import { toOptions } from './options.ts';
import { formatTable, formatTime, print } from './output.ts';

/** `rollcall orgs create|list`. */
export function orgsCommand(): Command {
  const create = new Command('create')
    .description('create an organisation')
    .argument('<slug>', 'short name for --org: lower-case letters, digits and hyphens')
    .option('--name <name>', 'full name (default: the slug)')
    .option('--time-zone <zone>', 'IANA time zone of people without an office', 'UTC')
    .option('--json', 'print JSON')
    .action(async (slug: string, options: DataConfig & { name?: string; timeZone: string; json?: true }) => {
      const organisation: Organisation = {
        tenantId: randomUUID(),
        slug: checkSlug(slug),
        name: options.name ?? slug,
        timeZone: checkTimeZone(options.timeZone),
        isDemo: false,
        createdAt: new Date(),
      };
      await withContext(options, 'rollcall orgs', async ({ owner }) => {
        const inserted = await owner.inSystem((tx) => insertOrganisation(tx, organisation));
        if (!inserted) throw new CliError(`The organisation ${slug} exists already.`);
      });
      print(options.json ? JSON.stringify(toJson(organisation)) : `Created the organisation ${slug}.`);
    });

  const list = new Command('list')
    .description('list the organisations')
    .option('--json', 'print JSON')
    .action(async (options: DataConfig & { json?: true }) => {
      const organisations = await withContext(options, 'rollcall orgs', ({ owner }) =>
        owner.inSystem(listOrganisations),
      );
      if (options.json) return print(JSON.stringify(organisations.map(toJson)));
      const rows = organisations.map(({ slug, name, timeZone, createdAt }) => ({
        slug,
        name,
        'time zone': timeZone,
        created: formatTime(createdAt),
      }));
      print(
        rows.length > 0
          ? formatTable(rows)
          : 'There is no organisation yet; "rollcall orgs create" makes one.',
      );
    });

  const orgs = new Command('orgs').description('organisations');
  for (const command of [create, list]) {
    for (const option of toOptions(DATA_SETTINGS)) command.addOption(option);
    orgs.addCommand(command);
  }
  return orgs;
}

function toJson({ tenantId, slug, name, timeZone, createdAt }: Organisation) {
  return { id: tenantId, slug, name, timeZone, createdAt };
}

function checkSlug(slug: string): string {
  const fault = slugFault(slug);
  if (fault !== undefined) throw new CliError(`"${slug}" ${fault}.`);
  return slug;
}

function checkTimeZone(timeZone: string): string {
  try {
    new Intl.DateTimeFormat('en', { timeZone });
    return timeZone;
  } catch {
    throw new CliError(`"${timeZone}" is not an IANA time zone such as Europe/London.`);
  }
}
