/** The beginnings that a spreadsheet takes for a formula, and the guard itself, `'`. */
const GUARDED = /^[=+\-@\t\r']/;
const GUARD = /^'(?=[=+\-@\t\r'])/;

/**
 * The text of a CSV cell. `guard` puts a `'` before a text that a spreadsheet could take for a formula, or that begins
 * with `'`.
 */
export function guard(text: string): string {
  return GUARDED.test(text) ? `'${text}` : text;
}

/** The text that `guard` was given. A cell that no export wrote, such as `'90s`, stays as it is. */
export function unguard(cell: string): string {
  return cell.startsWith("'") ? cell.replace(GUARD, '') : cell;
}
