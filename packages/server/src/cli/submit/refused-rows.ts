import { existsSync } from 'node:fs';
import { type FileHandle, open, rm, truncate } from 'node:fs/promises';
import { formatCsv } from '../../files/csv-text.ts';
import { CliError, unwritable } from '../errors.ts';
import type { SubmitFile, SubmitRow } from './rows.ts';

/** The column or member with the reason of a refused row. The command ignores it when it sends the row again. */
const REASON = 'rejectedReason';

/** The refused rows, in a file like their source, for correction and another submission. */
export class RefusedRowFile {
  readonly path: string;
  count: number;
  #bytes: number;
  #file: FileHandle | undefined;

  private constructor(path: string, count: number, bytes: number) {
    this.path = path;
    this.count = count;
    this.#bytes = bytes;
  }

  /** Continues the file from the length in `after`, or begins a new one. Throws `CliError` if a file exists already. */
  static async open(path: string, after?: { count: number; bytes: number }): Promise<RefusedRowFile> {
    if (!after && existsSync(path))
      throw new CliError(
        `The file ${path} exists already, with earlier refused rows. Submit or remove it, or name another file with --refused.`,
      );
    const refused = new RefusedRowFile(path, after?.count ?? 0, after?.bytes ?? 0);
    if (after) await refused.#cut().catch(unwritable(path));
    return refused;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Appends rows. They are on the disk when it returns. */
  async add(file: SubmitFile, rows: { row: SubmitRow; reason: string }[]): Promise<void> {
    if (rows.length === 0) return;
    const header = file.format === 'csv' && this.#bytes === 0 ? formatCsv([[...headerOf(file), REASON]]) : '';
    const text = header + rows.map((each) => format(file, each)).join('');
    try {
      this.#file ??= await open(this.path, 'w', 0o600);
      // Unlike `write`, it writes everything or fails. It begins at the end of the last write.
      await this.#file.writeFile(text);
      await this.#file.datasync();
    } catch (error) {
      await this.#cut().catch(() => undefined);
      unwritable(this.path)(error);
    }
    this.#bytes += Buffer.byteLength(text);
    this.count += rows.length;
  }

  /** Removes rows after the counted ones, because the command will send them again. */
  async #cut(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
    if (this.#bytes === 0) return rm(this.path, { force: true });
    await truncate(this.path, this.#bytes);
    this.#file = await open(this.path, 'a');
  }

  async close(): Promise<void> {
    await this.#file?.close();
  }
}

/** The columns of the file, without the reasons of an earlier run. */
function headerOf({ header }: SubmitFile): string[] {
  return header.filter((name) => name !== REASON);
}

function format(file: SubmitFile, { row, reason: why }: { row: SubmitRow; reason: string }): string {
  const { line, original } = row;
  const reason = `line ${line}: ${why}`;
  if (Array.isArray(original)) {
    const cells = original.filter((_, index) => file.header[index] !== REASON);
    return formatCsv([[...cells, reason]]);
  }
  const members = typeof original === 'string' ? { rejectedText: original } : original;
  return `${JSON.stringify({ ...members, [REASON]: reason })}\n`;
}
