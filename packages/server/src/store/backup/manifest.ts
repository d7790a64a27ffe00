import Type from 'typebox';
import { Value } from 'typebox/value';
import { damaged, foreign, RestoreError } from './errors.ts';

export const FORMAT = 'rollcall-backup';
/** Files of version 1 always have the master key, and no check value of it. */
export const FORMAT_VERSION = 2;

export const MANIFEST_NAME = 'manifest.json';
export const MASTER_KEY_NAME = 'master.key';
export const END_NAME = 'end.json';

/** The first entry of a backup: the release and schema that it comes from, and its tables. */
export const Manifest = Type.Object({
  format: Type.Literal(FORMAT),
  formatVersion: Type.Union([Type.Literal(1), Type.Literal(FORMAT_VERSION)]),
  rollcallVersion: Type.String(),
  /** The `server_version` of the backup's PostgreSQL server. Only people read it. */
  postgresVersion: Type.String(),
  createdAt: Type.String(),
  /** The migrations that the database had, oldest first. */
  migrations: Type.Array(Type.String(), { minItems: 1 }),
  /**
   * Texts that were sealed with the master keys of the data, in base64. By them a restore recognises these keys. There
   * are two while a rotation of the master key is not finished: the current key and the former one.
   */
  masterKeyChecks: Type.Optional(Type.Array(Type.String())),
  /** In the order in which a restore loads them. Only deferrable foreign keys refer to a later table. */
  tables: Type.Array(
    Type.Object({ name: Type.String(), columns: Type.Array(Type.String(), { minItems: 1 }) }),
  ),
});
export type Manifest = Type.Static<typeof Manifest>;

/** The last entry of a backup. Without it the file is incomplete. */
export const End = Type.Object({
  /** The number of rows of each table in the manifest. */
  rows: Type.Record(Type.String(), Type.Integer({ minimum: 0 })),
  /** The `ArchiveDigest` of all entries before this one, in lowercase hexadecimal. */
  sha256: Type.String(),
});
export type End = Type.Static<typeof End>;

const AnyManifest = Type.Object({
  format: Type.Literal(FORMAT),
  formatVersion: Type.Integer(),
  rollcallVersion: Type.String(),
});

/** Parses a manifest. Throws `RestoreError` if it is another program's file, has a newer format, or is damaged. */
export function parseManifest(json: Buffer): Manifest {
  const value = parseJson(json);
  if (!Value.Check(AnyManifest, value)) throw foreign();
  if (value.formatVersion > FORMAT_VERSION) {
    throw new RestoreError(
      `This backup was made by a newer Rollcall (${value.rollcallVersion}); restore it with that release, or a newer one.`,
    );
  }
  if (!Value.Check(Manifest, value)) throw damaged();
  return value;
}

/** Parses the end entry. Throws `RestoreError`. */
export function parseEnd(json: Buffer): End {
  const value = parseJson(json);
  if (!Value.Check(End, value)) throw damaged();
  return value;
}

/** `data/<table>/<six digits or more>.copy`, numbered from 1 within its table. */
export function rowsEntryName(table: string, number: number): string {
  return `data/${table}/${String(number).padStart(6, '0')}.copy`;
}

function parseJson(json: Buffer): unknown {
  try {
    return JSON.parse(json.toString('utf8'));
  } catch (error) {
    throw damaged(error);
  }
}
