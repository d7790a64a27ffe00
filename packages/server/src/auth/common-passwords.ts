import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

/**
 * More than 10,000 passwords from public leaks, in lower case, one a line: the commonest ones that the server would
 * otherwise accept. Most are from the list of ten million by Mark Burnett (2015, public domain), some from zxcvbn-ts (MIT).
 * As in store/release.ts, the path holds for the bundle, too.
 */
const FILE = new URL('../../common-passwords.txt.gz', import.meta.url);

let passwords: ReadonlySet<string> | undefined;

/** Whether a password is among the commonest. `folded` is in lower case. */
export function isCommonPassword(folded: string): boolean {
  // Read late, because few servers need the list soon after their start.
  passwords ??= new Set(gunzipSync(readFileSync(FILE)).toString().trimEnd().split('\n'));
  return passwords.has(folded);
}
