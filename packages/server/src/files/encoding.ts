import { isUtf8 } from 'node:buffer';
import { FileError } from './errors.ts';

export type Encoding = 'UTF-8' | 'UTF-16LE' | 'UTF-16BE' | 'Windows-1252';

/** The number of bytes that show whether a file is UTF-16. */
export const HEAD_BYTES = 512;

const MARKS: [Encoding, number[]][] = [
  ['UTF-8', [0xef, 0xbb, 0xbf]],
  ['UTF-16LE', [0xff, 0xfe]],
  ['UTF-16BE', [0xfe, 0xff]],
];

/** Files that are not text but are often given as text: the kind, the remedy and the first bytes. */
const NO_TEXT: [what: string, remedy: string, bytes: number[]][] = [
  ['an Excel workbook or a ZIP file', 'Save it as CSV UTF-8.', [0x50, 0x4b, 0x03, 0x04]],
  ['an old Excel workbook', 'Save it as CSV UTF-8.', [0xd0, 0xcf, 0x11, 0xe0]],
  ['compressed by gzip', 'Decompress it, for example with "zcat FILE | rollcall … -".', [0x1f, 0x8b]],
  ['Parquet', 'Save it as CSV UTF-8.', [0x50, 0x41, 0x52, 0x31]],
  ['UTF-32', 'Save it as UTF-8.', [0xff, 0xfe, 0x00, 0x00]],
  ['UTF-32', 'Save it as UTF-8.', [0x00, 0x00, 0xfe, 0xff]],
];

/** Bytes that have no character in Windows-1252. */
const UNDEFINED_IN_1252 = new Set([0x81, 0x8d, 0x8f, 0x90, 0x9d]);

/**
 * The encoding that the first bytes of a file show, and the length of its byte order mark. Undefined for UTF-8 without
 * a mark and for Windows-1252: only the whole file distinguishes these. Throws `FileError` if the bytes are not text.
 */
export function encodingOfHead(head: Buffer): { encoding: Encoding; markBytes: number } | undefined {
  for (const [what, remedy, bytes] of NO_TEXT) {
    if (startsWith(head, bytes)) throw new FileError(`The file is ${what}, not text. ${remedy}`);
  }
  for (const [encoding, bytes] of MARKS) {
    if (startsWith(head, bytes)) return { encoding, markBytes: bytes.length };
  }
  const zeros = [0, 0];
  for (const [index, byte] of head.subarray(0, HEAD_BYTES).entries()) {
    if (byte === 0) zeros[index % 2] = (zeros[index % 2] ?? 0) + 1;
  }
  const [high = 0, low = 0] = zeros;
  const pairs = Math.min(head.length, HEAD_BYTES) / 2;
  // The names of columns are ASCII, and in UTF-16 every other byte of them is zero.
  if (low > pairs / 3 && high * 8 < low) return { encoding: 'UTF-16LE', markBytes: 0 };
  if (high > pairs / 3 && low * 8 < high) return { encoding: 'UTF-16BE', markBytes: 0 };
  return undefined;
}

function startsWith(bytes: Buffer, start: number[]): boolean {
  return bytes.length >= start.length && start.every((byte, index) => bytes[index] === byte);
}

/**
 * Distinguishes UTF-8 from Windows-1252 while it sees the bytes of a file. A file is Windows-1252 if it has bytes that
 * are not valid UTF-8, and no valid character of several bytes. A text with both is damaged.
 */
export class EncodingDetector {
  #line = 1;
  #endedInCr = false;
  #rest: Buffer = Buffer.alloc(0);
  #verdict: 'ASCII' | 'UTF-8' | 'Windows-1252';

  /** `isMarked`: the file has the byte order mark of UTF-8, so it is UTF-8. */
  constructor(isMarked: boolean) {
    this.#verdict = isMarked ? 'UTF-8' : 'ASCII';
  }

  get encoding(): Encoding {
    return this.#verdict === 'Windows-1252' ? this.#verdict : 'UTF-8';
  }

  /**
   * Checks a chunk and returns the checked bytes. An incomplete character at the end comes with the next chunk. Throws
   * `FileError` with the line.
   */
  add(chunk: Buffer): Buffer {
    const bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk;
    const whole = bytes.length - unfinishedAtEnd(bytes);
    const judged = bytes.subarray(0, whole);
    this.#judge(judged);
    this.#rest = Buffer.from(bytes.subarray(whole));
    return judged;
  }

  /** The bytes of an incomplete character at the end of the file. Throws `FileError`. */
  end(): Buffer {
    // An incomplete character at the end means an incomplete file, unless other bytes show Windows-1252.
    if (this.#rest.length > 0 && this.#verdict !== 'Windows-1252') throw this.#damaged();
    return this.#rest;
  }

  #judge(bytes: Buffer): void {
    const isValid = isUtf8(bytes);
    for (let at = 0; at < bytes.length; ) {
      const byte = bytes[at] ?? 0;
      if (byte < 0x80) {
        this.#countLine(byte);
        at++;
        continue;
      }
      const length = isValid ? leadLength(byte) : validLength(bytes, at);
      if (length === 0) {
        if (this.#verdict === 'UTF-8' || UNDEFINED_IN_1252.has(byte)) throw this.#damaged();
        this.#verdict = 'Windows-1252';
      } else {
        if (this.#verdict === 'Windows-1252') throw this.#damaged();
        this.#verdict = 'UTF-8';
      }
      this.#endedInCr = false;
      at += Math.max(1, length);
    }
  }

  #countLine(byte: number): void {
    if (byte === 0x0d || (byte === 0x0a && !this.#endedInCr)) this.#line++;
    this.#endedInCr = byte === 0x0d;
  }

  #damaged(): FileError {
    return new FileError(
      `Line ${this.#line} is not valid UTF-8. Save the file as UTF-8 (CSV UTF-8 in Excel).`,
    );
  }
}

/** The length of a character that begins with this byte. */
function leadLength(byte: number): number {
  if (byte >= 0xf0) return 4;
  return byte >= 0xe0 ? 3 : 2;
}

/** The length of the UTF-8 character at `at`; 0 if there is none. */
function validLength(bytes: Buffer, at: number): number {
  const byte = bytes[at] ?? 0;
  if (byte < 0xc2 || byte > 0xf4) return 0;
  const length = leadLength(byte);
  return at + length <= bytes.length && isUtf8(bytes.subarray(at, at + length)) ? length : 0;
}

/** The number of bytes at the end that may be the beginning of a character. */
function unfinishedAtEnd(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) return 0;
    if (byte >= 0xc2 && byte <= 0xf4) return back < leadLength(byte) ? back : 0;
  }
  return 0;
}
