import type { Readable } from 'node:stream';
import { ArchiveDigest, type ArchiveEntry, readArchive } from './archive.ts';
import type { DecryptWith } from './encryption.ts';
import { damaged, foreign, truncated } from './errors.ts';
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
import { countRows, RowShape } from './row-shape.ts';

/** A manifest with all tables and columns of a large schema has a hundredth of this size. */
const SMALL_ENTRY_BYTES = 1024 * 1024;

/** A part of a table's rows in COPY's text format. It can begin and end within a row. */
export interface RowBytes {
  table: string;
  bytes: Uint8Array;
}

/** The first entries of a backup. */
export interface BackupHead {
  manifest: Manifest;
  /** The master keys; undefined if the backup does not hold them. */
  masterKeys: Buffer[] | undefined;
}

/** The entries of a complete and undamaged backup, except its rows. */
export interface BackupContents extends BackupHead {
  end: End;
}

/**
 * Reads a backup and yields its rows in the order of the file. Returns the other entries after it has checked
 * the file to its last byte. Throws `RestoreError`. Always destroys `input`.
 */
export async function* readBackup(
  input: Readable,
  decryptWith?: DecryptWith,
): AsyncGenerator<RowBytes, BackupContents> {
  const entries = readArchive(input, decryptWith);
  const digest = new ArchiveDigest();
  try {
    const { next, ...head } = await readHead(entries, digest);
    const entryOrder = new EntryOrder(head.manifest);
    const shapes = new Map(
      head.manifest.tables.map(({ name, columns }) => [name, new RowShape(columns.length)]),
    );
    for (let entry = next; ; entry = await nextEntry(entries)) {
      if (entry.name === END_NAME) {
        const sha256 = digest.hex();
        const end = parseEnd(await readSmall(entry));
        if (end.sha256 !== sha256 || !sameRows(end, shapes)) throw damaged();
        if (!(await entries.next()).done) throw damaged();
        return { ...head, end };
      }
      const table = entryOrder.advance(entry.name);
      const shape = shapes.get(table);
      digest.begin(entry.name, entry.size);
      for await (const bytes of entry.body) {
        digest.update(bytes);
        shape?.update(bytes);
        yield { table, bytes };
      }
      shape?.end();
    }
  } finally {
    await entries.return(undefined);
  }
}

/**
 * Checks a backup to its last byte: its structure, its digest, the number of rows of each table, and the shape of each
 * row. Needs no database. Throws `RestoreError`. Always destroys `input`.
 *
 * @param onProgress called with the number of rows that are checked so far, of all tables
 */
export async function verifyBackup(
  input: Readable,
  decryptWith?: DecryptWith,
  onProgress?: (rows: number) => void,
): Promise<BackupContents> {
  const parts = readBackup(input, decryptWith);
  let rows = 0;
  for (;;) {
    const part = await parts.next();
    if (part.done) return part.value;
    rows += countRows(part.value.bytes);
    onProgress?.(rows);
  }
}

/**
 * Reads the first entries of a backup. It neither reads nor checks the rest. Throws `RestoreError`. Always
 * destroys `input`.
 */
export async function readBackupHead(input: Readable, decryptWith?: DecryptWith): Promise<BackupHead> {
  const entries = readArchive(input, decryptWith);
  try {
    const { manifest, masterKeys } = await readHead(entries, new ArchiveDigest());
    return { manifest, masterKeys };
  } finally {
    await entries.return(undefined);
  }
}

/** Returns also the entry that comes after the head. */
async function readHead(
  entries: AsyncGenerator<ArchiveEntry>,
  digest: ArchiveDigest,
): Promise<BackupHead & { next: ArchiveEntry }> {
  const first = await nextEntry(entries);
  if (first.name !== MANIFEST_NAME) throw foreign();
  const manifest = parseManifest(await readSmall(first, digest));
  const next = await nextEntry(entries);
  if (next.name === MASTER_KEY_NAME) {
    const masterKeys = parseMasterKeys(await readSmall(next, digest));
    return { manifest, masterKeys, next: await nextEntry(entries) };
  }
  if (manifest.formatVersion === 1) throw damaged();
  return { manifest, masterKeys: undefined, next };
}

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

async function nextEntry(entries: AsyncGenerator<ArchiveEntry>): Promise<ArchiveEntry> {
  const next = await entries.next();
  if (next.done) throw truncated();
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

function parseMasterKeys(text: Buffer): Buffer[] {
  const keys = text
    .toString('latin1')
    .trim()
    .split('\n')
    .map((line) => Buffer.from(line, 'base64'));
  if (keys.some((key) => key.length === 0)) throw damaged();
  return keys;
}

function sameRows(end: End, shapes: Map<string, RowShape>): boolean {
  const names = Object.keys(end.rows);
  return names.length === shapes.size && names.every((name) => end.rows[name] === shapes.get(name)?.rows);
}
