import { readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import {
  type CsvColumns,
  optional,
  readHeader,
  readItem,
  required,
  type Value,
} from '../../csv-import/columns.ts';
import { type ImportCounts, type ImportReport, importCsv } from '../../csv-import/import.ts';
import { ItemRefusedError, quote } from '../../directory/values.ts';
import { readCsv } from '../../files/csv-rows.ts';
import { FileError } from '../../files/errors.ts';
import { openText, type TextInput } from '../../files/text-input.ts';
import { isRatioOf, judgeImage, MOST_SENT_BYTES, type SafeImage, storeImage } from '../../floor/images.ts';
import { LEAST_RATIO, MOST_RATIO } from '../../floor/schemas.ts';
import { publishSheet, type Sheet } from '../../floor/sheets.ts';
import { HttpProblem } from '../../http/errors.ts';
import { inTenantWithRetries } from '../../store/connections/conflict.ts';
import type { Database, Tx } from '../../store/connections/db.ts';
import { lockDirectory } from '../../store/connections/directory-lock.ts';
import { inTenantRolledBack } from '../../store/connections/rolled-back.ts';
import { inSavepoint } from '../../store/connections/savepoint.ts';
import { type LevelName, listLevelsNamed } from '../../store/floor/plans.ts';
import { listLevelsWithDraft } from '../../store/floor/positions.ts';
import { unreadable } from '../errors.ts';
import { IMAGES_FOLDER, PLANS_FILE, type PlanColumn, POSITIONS_FILE } from './folder.ts';

/** What the import of a folder did, or would do. */
export interface FloorImport {
  plans: Pick<ImportReport, 'created' | 'updated' | 'unchanged' | 'refused' | 'ignoredColumns'>;
  positions: ImportReport;
}

/** Plans and places together that were stored and refused. */
export function floorCountsOf({ plans, positions }: FloorImport): ImportCounts {
  const stored = (of: FloorImport['plans']) => of.created + of.updated;
  return {
    stored: stored(plans) + stored(positions),
    refused: plans.refused.length + positions.refused.length,
  };
}

interface ImportOptions {
  database: Database;
  tenantId: string;
  folder: string;
  /** Whether everything is rolled back at the end. */
  dryRun: boolean;
  /** Milliseconds since the epoch. */
  clock: () => number;
  /**
   * Called after each plan and after each batch of places, with the number of plans and with the rows of both so far. An error that
   * it throws ends the import.
   */
  onProgress: (plans: number, counts: ImportCounts) => void;
}

interface PlanCells {
  locationName: string;
  levelName: string;
  image?: string;
  aspectRatio: number;
}

/** Who published these plans. */
const CALLER = 'rollcall floor-plans';

type Atomically = <T>(work: (tx: Tx) => Promise<T>) => Promise<T>;

const COLUMNS: CsvColumns<PlanColumn> = {
  columns: [
    required('locationName', 'The office of the level', ''),
    required('levelName', 'The name of the level', ''),
    optional('image', `A file in the folder ${IMAGES_FOLDER}; empty for a blank sheet`, ''),
    {
      ...required('aspectRatio', 'The width divided by the height; with an image, that of the image', ''),
      read: readRatio,
    },
  ],
  anyOf: [],
};

/**
 * Publishes the sheets of a folder that `exportFloorPlans` wrote, each in one transaction, and then places desks, rooms
 * and zones on them. A refused plan does not stop the others, and its places are refused with it. Places that the folder
 * does not name stay on the plans.
 * Throws `CliError` and `FileError` if a file of the folder cannot be read.
 */
export async function importFloorPlans(options: ImportOptions): Promise<FloorImport> {
  const { database, tenantId, dryRun } = options;
  if (!dryRun) {
    return new FolderImport(options, (work) => inTenantWithRetries(database, tenantId, work)).run();
  }
  return inTenantRolledBack(database, tenantId, (tx) =>
    new FolderImport(options, (work) => inSavepoint(tx, work)).run(),
  );
}

class FolderImport {
  readonly #options: ImportOptions;
  readonly #atomically: Atomically;
  readonly #plans: FloorImport['plans'] = {
    created: 0,
    updated: 0,
    unchanged: 0,
    refused: [],
    ignoredColumns: [],
  };
  /** The lines of the levels that have their plan now, by their ids. */
  readonly #lines = new Map<string, number>();
  /** The names of these levels. */
  readonly #published = new Set<string>();

  constructor(options: ImportOptions, atomically: Atomically) {
    this.#options = options;
    this.#atomically = atomically;
  }

  async run(): Promise<FloorImport> {
    const { folder, tenantId, clock } = this.#options;
    const { stream: positions } = await openFile(join(folder, POSITIONS_FILE));
    const file = await readCsv((await openFile(join(folder, PLANS_FILE))).stream);
    if (!file.header) throw new FileError(`The file ${PLANS_FILE} is empty.`);
    const header = readHeader('floor plan', COLUMNS, file.header.cells);
    this.#plans.ignoredColumns = header.ignored;
    let done = 0;
    for await (const row of file.rows) {
      const { line } = row;
      if ('reason' in row) this.#plans.refused.push({ line, reason: row.reason });
      else await this.#importPlan(line, () => readItem(header, row.cells) as unknown as PlanCells);
      this.#reportProgress(++done);
    }
    return {
      plans: this.#plans,
      positions: await importCsv({
        kind: 'floor-positions',
        input: positions,
        database: { inTenant: (_, work) => this.#atomically(work) },
        tenantId,
        callerName: CALLER,
        refuse: this.#refusePosition,
        strict: false,
        // A dry run rolls all of it back, with the plans.
        dryRun: false,
        clock,
        onProgress: (_, counts) => this.#reportProgress(done, counts),
      }),
    };
  }

  #reportProgress(plans: number, places: ImportCounts = { stored: 0, refused: 0 }): void {
    const { created, updated, refused } = this.#plans;
    this.#options.onProgress(plans, {
      stored: created + updated + places.stored,
      refused: refused.length + places.refused,
    });
  }

  /** Otherwise a level whose plan was refused would get a blank sheet, or places of another image. */
  #refusePosition = ({ levelName, locationName }: Partial<Record<string, Value>>): string | undefined => {
    if (levelName === undefined || locationName === undefined) return undefined;
    if (this.#published.has(keyOf(locationName, levelName))) return undefined;
    return `the plan of level ${quote(String(levelName))} of ${quote(String(locationName))} was not published`;
  };

  async #importPlan(line: number, read: () => PlanCells): Promise<void> {
    try {
      const cells = read();
      const image = cells.image === undefined ? undefined : await this.#readImage(cells.image);
      const { level, result } = await this.#atomically((tx) => this.#publish(tx, cells, image));
      this.#plans[result]++;
      this.#lines.set(level.levelId, line);
      this.#published.add(keyOf(level.locationName, level.levelName));
    } catch (error) {
      if (!(error instanceof ItemRefusedError) && !(error instanceof HttpProblem)) throw error;
      this.#plans.refused.push({ line, reason: error.message });
    }
  }

  /** The image is judged like one that is sent: somebody may have changed the file. */
  async #readImage(name: string): Promise<SafeImage> {
    if (basename(name) !== name || name.includes('\\'))
      throw new ItemRefusedError(`image ${quote(name)} is no name of a file in the folder ${IMAGES_FOLDER}`);
    const path = join(this.#options.folder, IMAGES_FOLDER, name);
    const { size } = await stat(path).catch(unreadableImage(name));
    if (size > MOST_SENT_BYTES) throw new ItemRefusedError(`image ${quote(name)} has more than 5 MiB`);
    return judgeImage(await readFile(path).catch(unreadableImage(name)));
  }

  async #publish(tx: Tx, cells: PlanCells, image: SafeImage | undefined) {
    const { tenantId, clock } = this.#options;
    await lockDirectory(tx, tenantId);
    const level = await this.#findLevel(tx, cells);
    const { levelId, levelName } = level;
    const earlier = this.#lines.get(levelId);
    if (earlier !== undefined)
      throw new ItemRefusedError(`level ${quote(levelName)} was already given in line ${earlier}`);
    if ((await listLevelsWithDraft(tx, tenantId, [levelId])).length > 0)
      throw new ItemRefusedError(`publish or discard the draft of level ${quote(levelName)} first`);
    const at = new Date(clock());
    if (image) await storeImage(tx, tenantId, { levelId, image, at });
    const { aspectRatio } = cells;
    if (image && !isRatioOf(image, aspectRatio)) {
      const right = (image.width / image.height).toFixed(4);
      throw new ItemRefusedError(`aspectRatio ${aspectRatio} is not that of the image, ${right}`);
    }
    const sheet: Sheet = { levelId, imageId: image?.imageId ?? null, aspectRatio };
    return { level, result: await publishSheet(tx, tenantId, sheet, { name: CALLER, at }) };
  }

  /** Throws `ItemRefusedError` if no level in use has these names, or several have. */
  async #findLevel(tx: Tx, { locationName, levelName }: PlanCells): Promise<LevelName> {
    const [level, ...others] = await listLevelsNamed(tx, this.#options.tenantId, { locationName, levelName });
    if (level && others.length === 0) return level;
    throw new ItemRefusedError(
      `level ${quote(levelName)} of ${quote(locationName)} ${level ? 'is there several times' : 'is not known, or retired'}`,
    );
  }
}

function keyOf(locationName: Value, levelName: Value): string {
  return JSON.stringify([locationName, levelName]);
}

function unreadableImage(name: string): (error: NodeJS.ErrnoException) => never {
  return ({ code }) => {
    throw new ItemRefusedError(`image ${quote(name)} cannot be read (${code})`);
  };
}

function readRatio(cell: string, name: string): number {
  const ratio = Number(cell.replace(',', '.'));
  if (ratio >= LEAST_RATIO && ratio <= MOST_RATIO) return ratio;
  throw new ItemRefusedError(`${name} ${quote(cell)} is not a number from ${LEAST_RATIO} to ${MOST_RATIO}`);
}

async function openFile(path: string): Promise<TextInput> {
  return openText(path).catch(unreadable(path));
}
