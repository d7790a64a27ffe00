import { type Atomically, storeBatch } from '../directory/batch.ts';
import { Claims, orRefused, type Refused, type Stored, type UpsertItem } from '../directory/upsert.ts';
import { ItemRefusedError } from '../directory/values.ts';
import { readCsv } from '../files/csv-rows.ts';
import { FileError } from '../files/errors.ts';
import type { Database } from '../store/connections/db.ts';
import { RolledBack, resultIfRolledBack } from '../store/connections/rolled-back.ts';
import { inSavepoint } from '../store/connections/savepoint.ts';
import { type BookingEffects, readBookingEffects } from '../store/workday/booking-effects.ts';
import type { DayAuthor } from '../workday/plan.ts';
import { readHeader, readItem, type Value } from './columns.ts';
import type { CsvKind } from './kind.ts';
import { type ImportKind, kindNamed } from './kinds.ts';

export interface ImportOptions {
  kind: ImportKind;
  /** The file's text in UTF-8, without a byte order mark (`openText`). */
  input: AsyncIterable<Buffer | string>;
  database: Pick<Database, 'inTenant'>;
  tenantId: string;
  /** The name of the caller, for the action log. Absent: none. */
  callerName?: string;
  /** Whether one refused row means that nothing is stored. */
  strict: boolean;
  /** Whether everything is rolled back at the end. */
  dryRun: boolean;
  /** Why a row is refused before its kind judges it, as a clause. Absent: none is. */
  refuse?: (item: Readonly<Record<string, Value>>) => string | undefined;
  /** Milliseconds since the epoch. The import frees the bookings of deactivated users from this day on. */
  clock: () => number;
  /**
   * Called after every batch, with the number of rows so far, without the header, and with what became of them. With `strict` they
   * are not stored before the end. An error that it throws ends the import.
   */
  onProgress?: (rows: number, counts: ImportCounts) => void;
  /** When it is aborted, the import stores no further batch, and throws its reason. */
  signal?: AbortSignal;
}

/** What became of the rows of an import so far. */
export interface ImportCounts {
  /** Rows that the import created or changed. */
  stored: number;
  refused: number;
}

/** The result of a row that is not refused. */
export interface ImportedRow extends Stored {
  /** The line on which the row starts, from 1. */
  line: number;
  /** The name in the row; null if the row has only the id. */
  name: string | null;
}

export interface ImportReport {
  created: number;
  updated: number;
  unchanged: number;
  /** Rows that are not refused, in the order of the file. */
  rows: ImportedRow[];
  /** Refused rows, in the order of the file. */
  refused: { line: number; reason: string }[];
  /** Unknown columns, by their names in the header. */
  ignoredColumns: string[];
  /** What a dry run would do to bookings. Undefined otherwise. */
  effects?: BookingEffects;
}

/**
 * Imports a CSV file (docs/import.md) into one organisation. The kind sets the number of rows of a batch, and each
 * batch is one transaction. A refused row does not stop the other rows. With `strict` everything is one transaction: if
 * a row is refused, it stores nothing, and the report lists the refused rows only. A dry run is one transaction that is
 * always rolled back. The ids of what it would create have no meaning.
 *
 * Throws `FileError` if the file as a whole cannot be read. Whole batches before the fault may be stored, and the
 * message then says how many rows. Throws `StoreUnavailableError`, and any error of `input`. Batches before such an
 * error may be stored, too. Importing the file again is always safe.
 *
 * Imports of one organisation wait for each other. `database` needs a statement timeout longer than that wait.
 */
