import { rmSync } from 'node:fs';
import { mkdir, readdir, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { csvFile } from '../../files/csv-file.ts';
import { toCsv } from '../../files/csv-text.ts';
import { EXTENSIONS } from '../../floor/images.ts';
import type { Database, Tx } from '../../store/connections/db.ts';
import { findImage, readImageContent } from '../../store/floor/images.ts';
import { listPublishedPlans } from '../../store/floor/plans.ts';
import { readPositions } from '../../store/floor/positions.ts';
import { CliError, unwritable } from '../errors.ts';
import { onInterruption } from '../interruption.ts';
import { remark } from '../output.ts';
import { IMAGES_FOLDER, NAMED_POSITION_COLUMNS, PLAN_COLUMNS, PLANS_FILE, POSITIONS_FILE } from './folder.ts';

export interface FloorExport {
  plans: number;
  images: number;
  positions: number;
}

/**
 * Writes the published plans of levels in use, their images and their places into a new folder, as of one instant. The
 * folder has its name only when it is complete. Throws `CliError` if the folder is there and not empty, or cannot be
 * written.
 */
export async function exportFloorPlans(
  { database, tenantId }: { database: Database; tenantId: string },
  folder: string,
  onImage: (done: number, total: number) => void,
): Promise<FloorExport> {
  await needEmpty(folder);
  const unfinished = `${resolve(folder)}.${process.pid}`;
  const remove = { recursive: true, force: true };
  const ignoreInterruption = onInterruption(() => {
    rmSync(unfinished, remove);
    remark('rollcall: The export was interrupted; no folder was written.');
  });
  try {
    await mkdir(join(unfinished, IMAGES_FOLDER), { recursive: true, mode: 0o700 });
    const written = await database.inTenantSnapshot(tenantId, (tx) =>
      writeAll(tx, tenantId, { folder: unfinished, onImage }),
    );
    await rmdir(folder).catch(ignoreMissing);
    await rename(unfinished, folder);
    return written;
  } catch (error) {
    return unwritable(folder)(error);
  } finally {
    ignoreInterruption();
    await rm(unfinished, remove);
  }
}

async function needEmpty(folder: string): Promise<void> {
  const entries = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOTDIR')
      throw new CliError(`${folder} is a file, or below a file. Name a new folder.`);
    return ignoreMissing(error) ?? [];
  });
  if (entries.length > 0)
    throw new CliError(
      `The folder ${folder} is not empty. Name a new folder: the export overwrites nothing.`,
    );
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}

async function writeAll(
  tx: Tx,
  tenantId: string,
  { folder, onImage }: { folder: string; onImage: (done: number, total: number) => void },
): Promise<FloorExport> {
  const plans = await listPublishedPlans(tx, tenantId);
  const imageIds = [...new Set(plans.flatMap(({ imageId }) => imageId ?? []))];
  const fileOf = new Map<string, string>();
  for (const imageId of imageIds) {
    const image = await findImage(tx, tenantId, imageId);
    const content = await readImageContent(tx, tenantId, imageId);
    if (!image || !content) throw new Error(`The image ${imageId} of a published plan is missing.`);
    const file = `${imageId.slice(0, 16)}.${EXTENSIONS[image.mediaType]}`;
    await writeFile(join(folder, IMAGES_FOLDER, file), content, { mode: 0o600 });
    fileOf.set(imageId, file);
    onImage(fileOf.size, imageIds.length);
  }
  const rows = plans.map((plan): string[] => [
    plan.locationName,
    plan.levelName,
    fileOf.get(plan.imageId ?? '') ?? '',
    String(plan.aspectRatio),
  ]);
  await writeFile(join(folder, PLANS_FILE), toCsv([[...PLAN_COLUMNS], ...rows]), { mode: 0o600 });
  const positions = await writePositions(tx, tenantId, join(folder, POSITIONS_FILE));
  return { plans: plans.length, images: imageIds.length, positions };
}

/** Returns the number of positions. */
async function writePositions(tx: Tx, tenantId: string, path: string): Promise<number> {
  let count = 0;
  async function* counted() {
    for await (const rows of readPositions(tx, tenantId, {})) {
      count += rows.length;
      yield rows;
    }
  }
  await writeFile(path, csvFile(counted(), NAMED_POSITION_COLUMNS), { mode: 0o600 });
  return count;
}
