import type { Row } from './cells.ts';
import type { DatasetFile, DatasetPath } from './folder.ts';
import type { Outcome } from './target.ts';

const REASONS_SHOWN = 10;

/** The result of a dataset. Every row was stored, was already there, or was refused. */
export interface DatasetReport {
  dataset: DatasetPath;
  files: number;
  rows: number;
  stored: number;
  /** Rows that needed no write. For attendance this includes walk-ins, which follow from presence. */
  already: number;
  /** Rows that were stored or already there, but of which some part could not be kept. */
  adjusted: number;
  refused: number;
  /** The reasons of the first rows that were refused or adjusted. */
  reasons: { file: string; line: number; reason: string }[];
}

export interface FolderImportReport {
  datasets: DatasetReport[];
  /** Sentences about the parts that the folder lacks, and how the import made up for them. */
  remarks: string[];
  dryRun: boolean;
}

/** Rows of all datasets together. */
export interface FolderCounts {
  stored: number;
  refused: number;
}

export function countsOf({ datasets }: FolderImportReport): FolderCounts {
  return {
    stored: datasets.reduce((sum, { stored }) => sum + stored, 0),
    refused: datasets.reduce((sum, { refused }) => sum + refused, 0),
  };
}

/** A row that was refused, or of which some part could not be kept. */
export interface ReportedRow {
  dataset: DatasetPath;
  file: string;
  line: number;
  refused: boolean;
  reason: string;
  row: Row | string;
}

/** Counts the results of the rows of one dataset. Passes on each row that was refused or adjusted. */
export class DatasetCount {
  readonly report: DatasetReport;
  readonly #onReportedRow: (row: ReportedRow) => void;

  constructor(dataset: DatasetPath, files: number, onReportedRow: (row: ReportedRow) => void) {
    const counts = { rows: 0, stored: 0, already: 0, adjusted: 0, refused: 0 };
    this.report = { dataset, files, ...counts, reasons: [] };
    this.#onReportedRow = onReportedRow;
  }

  add({ name: file }: DatasetFile, line: number, row: Row | string, outcome: Outcome): void {
    const { report } = this;
    report.rows++;
    const refused = 'refused' in outcome;
    const reason = refused ? outcome.refused : outcome.remark;
    if (refused) report.refused++;
    else report[outcome.result]++;
    if (reason === undefined) return;
    if (!refused) report.adjusted++;
    if (report.reasons.length < REASONS_SHOWN) report.reasons.push({ file, line, reason });
    this.#onReportedRow({ dataset: report.dataset, file, line, refused, reason, row });
  }
}
