import { randomUUID } from 'node:crypto';
import { Command } from 'commander';
import { DATA_SETTINGS, type DataConfig } from '../config.ts';
import { addOperatorEntry } from '../http/audit/operator.ts';
import { reachedPercent } from '../ingest/reached-percent.ts';
import type { Database } from '../store/connections/db.ts';
import { listOrganisations, type Organisation } from '../store/directory/organisations.ts';
import { getEventDay, setEventQuota } from '../store/events/event-days.ts';
import { utcDay } from '../store/values/days.ts';
import { slugFault } from '../store/values/slugs.ts';
import { addOrganisation, getOrganisation, withContext } from './context.ts';
import { CliError } from './errors.ts';
import { toOptions } from './options.ts';
import { formatTable, formatTime, print } from './output.ts';

/** `rollcall orgs create|list|quota`. */
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
        if (!(await addOrganisation(owner, organisation)))
          throw new CliError(`The organisation ${slug} exists already.`);
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

  const quota = new Command('quota')
    .description('show or set how many events of an organisation the server stores on a day of UTC')
    .argument('[slug]', 'slug or id of the organisation; without it, the command shows all')
    .argument(
      '[quota]',
      'events a day; "none" for no quota, "default" for --daily-event-quota of the server',
      readQuota,
    )
    .option('--json', 'print JSON')
    .action(
      async (slug: string | undefined, set: Quota | undefined, options: DataConfig & { json?: true }) => {
        const rows = await withContext(options, 'rollcall orgs', async ({ owner }) => {
          const shown =
            slug === undefined
              ? await owner.inSystem(listOrganisations)
              : [await getOrganisation(owner, slug)];
          if (set)
            for (const { tenantId } of shown)
              await owner.inSystem(async (tx) => {
                await setEventQuota(tx, tenantId, set.value);
                const metadata = { of: 'organisation', locationId: null, members: ['dailyEventQuota'] };
                await addOperatorEntry(tx, 'settings.changed', { tenantId, metadata, atMs: Date.now() });
              });
          return Promise.all(shown.map((organisation) => quotaOf(owner, organisation)));
        });
        if (options.json) return print(JSON.stringify(rows));
        print(
          rows.length > 0
            ? formatTable(
                rows.map((row) => ({
                  slug: row.slug,
                  'quota a day':
                    row.quota === null ? 'default' : row.quota === 0 ? 'none' : String(row.quota),
                  'stored today': String(row.stored),
                  note: noteOf(row),
                })),
              )
            : 'There is no organisation yet; "rollcall orgs create" makes one.',
        );
      },
    );

  const orgs = new Command('orgs').description('organisations');
  for (const command of [create, list, quota]) {
    for (const option of toOptions(DATA_SETTINGS)) command.addOption(option);
    orgs.addCommand(command);
  }
  return orgs;
}

/** 0: no quota; null: the server's setting. */
interface Quota {
  value: number | null;
}

function readQuota(text: string): Quota {
  if (text === 'none') return { value: 0 };
  if (text === 'default') return { value: null };
  if (!/^[1-9][0-9]{0,11}$/.test(text)) {
    throw new CliError(
      `"${text}" is no quota: give a whole number of events from 1 to 999999999999, "none" or "default".`,
    );
  }
  return { value: Number(text) };
}

interface QuotaRow {
  slug: string;
  quota: number | null;
  day: string;
  stored: number;
  /** Of the quota. Only servers know their default: of that, the part of which the log has warned today. */
  reachedPercent: number;
}

async function quotaOf(owner: Database, { tenantId, slug }: Organisation): Promise<QuotaRow> {
  const day = utcDay(Date.now());
  const { ownQuota, stored, warnedPercent } = await owner.inTenant(tenantId, (tx) =>
    getEventDay(tx, tenantId, day),
  );
  const percent = ownQuota === null ? warnedPercent : reachedPercent({ stored, quota: ownQuota });
  return { slug, quota: ownQuota, day, stored, reachedPercent: percent };
}

function noteOf({ quota, reachedPercent: percent }: QuotaRow): string {
  if (percent === 0) return '';
  if (quota === null)
    return percent === 100 ? 'a server found it used up today' : `a server found ${percent} % used today`;
  return percent === 100
    ? 'used up: the server answers 429 until the next day of UTC'
    : `${percent} % are used`;
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
