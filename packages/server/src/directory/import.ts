import type { Readable } from 'node:stream';
import type { Database, Tx } from '../store/db.ts';
import { inSavepoint } from '../store/savepoint.ts';
import type { DayAuthor } from '../workday/plan.ts';
import { type Atomically, storeBatch } from './batch.ts';
import { ImportError, readCsv } from './csv.ts';
import { type CsvHeader, type ImportItems, type ImportKind, readHeader, readItem } from './csv-templates.ts';
import { upsertDesks, upsertLocations, upsertSpaces } from './places.ts';
import { Claims, orRefused, type UpsertResult } from './upsert.ts';
import { upsertUsers } from './users.ts';

export { ImportError } from './csv.ts';
export type { ImportKind } from './csv-templates.ts';

const BATCH_ROWS = 1_000;

export interface ImportOptions<Kind extends ImportKind = ImportKind> {
  kind: Kind;
  /** The file's bytes. */
  input: Readable;
  database: Database;
  tenantId: string;
  /** One refused row and nothing at all is stored. */
  strict: boolean;
  /** Milliseconds since the epoch; says from which day on those who leave give up their bookings. */
  clock: () => number;
  /** Called after every batch. */
  onProgress?: (progress: ImportProgress) => void;
}

export interface ImportProgress {
  /** Rows judged so far, the header not counted. */
  rows: number;
  /** Bytes of the file read so far. */
  bytes: number;
}

export interface ImportReport {
  created: number;
  updated: number;
  unchanged: number;
  /** In the order of the file; `line` is where the row starts, from 1. */
  refused: { line: number; reason: string }[];
  /** Columns that are not known here, as the file's header calls them. */
  ignoredColumns: string[];
}

/**
 * Imports a CSV file (docs/import.md) into one organisation, in batches of 1,000 rows with a transaction each.
 * A row that is not acceptable is refused and stops no other. With `strict` everything is one transaction;
 * when a row is refused it stores nothing, and the report lists every refused row and counts no other.
 *
 * Throws `ImportError` where the file as a whole cannot be read: nothing was stored then, but for whole batches
 * before the fault, which the message mentions. Throws `StoreUnavailableError`, and what `input` throws, with
 * the same proviso. Importing the file again is always safe.
 *
 * Imports of one organisation wait for one another: `database` needs a statement timeout longer than that wait.
 */
export async function importCsv<Kind extends ImportKind>(
  options: ImportOptions<Kind>,
): Promise<ImportReport> {
  const { database, tenantId, strict } = options;
  if (!strict) {
    return new Importer(options, (work) => database.inTenant(tenantId, work)).run();
  }
  try {
    return await database.inTenant(tenantId, async (tx) => {
      const report = await new Importer(options, (work) => inSavepoint(tx, work)).run();
      if (report.refused.length > 0) throw new StrictlyRefused(report);
      return report;
    });
  } catch (error) {
    if (error instanceof StrictlyRefused) return { ...error.report, created: 0, updated: 0, unchanged: 0 };
    throw error;
  }
}

/** Rolls a strict import back. */
class StrictlyRefused extends Error {
  readonly report: ImportReport;

  constructor(report: ImportReport) {
    super('A row was refused.');
    this.report = report;
  }
}

type Upsert<Item> = (
  tx: Tx,
  tenantId: string,
  items: Item[],
  author: DayAuthor,
  claims: Claims,
) => Promise<UpsertResult[]>;

const UPSERT: { [Kind in ImportKind]: Upsert<ImportItems[Kind]> } = {
  locations: upsertLocations,
  desks: upsertDesks,
  spaces: upsertSpaces,
  users: upsertUsers,
};

/** Why days were changed, as the action log says it. */
const REASON: Record<ImportKind, string> = {
  locations: 'Import of locations',
  desks: 'Import of desks',
  spaces: 'Import of spaces',
  users: 'Import of people',
};

interface Row<Item> {
  line: number;
  item: Item;
}

class Importer<Kind extends ImportKind> {
  readonly #options: ImportOptions<Kind>;
  readonly #atomically: Atomically;
  readonly #claims = new Claims();
  readonly #report: ImportReport = { created: 0, updated: 0, unchanged: 0, refused: [], ignoredColumns: [] };
  #rows = 0;
  #bytes = 0;

  constructor(options: ImportOptions<Kind>, atomically: Atomically) {
    this.#options = options;
    this.#atomically = atomically;
  }

  async run(): Promise<ImportReport> {
    try {
      await this.#importAll();
    } catch (error) {
      const stored = this.#report.created + this.#report.updated;
      if (!(error instanceof ImportError) || this.#options.strict || stored === 0) throw error;
      throw new ImportError(
        `${error.message} ${stored} rows before it are stored; the mended file can be imported again.`,
      );
    }
    this.#report.refused.sort((a, b) => a.line - b.line);
    return this.#report;
  }

  async #importAll(): Promise<void> {
    let header: CsvHeader<Kind> | undefined;
    let batch: Row<ImportItems[Kind]>[] = [];
    for await (const { line, cells } of readCsv(this.#counted(this.#options.input))) {
      if (!header) {
        header = readHeader(this.#options.kind, cells);
        this.#report.ignoredColumns = header.ignored;
        continue;
      }
      this.#rows++;
      const known = header;
      const item = orRefused(() => readItem(known, cells, `line ${line}`));
      if ('refused' in item) this.#report.refused.push({ line, reason: item.refused });
      else batch.push({ line, item });
      if (batch.length < BATCH_ROWS) continue;
      await this.#write(batch);
      batch = [];
    }
    if (!header) throw new ImportError('The file is empty.');
    await this.#write(batch);
  }

  async #write(rows: Row<ImportItems[Kind]>[]): Promise<void> {
    const { kind, tenantId, clock } = this.#options;
    const upsert: Upsert<ImportItems[Kind]> = UPSERT[kind];
    const author: DayAuthor = {
      actor: { changedBy: 'admin', name: null, reason: REASON[kind] },
      at: new Date(clock()),
    };
    const results = await storeBatch(
      rows.map((row) => row.item),
      {
        atomically: this.#atomically,
        claims: this.#claims,
        upsert: (tx, items) => upsert(tx, tenantId, items, author, this.#claims),
        advice: 'import the file again',
      },
    );
    for (const [index, result] of results.entries()) {
      if ('refused' in result) {
        this.#report.refused.push({ line: rows[index]?.line ?? 0, reason: result.refused });
      } else {
        this.#report[result.result]++;
      }
    }
    this.#options.onProgress?.({ rows: this.#rows, bytes: this.#bytes });
  }

  async *#counted(input: Readable): AsyncGenerator<Buffer | string> {
    for await (const chunk of input) {
      this.#bytes += Buffer.byteLength(chunk);
      yield chunk;
    }
  }
}
