import { Command } from 'commander';
import { DATA_SETTINGS, type DataConfig } from '../config.ts';
import { getOrganisation, withContext } from './context.ts';
import { exportFloorPlans } from './floor-plans/export.ts';
import { PLANS_FILE, POSITIONS_FILE } from './floor-plans/folder.ts';
import { type FloorImport, floorCountsOf, importFloorPlans } from './floor-plans/import.ts';
import { runImport } from './import-work.ts';
import { toOptions } from './options.ts';
import { forTerminal, print, remark } from './output.ts';
import { showProgress } from './progress.ts';

interface FloorPlanOptions extends DataConfig {
  org?: string;
  json?: true;
}

/** `rollcall floor-plans export|import`. */
export function floorPlansCommand(): Command {
  return new Command('floor-plans')
    .description('floor plans of an organisation, with their images')
    .addCommand(exportCommand())
    .addCommand(importCommand());
}

function exportCommand(): Command {
  const command = new Command('export')
    .description('write all published plans, their images and positions into a new folder')
    .argument('<folder>', 'a new folder, or an empty one')
    .option('--org <slug>', 'the organisation; required if there are several')
    .option('--json', 'print the counts as JSON')
    .action(async (folder: string, options: FloorPlanOptions) => {
      const written = await withContext(options, 'rollcall floor-plans', async ({ owner }) => {
        const { tenantId } = await getOrganisation(owner, options.org);
        const progress = showProgress('Writing floor plans', 'images');
        try {
          return await exportFloorPlans({ database: owner, tenantId }, folder, progress.update);
        } finally {
          progress.stop();
        }
      });
      const { plans, images, positions } = written;
      print(
        options.json
          ? JSON.stringify(written)
          : `${forTerminal(folder)}: ${plans} plans, ${images} images, ${positions} positions.`,
      );
    });
  for (const option of toOptions(DATA_SETTINGS)) command.addOption(option);
  return command;
}

function importCommand(): Command {
  const command = new Command('import')
    .description(
      'publish the plans of a folder that "rollcall floor-plans export" wrote; again changes nothing',
    )
    .argument('<folder>', 'the folder')
    .option('--org <slug>', 'the organisation; required if there are several')
    .option('--dry-run', 'print what would change, and store nothing')
    .option('--json', 'print the report as JSON')
    .action(async (folder: string, options: FloorPlanOptions & { dryRun?: true }) => {
      const dryRun = options.dryRun ?? false;
      const report = await withContext(options, 'rollcall floor-plans', async (context) => {
        const { owner } = context;
        const { tenantId } = await getOrganisation(owner, options.org);
        let plans = 0;
        return runImport(context, {
          tenantId,
          kind: 'floor-plans',
          strict: false,
          dryRun,
          progress: { label: 'Importing floor plans', unit: 'plans' },
          soFar: () => `the first ${plans} plans are done`,
          work: (onProgress) =>
            importFloorPlans({
              database: owner,
              tenantId,
              folder,
              dryRun,
              clock: Date.now,
              onProgress: (done, counts) => {
                plans = done;
                onProgress(done, undefined, counts);
              },
            }),
          countsOf: floorCountsOf,
        });
      });
      if (options.json) print(JSON.stringify({ ...report, dryRun }));
      else describe(report, dryRun);
      if (report.plans.refused.length + report.positions.refused.length > 0) process.exitCode = 1;
    });
  for (const option of toOptions(DATA_SETTINGS)) command.addOption(option);
  return command;
}

function describe(report: FloorImport, dryRun: boolean): void {
  for (const [word, file] of [
    ['plans', PLANS_FILE],
    ['positions', POSITIONS_FILE],
  ] as const) {
    const { ignoredColumns, refused } = report[word];
    if (ignoredColumns.length > 0)
      remark(`${file}: unknown columns, which were ignored: ${forTerminal(ignoredColumns.join(', '))}.`);
    for (const { line, reason } of refused) remark(`${file} line ${line}: ${forTerminal(reason)}`);
  }
  for (const [word, { created, updated, unchanged, refused }] of Object.entries(report))
    print(
      `${word}: ${created} created, ${updated} updated, ${unchanged} unchanged, ${refused.length} refused.`,
    );
  if (dryRun) print('Nothing was stored: it was a dry run.');
}
