import { ConflictError } from '@rollcall/sdk';

/** A row of which a form shows some members. */
export type Row = Readonly<Record<string, unknown>>;

/** The text of a value in a field. Parts of a list stand between commas. */
export function textOf(row: Row, member: string): string {
  const value = row[member];
  if (Array.isArray(value)) return value.join(', ');
  return value === null || value === undefined ? '' : String(value);
}

/** Whether a change failed because somebody else has changed the row meanwhile. */
export function isOutdated(error: unknown): boolean {
  return error instanceof ConflictError && error.status === 412;
}
