import type { Readable } from 'node:stream';
import { ArchiveDigest, type ArchiveEntry, damaged, foreign, readArchive, truncated } from './archive.ts';
import {
  END_NAME,
  type End,
  MANIFEST_NAME,
  MASTER_KEY_NAME,
  type Manifest,
  parseEnd,
  parseManifest,
  rowsEntryName,
} from './manifest.ts';

/** A manifest with every table and column of a large schema is a hundredth of this. */
const SMALL_ENTRY_BYTES = 1024 * 1024;

/** A piece of a table's rows in COPY's text format; it may begin and end within a row. */
export interface RowBytes {
  table: string;
  bytes: Uint8Array;
}

/** What a whole and undamaged backup says of itself. */
export interface BackupContents {
  manifest: Manifest;
  masterKey: Buffer;
  end: End;
}

/**
 * Reads a backup: yields its rows in the order of the file, and returns the rest once everything, to the last
 * byte, is as it was written. Throws `RestoreError`. Destroys `input` in every case.
 */
export async function* readBackup(input: Readable): AsyncGenerator<RowBytes, BackupContents> {
  const entries = readArchive(input);
  const digest = new ArchiveDigest();
  try {
    const { manifest, masterKey } = await readHead(entries, digest);
    const place = new EntryOrder(manifest);
    const rows = new Map(manifest.tables.map((table) => [table.name, 0]));
    for (;;) {
      const entry = await nextEntry(entries);
      if (entry.name === END_NAME) {
        const sha256 = digest.hex();
        const end = parseEnd(await readSmall(entry));
        if (end.sha256 !== sha256 || !sameRows(end, rows)) throw damaged();
        if (!(await entries.next()).done) throw damaged();
        return { manifest, masterKey, end };
      }
      const table = place.advance(entry.name);
      digest.begin(entry.name, entry.size);
      for await (const bytes of entry.body) {
        digest.update(bytes);
        rows.set(table, (rows.get(table) ?? 0) + countRows(bytes));
        yield { table, bytes };
      }
    }
  } finally {
    await entries.return(undefined);
  }
}

/** What a backup says at its beginning; the rest is neither read nor checked. Throws `RestoreError`. Destroys `input`. */
export async function readBackupHead(input: Readable): Promise<Omit<BackupContents, 'end'>> {
  const entries = readArchive(input);
  try {
    return await readHead(entries, new ArchiveDigest());
  } finally {
    await entries.return(undefined);
  }
}

async function readHead(
  entries: AsyncGenerator<ArchiveEntry>,
  digest: ArchiveDigest,
): Promise<Omit<BackupContents, 'end'>> {
  const manifest = parseManifest(await readSmall(await nextEntry(entries, MANIFEST_NAME), digest));
  const masterKey = parseMasterKey(await readSmall(await nextEntry(entries, MASTER_KEY_NAME), digest));
  return { manifest, masterKey };
}

/** Rows that end in `bytes`: in COPY's text format a newline ends a row and is nowhere else. */
export function countRows(bytes: Uint8Array): number {
  let count = 0;
  for (let at = bytes.indexOf(NEWLINE); at !== -1; at = bytes.indexOf(NEWLINE, at + 1)) count++;
  return count;
}

export const NEWLINE = 0x0a;

/** Keeps the entries of rows in the manifest's order, and numbered without a gap. */
class EntryOrder {
  readonly #tables: string[];
  #number = 0;

  constructor(manifest: Manifest) {
    this.#tables = manifest.tables.map((table) => table.name);
  }

  /** The table of the entry that comes next; throws where `name` is none that may. */
  advance(name: string): string {
    const current = this.#tables[0];
    if (current !== undefined && this.#number > 0 && name === rowsEntryName(current, this.#number + 1)) {
      this.#number++;
      return current;
    }
    // The table before is complete, and tables without rows have no entries.
    if (this.#number > 0) this.#tables.shift();
    for (let table = this.#tables[0]; table !== undefined; table = this.#tables[0]) {
      if (name === rowsEntryName(table, 1)) {
        this.#number = 1;
        return table;
      }
      this.#tables.shift();
    }
    throw damaged();
  }
}

async function nextEntry(entries: AsyncGenerator<ArchiveEntry>, name?: string): Promise<ArchiveEntry> {
  const next = await entries.next();
  if (next.done) throw truncated();
  if (name !== undefined && next.value.name !== name) {
    throw foreign();
  }
  return next.value;
}

async function readSmall(entry: ArchiveEntry, digest?: ArchiveDigest): Promise<Buffer> {
  if (entry.size > SMALL_ENTRY_BYTES) throw damaged();
  digest?.begin(entry.name, entry.size);
  const pieces: Uint8Array[] = [];
  for await (const piece of entry.body) {
    digest?.update(piece);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

function parseMasterKey(text: Buffer): Buffer {
  const key = Buffer.from(text.toString('latin1'), 'base64');
  if (key.length === 0) throw damaged();
  return key;
}

function sameRows(end: End, rows: Map<string, number>): boolean {
  const names = Object.keys(end.rows);
  return names.length === rows.size && names.every((name) => end.rows[name] === rows.get(name));
}
