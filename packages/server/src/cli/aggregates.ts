import type { DataConfig } from '../config.ts';
import { Database } from '../store/connections/db.ts';
import { listOrganisations, type Organisation } from '../store/directory/organisations.ts';
import type { OfficeDay } from '../store/warehouse/aggregates.ts';
import { verifyAggregates } from '../warehouse/aggregate-checks.ts';
import { rebuildAggregates } from '../warehouse/aggregates.ts';
import { getOrganisation, withContext } from './context.ts';
import { CliError } from './errors.ts';
import { catchInterruption } from './interruption.ts';
import { print } from './output.ts';
import { showProgress } from './progress.ts';

export interface AggregatesOptions extends DataConfig {
  org?: string;
}

/** The number of wrong office days that the report names. */
const NAMED = 20;

/** Makes the aggregates of each chosen organisation again. */
export async function rebuildAll(options: AggregatesOptions): Promise<void> {
  await forEachOrganisation(options, async (database, { slug, tenantId }) => {
    const progress = showProgress(`Aggregates of ${slug}`, 'days');
    try {
      await rebuildAggregates(database, tenantId, {
        signal: catchInterruption(),
        onProgress: progress.update,
      });
    } finally {
      progress.stop();
    }
    print(`${slug}: the aggregates are made again.`);
  });
}

/** Compares the aggregates of each chosen organisation with its rows. Throws `CliError` if any differ. */
export async function verifyAll(options: AggregatesOptions): Promise<void> {
  const wrong: OfficeDay[] = [];
  await forEachOrganisation(options, async (database, { slug, tenantId }) => {
    const progress = showProgress(`Aggregates of ${slug}`, 'days');
    try {
      const check = await verifyAggregates(database, tenantId, progress.update);
      wrong.push(...check.wrong);
      print(`${slug}: office days checked ${check.checked}, wrong ${check.wrong.length}.`);
    } finally {
      progress.stop();
    }
  });
  if (wrong.length === 0) return;
  const named = wrong.slice(0, NAMED).map(({ day, locationId }) => `${day} at the office ${locationId}`);
  throw new CliError(
    `Office days whose aggregates differ from the rows: ${named.join(', ')}` +
      `${wrong.length > NAMED ? ` and ${wrong.length - NAMED} others` : ''}. "rollcall aggregates rebuild" makes them again.`,
  );
}

async function forEachOrganisation(
  { org, ...config }: AggregatesOptions,
  work: (database: Database, organisation: Organisation) => Promise<void>,
): Promise<void> {
  await withContext(config, 'rollcall aggregates', async ({ owner, target, role }) => {
    const chosen =
      org === undefined ? await owner.inSystem(listOrganisations) : [await getOrganisation(owner, org)];
    const database = new Database({
      target,
      as: role,
      poolSize: 2,
      exportPoolSize: 1,
      statementTimeoutMs: 0,
    });
    try {
      for (const organisation of chosen) await work(database, organisation);
    } finally {
      await database.close();
    }
  });
}
