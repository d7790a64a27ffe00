/** What a spreadsheet takes for the beginning of a formula, and the mark that stands before it. */
const GUARDED = /^[=+\-@\t\r']/;
const GUARD = /^'(?=[=+\-@\t\r'])/;

/** `text` as a CSV cell holds it: a text that a spreadsheet could take for a formula, or that begins with `'`, gets a `'` before it. */
export function guard(text: string): string {
  return GUARDED.test(text) ? `'${text}` : text;
}

/** The text that `guard` was given. A cell that no export wrote, such as `'90s`, stays as it is. */
export function unguard(cell: string): string {
  return cell.startsWith("'") ? cell.replace(GUARD, '') : cell;
}
