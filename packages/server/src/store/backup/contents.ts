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

/** A manifest with all tables and columns of a large schema has a hundredth of this size. */
const SMALL_ENTRY_BYTES = 1024 * 1024;

/** A part of a table's rows in COPY's text format. It can begin and end within a row. */
export interface RowBytes {
  table: string;
  bytes: Uint8Array;
}

/** The entries of a complete and undamaged backup, except its rows. */
export interface BackupContents {
  manifest: Manifest;
  masterKey: Buffer;
  end: End;
}

/**
 * Reads a backup and yields its rows in the order of the file. Returns the other entries after it has checked
 * the file to its last byte. Throws `RestoreError`. Always destroys `input`.
 */
export async function* readBackup(input: Readable): AsyncGenerator<RowBytes, BackupContents> {
  const entries = readArchive(input);
  const digest = new ArchiveDigest();
  try {
    const { manifest, masterKey } = await readHead(entries, digest);
    const entryOrder = new EntryOrder(manifest);
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
      const table = entryOrder.advance(entry.name);
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

/**
 * Reads the first entries of a backup. It neither reads nor checks the rest. Throws `RestoreError`. Always
 * destroys `input`.
 */
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

/** The number of rows that end in `bytes`. In COPY's text format, each newline ends a row. */
export function countRows(bytes: Uint8Array): number {
  let count = 0;
  for (let at = bytes.indexOf(NEWLINE); at !== -1; at = bytes.indexOf(NEWLINE, at + 1)) count++;
  return count;
}

export const NEWLINE = 0x0a;

/** Checks that the entries of rows have the manifest's order and are numbered without a gap. */
class EntryOrder {
  readonly #tables: string[];
  #number = 0;

  constructor(manifest: Manifest) {
    this.#tables = manifest.tables.map((table) => table.name);
  }

  /** The table of the next entry, `name`. Throws if this entry must not come next. */
  advance(name: string): string {
    const current = this.#tables[0];
    if (current !== undefined && this.#number > 0 && name === rowsEntryName(current, this.#number + 1)) {
      this.#number++;
      return current;
    }
    // The former table is complete. Tables without rows have no entries.
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
