/** A row as PostgreSQL writes it in JSON: bytes as hexadecimal after `\\x`, instants as text. */
export type JsonOf<Row> = {
  [Column in keyof Row]: Row[Column] extends Buffer | Date | null
    ? Row[Column] extends Buffer | Date
      ? string
      : string | null
    : Row[Column];
};

/** The instant in a text of such a row. */
export function instant(text: string | null): Date | null {
  return text === null ? null : new Date(text);
}
