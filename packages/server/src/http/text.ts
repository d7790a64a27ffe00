/** The longest text that the server stores, in code points. */
export const LONGEST_TEXT = 1_024;

/** Why PostgreSQL cannot store `text`, or the server does not; undefined if it is valid. */
export function textFault(text: string): string | undefined {
  if (text.includes('\0')) return 'contains a NUL';
  if (!text.isWellFormed()) return 'contains half a surrogate pair';
  if (text.length > LONGEST_TEXT && Array.from(text).length > LONGEST_TEXT) {
    return 'is longer than 1,024 characters';
  }
  return undefined;
}

/** A value for use in a reason: in quotes, at most 40 characters, with control characters escaped. */
export function quote(value: string): string {
  const characters = Array.from(value.slice(0, 82));
  return JSON.stringify(characters.length > 40 ? `${characters.slice(0, 40).join('')}…` : value);
}