export async function importCsv(options: ImportOptions): Promise<ImportReport> {
  const { database, tenantId, strict, dryRun, clock } = options;
  if (!strict && !dryRun) {
    return new Importer(options, (work) => database.inTenant(tenantId, work)).run();
  }
  try {
    return await database.inTenant(tenantId, async (tx) => {
      const since = new Date(clock());
      const report = await new Importer(options, (work) => inSavepoint(tx, work)).run();
      if (strict && report.refused.length > 0) throw new RolledBack(nothingStored(report));
      if (dryRun) throw new RolledBack({ ...report, effects: await readBookingEffects(tx, tenantId, since) });
      return report;
    });
  } catch (error) {
    return resultIfRolledBack<ImportReport>(error);
  }
}

function nothingStored({ refused, ignoredColumns }: ImportReport): ImportReport {
  return { created: 0, updated: 0, unchanged: 0, rows: [], refused, ignoredColumns };
}

interface Row {
  line: number;
  item: UpsertItem;
}

class Importer {
  readonly #options: ImportOptions;
  readonly #kind: CsvKind<UpsertItem>;
  readonly #atomically: Atomically;
  readonly #claims = new Claims();
  readonly #report: ImportReport = {
    created: 0,
    updated: 0,
    unchanged: 0,
    rows: [],
    refused: [],
    ignoredColumns: [],
  };
  #rows = 0;

  constructor(options: ImportOptions, atomically: Atomically) {
    this.#options = options;
    this.#kind = kindNamed(options.kind);
    this.#atomically = atomically;
  }

  async run(): Promise<ImportReport> {
    const { strict, dryRun } = this.#options;
    try {
      await this.#importAll();
    } catch (error) {
      const stored = this.#report.created + this.#report.updated;
      if (!(error instanceof FileError) || strict || dryRun || stored === 0) throw error;
      throw new FileError(
        `${error.message} ${stored} rows before it are stored; correct the file and import it again.`,
      );
    }
    this.#report.refused.sort((a, b) => a.line - b.line);
    return this.#report;
  }

  async #importAll(): Promise<void> {
    const { kind, input, refuse } = this.#options;
    const file = await readCsv(input);
    if (!file.header) throw new FileError('The file is empty.');
    const header = readHeader(kind, this.#kind, file.header.cells);
    this.#report.ignoredColumns = header.ignored;
    let batch: Row[] = [];
    for await (const row of file.rows) {
      this.#rows++;
      const { line } = row;
      const item =
        'reason' in row
          ? { refused: row.reason }
          : orRefused((): UpsertItem => {
              const cells = readItem(header, row.cells);
              const reason = refuse?.(cells);
              if (reason !== undefined) throw new ItemRefusedError(reason);
              return { ...cells, origin: `line ${line}` };
            });
      if ('refused' in item) this.#report.refused.push({ line, reason: item.refused });
      else batch.push({ line, item });
      if (batch.length < this.#kind.batchRows) continue;
      await this.#write(batch);
      batch = [];
    }
    await this.#write(batch);
  }

  async #write(rows: Row[]): Promise<void> {
    const { tenantId, clock, callerName, signal } = this.#options;
    signal?.throwIfAborted();
    const author: DayAuthor = {
      actor: { changedBy: 'admin', name: callerName ?? null, reason: this.#kind.reason ?? null },
      at: new Date(clock()),
    };
    const results = await storeBatch(
      rows.map((row) => row.item),
      {
        atomically: this.#atomically,
        claims: this.#claims,
        upsert: (tx, items) => this.#kind.upsert(tx, tenantId, items, author, this.#claims),
        advice: 'import the file again',
      },
    );
    for (const [index, row] of rows.entries()) this.#count(row, results[index]);
    const { created, updated, refused } = this.#report;
    this.#options.onProgress?.(this.#rows, { stored: created + updated, refused: refused.length });
  }

  #count({ line, item }: Row, result: Stored | Refused | undefined): void {
    if (!result || 'refused' in result) {
      this.#report.refused.push({ line, reason: result?.refused ?? 'it was not stored' });
      return;
    }
    this.#report[result.result]++;
    this.#report.rows.push({ line, ...result, name: this.#kind.nameOf(item) ?? null });
  }
}
