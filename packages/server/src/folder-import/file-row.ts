import type { Row } from './cells.ts';
import type { DatasetFile } from './folder.ts';

/** A line or an element that is not a row, with the reason. */
export class UnreadableRow {
  readonly fault: string;
  readonly text: string;

  constructor(fault: string, text: string) {
    this.fault = fault;
    this.text = text;
  }
}

/** The part of a file's description that the readers of rows need. */
export type RowsFile = Pick<DatasetFile, 'type' | 'path' | 'name'>;

export interface FileRow {
  /** Line of the file, or number of the row, from 1. */
  line: number;
  row: Row | UnreadableRow;
}
