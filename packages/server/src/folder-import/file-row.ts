import type { Row } from './cells.ts';
import type { DatasetFile } from './folder.ts';

/** What stands where a row should. */
export class UnreadableRow {
  readonly fault: string;
  readonly text: string;

  constructor(fault: string, text: string) {
    this.fault = fault;
    this.text = text;
  }
}

/** What is read of a file, whatever it has rows of. */
export type RowsFile = Pick<DatasetFile, 'type' | 'path' | 'name'>;

export interface FileRow {
  /** Line of the file, or number of the row, from 1. */
  line: number;
  row: Row | UnreadableRow;
}
